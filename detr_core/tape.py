"""What a forward pass did, for whoever asks: `with Tape(detector) as tape: detector(batch)`.

Values are noted where they are born, under the module's own dotted name, which is also its parameters' prefix.
Without a running tape a note costs one look at a context variable. Attention asks `wanted` whether somebody looks
and only then computes its weights explicitly; the numbers are the same either way.
"""
from __future__ import annotations

from contextvars import ContextVar
from fnmatch import fnmatch

from torch import Tensor, nn

_running: ContextVar[Tape | None] = ContextVar("tape", default=None)


def note(module: nn.Module, **values: Tensor) -> None:
    """Keep `values` under `module`'s own path. Does nothing unless a tape is running."""
    if (tape := _running.get()) is not None:
        tape.add(module, values)


def wanted(module: nn.Module, key: str) -> bool:
    """Whether a running tape keeps `key` of this module."""
    tape = _running.get()
    return tape is not None and tape.keeps(tape.path(module, key))


class Tape:
    """Keeps the noted values whose path matches one of `keep` (shell patterns).

    `tape["decoder.layers.*.cross_attention.weights"]` is the list of all matching values in the order they were
    noted; `tape.entries` is the whole record. `detach=False` keeps gradients, for losses that read internals.
    """

    def __init__(self, model: nn.Module, keep: tuple[str, ...] = ("*",), detach: bool = True):
        self._paths = {module: name for name, module in model.named_modules()}
        self._keep, self._detach = keep, detach
        self.entries: dict[str, list[Tensor]] = {}

    def __enter__(self) -> Tape:
        self._token = _running.set(self)
        return self

    def __exit__(self, *_) -> None:
        _running.reset(self._token)

    def path(self, module: nn.Module, key: str) -> str:
        return f"{self._paths.get(module, type(module).__name__)}.{key}"

    def keeps(self, path: str) -> bool:
        return any(fnmatch(path, pattern) for pattern in self._keep)

    def add(self, module: nn.Module, values: dict[str, Tensor]) -> None:
        for key, value in values.items():
            path = self.path(module, key)
            if self.keeps(path):
                self.entries.setdefault(path, []).append(value.detach() if self._detach else value)

    def __getitem__(self, pattern: str) -> list[Tensor]:
        found = [value for path, values in self.entries.items() if fnmatch(path, pattern) for value in values]
        if not found:
            raise KeyError(f"Nothing on the tape matches {pattern!r}; it holds {sorted(self.entries)}.")
        return found

    def get(self, pattern: str) -> list[Tensor]:
        """As indexing, but an empty list where nothing matches."""
        return [value for path, values in self.entries.items() if fnmatch(path, pattern) for value in values]
