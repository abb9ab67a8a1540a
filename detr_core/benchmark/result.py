"""What the convergence benchmark writes: one JSON with every evaluation of every run, put together from the runs' folders.

It can be written at any moment, also while runs are going on and after more variants have come: it holds what the
folders hold.
"""
from __future__ import annotations

import math
import os
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch

from .. import api
from ..counts import count
from ..recipe import SIZES
from ..registry import VARIANTS
from ..training.files import read_json, write_json
from ..training.optimise import Policy, parameter_groups
from ..training.run import Run, RunFolder
from .plan import Entry, deviations, found, policy

FORMAT = 1
PACES = "pace.json"                               # in a benchmark's folder: seconds a picture, timed in turns
KEPT = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100", "loose")


def machine() -> dict[str, Any]:
    """What the numbers were measured on; how many of its cores PyTorch used is told apart."""
    return {"processor": processor(), "cores": os.cpu_count(), "device": torch.cuda.get_device_name() if torch.cuda.is_available()
            else "cpu", "torch": torch.__version__, "python": platform.python_version()}


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@cache
def described(variant: str) -> dict[str, Any]:
    """A variant as the table needs it: origin, sizes, what its training does differently."""
    entry, torch_state = VARIANTS[variant], torch.get_rng_state()
    detector = api.build(variant, "tiny")
    torch.set_rng_state(torch_state)
    lineage = [variant]
    while (parent := VARIANTS[lineage[0]].parent) is not None:
        lineage.insert(0, parent)
    slow = sum(p.numel() for g in parameter_groups(detector, Policy()) for n, p in zip(g["names"], g["params"])
               if Policy().share(n) == Policy().slow_rate)
    return {"title": entry.paper.title, "year": entry.paper.year, "idea": entry.idea, "parent": entry.parent, "lineage": lineage,
            "borrows": list(entry.borrows), "recipe": {name: getattr(entry.tiny, name) for name in SIZES},
            "counts": count(detector).as_dict(), "slow_parameters": slow, "deviations": deviations(variant)}


def _losses(lines: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Means of a stretch of training: the weighted total and the unweighted terms of the matched queries' last decoder layer."""
    sums: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        sums["total"].append(line["loss"])
        layers = [int(name.split(".")[1]) for name in line["terms"] if name.split(".")[1].isdigit()]
        for name, value in line["terms"].items():
            term, layer, group = name.split(".")[:3]
            if layer == str(max(layers, default=0)):
                sums[f"{term}.{group}"].append(value)
    return {name: float(f"{sum(values) / len(values):.5g}") for name, values in sums.items() if math.isfinite(sum(values))}


def evaluations(folder: RunFolder) -> list[dict[str, Any]]:
    """One object an evaluation: pictures, seconds, AP and its kin, losses since the evaluation before, memory, and `matching`: the
    share of objects that changed their query since then, and DN-DETR's measure of the same."""
    points, stretch, lines = [], [], folder.lines()
    moved = {line["step"]: {name: line[name] for name in ("instability", "IS")} for line in lines if line["kind"] == "matching"}
    for line in lines:
        if line["kind"] == "train":
            stretch.append(line)
        elif line["kind"] == "evaluation":
            point = {"images": line["images"], "seconds": line.get("trained"), **{name: _rounded(line[name]) for name in KEPT},
                     "losses": _losses(stretch), "matching": _rounded(moved.get(line["step"])), "memory": line.get("memory"),
                     "pictures": line["pictures"], "evaluation_seconds": line["seconds"]}
            points.append(point)
            stretch = []
    return points


def classes_of(folder: RunFolder) -> dict[str, float]:
    """{class: AP} of a run's last evaluation."""
    return _rounded(next((line["classes"] for line in reversed(folder.lines()) if line["kind"] == "evaluation"), {}))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(number) for name, number in value.items()}
    return None if value is None else round(value, 5)


def row(run: Run, folder: RunFolder, budget: str) -> dict[str, Any]:
    """One run of the table; `weights`: where its own lie, None where they are the bundled ones."""
    status = folder.status()
    return {"variant": run.variant, "data": run.data, "seed": run.seed, "budget": budget, "state": status.get("state", ""),
            "images": status.get("images", 0), "planned": run.images, "seconds": status.get("seconds", 0.0), "weights": None,
            "start": run.weights or "", "command": run.command(), "classes": classes_of(folder), "evaluations": evaluations(folder)}


def _row(entry: Entry) -> dict[str, Any]:
    weights = entry.weights.relative_to(entry.out).as_posix() if entry.weights.exists() else None
    return {**row(entry.folder.run(), entry.folder, entry.budget), "weights": weights}


def _paced(row: dict[str, Any], paces: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Replace the seconds of a run, where it tells any, by its pictures times the pace that was timed in turns with all others."""
    pace = paces.get(row["data"], {}).get(row["variant"])
    for point in [row, *row["evaluations"]] if pace and row["seconds"] is not None else ():
        point["seconds"] = round(pace * point["images"], 1)
    return row


def collect(out: Path, command: str = "", seconds: float = 0.0, further: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Everything that a benchmark's folder holds, and `further` rows that lie elsewhere."""
    timing = read_json(out / PACES, {})
    paces = timing.pop("paces", {})
    rows = [_paced(row, paces) for row in [*map(_row, found(out)), *further]]
    return {"format": FORMAT, "made": time.strftime("%Y-%m-%d"), "command": command, "machine": machine(), "policy": policy(),
            "seconds_budget": seconds, "variants": {name: described(name) for name in dict.fromkeys(row["variant"] for row in rows)},
            "timing": timing or None, "runs": rows}


class Writer:
    """Keeps the JSON up to date while runs go on: writes it at every evaluation and at every end."""

    def __init__(self, collected: Callable[[], dict[str, Any]], path: Path):
        self.collected, self.path = collected, path

    def write(self) -> None:
        write_json(self.path, self.collected(), indent=None)

    def on_evaluation(self, trainer: Any, results: dict[str, Any]) -> None:
        if trainer.accelerator.is_main_process:
            self.write()
