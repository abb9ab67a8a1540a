"""Training under one budget, run after run, going on where it stopped."""
from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..training.bundle import COMMON
from ..training.files import read_json, replacing, write_json
from ..training.run import Run, RunFolder
from ..training.session import train
from .plan import Entry, found
from .result import PACES

PACE_STEPS, PACE_SKIPPED = 60, 20                   # the first steps compile and fill caches

Train = Callable[[Run, RunFolder, bool, tuple[Any, ...]], str]


class OtherBudget(ValueError):
    """The folder holds runs of another plan."""


class Pace:
    """Seconds a picture, of the steps after the first ones."""

    def __init__(self) -> None:
        self.marks: list[tuple[int, float]] = []

    def on_step(self, trainer: Any, **_: Any) -> None:
        if trainer.step >= PACE_SKIPPED:
            self.marks.append((trainer.images, trainer.seconds))
        if trainer.step >= PACE_STEPS:
            trainer.stopping = "enough was timed"

    @property
    def seconds(self) -> float:
        (first, then), (last, now) = self.marks[0], self.marks[-1]
        return (now - then) / max(1, last - first)


def pace(entry: Entry, progress: Any) -> float:
    """Seconds a picture of this variant on this machine: as timed in turns with all others, else of its run with a budget in pictures,
    else of a short trial."""
    timed = read_json(entry.out / PACES, {}).get("paces", {}).get(entry.data, {}).get(entry.variant)
    if timed:
        return timed
    other = Entry(entry.variant, entry.data, entry.seed, "images", entry.out)
    if other.finished:
        status = other.folder.status()
        return status["seconds"] / status["images"]
    return trial(entry, progress)


def trial(entry: Entry, progress: Any) -> float:
    """Seconds a picture in a few steps of training that are thrown away."""
    folder, listener = RunFolder(entry.out / "trials" / entry.data / entry.variant), Pace()
    run = replace(entry.run((PACE_STEPS + 1) * COMMON.batch), evaluations=1)       # it ends one step before that
    folder.clear()
    folder.create(run)
    train(run, folder, False, progress, (listener,))
    return listener.seconds


def time_all(out: Path, rounds: int, progress: Any) -> None:
    """Time every detector that has a run in `out`, in turns, and keep each one's quickest trial.

    The runs themselves were made at different hours, some beside other work: seconds that are compared come from here.
    """
    entries = {(entry.data, entry.variant): entry for entry in found(out)}
    paces: dict[str, dict[str, float]] = {data: {} for data, _ in entries}
    for _ in range(rounds):
        for (data, variant), entry in entries.items():
            paces[data][variant] = round(min(paces[data].get(variant, math.inf), trial(entry, progress)), 6)
    write_json(out / PACES, {"made": time.strftime("%Y-%m-%d"), "rounds": rounds, "threads": torch.get_num_threads(), "paces": paces})


def prepared(entry: Entry, images: int, seconds: float, progress: Any) -> Run:
    """The run of an entry: the folder's own where it has begun, else a new one of the asked budget."""
    folder = entry.folder
    if (folder.path / "run.json").exists():
        run = folder.run()
        if entry.budget == "images" and run != entry.run(images):
            raise OtherBudget(f"{folder.path} was begun with another plan ({run.images:,} pictures): give that --budget or another --out.")
        if folder.checkpoint.exists():
            return run
        folder.clear()                              # it died before its first checkpoint
    else:
        run = entry.run(images if entry.budget == "images" else max(8, int(seconds / pace(entry, progress))))
    folder.create(run)
    return run


def run_entry(entry: Entry, run: Run, progress: Any, listeners: tuple[Any, ...]) -> str:
    """Train an entry to its end, or on to it; keeps its last weights. Returns the state it ended in."""
    state = train(run, entry.folder, entry.folder.checkpoint.exists(), progress, listeners)
    if state == "finished":
        entry.weights.parent.mkdir(parents=True, exist_ok=True)
        with replacing(entry.weights) as unfinished:
            shutil.copyfile(entry.folder.last, unfinished)
    return state


def publish(result: Path, target: Path) -> None:
    """Put a table where the app looks for it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as unfinished:
        shutil.copyfile(result, unfinished)
