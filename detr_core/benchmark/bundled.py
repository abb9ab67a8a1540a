"""The bundled weights' own runs as rows of the convergence table, so that nobody has to take their figures on trust."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from ..training.bundle import Task, tasks
from .result import evaluations, row

BUDGET = "bundled"


def rows(runs: Path) -> list[dict[str, Any]]:
    """One row a variant and data set whose runs `python -m detr_core weights --runs RUNS` has finished there.

    A round goes on where the one before ended: its pictures count from there. `start` names the weights that the first
    round began with, "" for random numbers. No seconds are told: rounds differ in their batches and were made beside other work.
    """
    rounds: dict[tuple[str, str], list[Task]] = {}
    for task in tasks(runs):
        rounds.setdefault((task.run.data, task.run.variant), []).append(task)
    return [joined(own) for own in rounds.values() if all(task.made for task in own)]


def joined(rounds: list[Task]) -> dict[str, Any]:
    """The rounds of one weights file as one row."""
    points: list[dict[str, Any]] = []
    for task in rounds:
        before = points[-1]["images"] if points else 0
        points += [{**point, "images": point["images"] + before, "seconds": None} for point in evaluations(task.folder)]
    first, last = rounds[0], rounds[-1]
    return {**row(first.run, last.folder, BUDGET), "images": points[-1]["images"], "planned": sum(task.run.images for task in rounds),
            "seconds": None, "command": "\n".join(task.run.command() for task in rounds), "evaluations": points}
