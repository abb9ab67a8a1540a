"""What happens in a training run, by name, for whoever listens.

The loop says `emit("step", losses=...)`; printing, metric files, checkpoints and sample pictures are listeners. A
listener that fails ends the run, because a run whose record is broken is worth nothing: none of them may be careless.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

NAMES = (
    "start",        # before the first step (again after a resume)
    "step",         # after every optimizer step: losses, count
    "epoch",        # whenever the whole data set has been seen once more: epoch
    "evaluation",   # after an evaluation: results
    "checkpoint",   # after a checkpoint is safely on the disk
    "end",          # state, reason
)


class Events:
    """Listeners by the name of the event; they are called in the order they were added."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[..., None]]] = {name: [] for name in NAMES}

    def on(self, name: str, listener: Callable[..., None]) -> Events:
        """Call `listener(trainer, **values)` at every event of that name."""
        if name not in self._listeners:
            raise ValueError(f"There is no event {name!r}: one of {', '.join(NAMES)}.")
        self._listeners[name].append(listener)
        return self

    def add(self, watcher: Any) -> Events:
        """Connect every method of `watcher` that is called `on_<event>`."""
        for name in NAMES:
            if (listener := getattr(watcher, f"on_{name}", None)) is not None:
                self.on(name, listener)
        return self

    def emit(self, name: str, trainer: Any, **values: Any) -> None:
        for listener in self._listeners[name]:
            listener(trainer, **values)
