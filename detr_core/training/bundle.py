"""The weights that come with the project: which run makes each of them, and where it is kept.

Every variant learns `scenes` from random numbers and then `trees` from its own weights for `scenes`; cards say so.
"""
from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import safe_open

from ..backbones import ASSETS
from ..registry import VARIANTS
from .files import replacing
from .run import Run, RunFolder

DATA = ("scenes", "trees")

COMMON = Run("", "", size="tiny", batch=8, rate=4e-4, schedule="linear", warmup=200, ema=0.999, seed=1, evaluations=10)
PLANS = {"scenes": replace(COMMON, data="scenes", images=60_000, views=6_000),
         "trees": replace(COMMON, data="trees", images=24_000, views=3_000, weights="scenes")}

SLOWER = {"detr": 5.0, "deformable_detr": 1.5}
"""Detectors without proposals or box refinement need more pictures: factors on the budget."""


@dataclass(frozen=True)
class Task:
    """One weights file to be made."""

    run: Run
    folder: RunFolder
    target: Path

    @property
    def finished(self) -> bool:
        """Whether the bundled file is the one that this run makes."""
        return self.target.exists() and card_of(self.target).get("command") == self.run.command()

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return self.folder.checkpoint.exists()

    def publish(self) -> dict[str, Any]:
        """Copy the run's best weights among the assets; returns their card."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.target) as unfinished:
            shutil.copyfile(self.folder.best, unfinished)
        return card_of(self.target)


def card_of(path: Path) -> dict[str, Any]:
    """The card in a weights file of this project."""
    with safe_open(path, "pt") as file:
        return json.loads((file.metadata() or {}).get("card", "{}"))


def tasks(runs: Path, variants: tuple[str, ...] = (), data: tuple[str, ...] = DATA, share: float = 1.0) -> list[Task]:
    """All weights files in an order in which each can start from those before it; `share` scales the budgets."""
    wanted = []
    for name in data:
        for variant in variants or tuple(VARIANTS):
            plan = PLANS[name]
            images = round(plan.images * SLOWER.get(variant, 1.0) * share)
            run = replace(plan, variant=variant, images=max(plan.batch, images))
            wanted.append(Task(run, RunFolder(runs / name / variant), ASSETS / "weights" / name / f"{variant}.safetensors"))
    return wanted
