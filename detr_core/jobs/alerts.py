"""What went wrong with a job, by name, and the button that helps."""
from __future__ import annotations

import shutil
from pathlib import Path

from ..training.run import Run
from .job import Alert

LEAST_ROOM = 16 * 2**20


def alert_of(kind: str, sentence: str, run: Run, processes: int = 1) -> Alert:
    """For a run that failed and said why."""
    if kind == "memory" and run.batch % (2 * run.accumulate * processes) == 0:
        return Alert(kind, "The memory was not enough. Retry with half the batch at once: two halves are added up before each step, so "
                     "that the numbers stay the same.", "smaller")
    if kind == "memory":
        return Alert(kind, "The memory was not enough, and the batch cannot be halved again: clone the job with smaller pictures.", "clone")
    if kind == "diverged":
        return Alert(kind, f"{sentence.partition(':')[0]}. Clone the job with half the learning rate and a longer warm-up.", "slower",
                     {"rate": run.rate / 2, "warmup": max(200, 2 * run.warmup)})
    return Alert(kind, sentence, "resume" if kind == "disk" else "")


def why_gone(folder: Path) -> Alert:
    """For a run that went without a word."""
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        return Alert("disk", "The disk is full and the run ended without a word: the last checkpoint is whole, so make room and resume.",
                     "resume")
    return Alert("killed", "The process was ended from outside, by a restart of the machine, by a user, or because the machine ran out of "
                 "memory.", "resume")
