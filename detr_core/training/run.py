"""A training run is a folder, written by one process and read by any.

run.json        what was asked for: `Run`, whole; a folder and this file are enough to go on
status.json     where it stands: state, reason, step, time left; replaced atomically
metrics.jsonl   one JSON object a line, {"kind": "train" | "evaluation" | "matching", "step", ...}, only ever appended to
checkpoint.pt   everything needed to go on exactly; loads with `weights_only=True`
weights.safetensors, best.safetensors   the detector, last and best
samples/        predictions and matches of a few fixed pictures, one file an evaluation
matches.json    which query answered for which object at the last two evaluations, of all pictures that are followed
stop            when this file appears, the run ends after the current step, ready to be resumed
"""
from __future__ import annotations

import json
import shlex
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .files import read_json, replacing, write_json

STATES = ("preparing", "running", "stopping", "stopped", "failed", "interrupted", "finished")


@dataclass(frozen=True)
class Run:
    """What to train, on what, for how long. `batch` is pictures per optimizer step over all processes and all
    accumulated parts, so that the numbers do not depend on the hardware; `images` is the budget in pictures seen."""

    variant: str
    data: str
    size: str = "tiny"
    weights: str | None = None                      # a bundled name, a file, "variant:name" of a relative; None: random
    changes: dict[str, Any] = field(default_factory=dict)       # recipe fields that differ from the size's own
    images: int = 0                                 # 0: `epochs` says how long
    epochs: float = 12
    batch: int = 8
    accumulate: int = 1
    rate: float = 4e-4
    slow_rate: float = 0.1                          # share of the rate for projections that say where to look
    weight_decay: float = 1e-4
    clip: float = 0.1
    schedule: str = "linear"
    warmup: int = 100                               # steps
    ema: float = 0.0                                # decay of the weight average; 0: none
    precision: str = "no"                           # "no" (float32), "bf16" or "fp16"
    device: str = "auto"
    seed: int = 0
    workers: int = 0
    views: int = 0                                  # cached views of the training pictures; 0: as many as there are pictures
    view_seed: int = -1                             # of the augmentation alone, so that several seeds share cached views; -1: `seed`
    cache: bool = True                              # keep features of a frozen backbone on the disk
    evaluations: int = 10                           # over the whole run, the last one at its end
    patience: int = 0                               # evaluations without a better AP after which the run ends; 0: it never ends early
    checkpoint_seconds: float = 300.0
    trackers: tuple[str, ...] = ()                  # whatever Accelerate knows, for example "tensorboard"
    aids: tuple[str, ...] = ()                      # of `aids.AIDS`: what helps it to learn beside its paper

    def __post_init__(self) -> None:
        for name in ("trackers", "aids"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("batch", "accumulate"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if self.patience < 0:
            raise ValueError(f"patience must be 0 or more evaluations, got {self.patience}.")
        if self.images <= 0 and self.epochs <= 0:
            raise ValueError("A run needs a budget: give --images or --epochs.")
        if self.precision not in ("no", "bf16", "fp16"):
            raise ValueError(f"There is no precision {self.precision!r}: choose no, bf16 or fp16.")

    def budget(self, pictures: int) -> int:
        """Steps of this run over a data set of so many pictures."""
        images = self.images or round(self.epochs * pictures)
        return max(1, -(-images // self.batch))

    def command(self, out: str = "FOLDER") -> str:
        """The command line that asks for this run."""
        words = ["python", "-m", "detr_core", "train", "--variant", self.variant, "--data", self.data]
        for known in fields(self):
            value, name = getattr(self, known.name), known.name.replace("_", "-")
            if known.name in ("variant", "data", "changes", "trackers", "aids", "cache") or value in (known.default, None):
                continue
            words += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
        words += [word for pair in self.changes.items() for word in ("--set", "{}={}".format(*pair))]
        named = [(flag, name) for flag, names in (("--aid", self.aids), ("--track", self.trackers)) for name in names]
        words += [*(word for pair in named for word in pair), *([] if self.cache else ["--no-cache"])]
        if self.images:
            words = [w for i, w in enumerate(words) if "--epochs" not in words[max(0, i - 1):i + 1]]
        return shlex.join([*words, "--out", out])

    @classmethod
    def read(cls, values: dict[str, Any]) -> Run:
        """From what `asdict` wrote; unknown fields are refused by name."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"run.json has unknown fields {', '.join(sorted(unknown))}: it was written by another version.")
        return cls(**values)


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self.checkpoint, self.metrics, self.stop = (self.path / n for n in ("checkpoint.pt", "metrics.jsonl", "stop"))
        self.last, self.best, self.samples = (self.path / n for n in ("weights.safetensors", "best.safetensors", "samples"))

    def create(self, run: Run) -> RunFolder:
        """Make the folder for a new run; one that already holds a run is refused."""
        if (self.path / "run.json").exists():
            raise FileExistsError(f"{self.path} already holds a run: add --resume to go on with it or choose another --out.")
        self.samples.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "run.json", asdict(run))
        return self

    def clear(self) -> None:
        """Delete the run's own files."""
        for path in (*self.path.glob("*.json"), self.checkpoint, self.metrics, self.stop, self.last, self.best, *self.samples.glob("*")):
            path.unlink(missing_ok=True)

    def run(self) -> Run:
        """What this folder was asked to train."""
        values = read_json(self.path / "run.json")
        if values is None:
            raise FileNotFoundError(f"{self.path} holds no run (no run.json): start one without --resume.")
        return Run.read(values)

    def status(self) -> dict[str, Any]:
        """What status.json says; empty before the first word."""
        return read_json(self.path / "status.json", {})

    def set_status(self, state: str, reason: str = "", **values: Any) -> None:
        """Replace the status; fields that are not given keep their last value."""
        if state not in STATES:
            raise ValueError(f"There is no state {state!r}: one of {', '.join(STATES)}.")
        write_json(self.path / "status.json", {**self.status(), "state": state, "reason": reason, "time": time.time(), **values})

    def stop_requested(self) -> bool:
        return self.stop.exists()

    def append(self, kind: str, step: int, **values: Any) -> None:
        """Add one line of metrics."""
        line = json.dumps({"kind": kind, "step": step, "time": round(time.time(), 3), **values}, allow_nan=False)
        with open(self.metrics, "a") as file:
            file.write(line + "\n")

    def lines(self) -> list[dict[str, Any]]:
        """All metrics that hold; what was taken back and lines cut off by a crash are left out."""
        if not self.metrics.exists():
            return []
        found: list[dict[str, Any]] = []
        for text in self.metrics.read_bytes().splitlines():
            if (line := parsed(text)) is None:
                continue
            if line["kind"] == "rewind":
                found = [earlier for earlier in found if stands(earlier["kind"], earlier["step"], line)]
            else:
                found.append(line)
        return found

    def rewind(self, step: int, evaluated: int | None = None) -> None:
        """Take back what was said of steps after `step`, and of evaluations after `evaluated`: a resumed run says it again."""
        if not self.metrics.exists():
            return
        with open(self.metrics, "rb+") as file:
            if file.seek(0, 2) and (file.seek(-1, 2), file.read(1))[1] != b"\n":
                file.write(b"\n")                    # ends a line that a crash cut off
        self.append("rewind", step, evaluated=step if evaluated is None else evaluated)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint."""
        import torch  # here, because a server that only reads folders needs none of it

        with replacing(self.checkpoint) as unfinished:
            torch.save(state, unfinished)

    def load(self) -> dict[str, Any]:
        """The last checkpoint, on the CPU."""
        if not self.checkpoint.exists():
            raise FileNotFoundError(f"{self.path} has no checkpoint yet: start the run again without --resume.")
        import torch

        return torch.load(self.checkpoint, map_location="cpu", weights_only=True)


def parsed(text: bytes) -> dict[str, Any] | None:
    """One line of metrics; None for what a crash left of one."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and isinstance(line.get("kind"), str) and isinstance(line.get("step"), int) else None


def stands(kind: str, step: int, rewind: dict[str, Any]) -> bool:
    """Whether a line still holds after a rewind: training up to its step, all else up to its last evaluation."""
    return step <= (rewind["step"] if kind == "train" else rewind.get("evaluated", rewind["step"]))
