"""The weights that come with the project: which run makes each of them, and where it is kept.

Variants learn `scenes`, from random numbers or from a relative, and then `trees` from their own weights for `scenes`;
cards say which.
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

COMMON = Run("", "", size="tiny", batch=8, rate=6e-4, slow_rate=0.3, schedule="linear", warmup=200, ema=0.999, seed=1, evaluations=8)
PLANS = {"scenes": replace(COMMON, data="scenes", images=64_000, views=10_000),
         "trees": replace(COMMON, data="trees", images=8_000, views=1_000, weights="scenes", changes={"short": 512, "long": 512})}

CHANGES: dict[tuple[str, str], dict[str, Any]] = {
    ("scenes", "deformable_detr_refine"): {"weights": "deformable_detr_two_stage:scenes", "images": 24_000},
    ("scenes", "deformable_detr"): {"weights": "deformable_detr_refine:scenes", "images": 24_000},
    ("scenes", "dn_detr"): {"images": 40_000},
    ("scenes", "detr"): {"weights": "dn_detr:scenes", "images": 48_000},
    ("trees", "deformable_detr_refine"): {"images": 3_000},
    ("trees", "deformable_detr"): {"images": 3_000},
    ("trees", "detr"): {"images": 2_000},
}
"""What differs from the plan. Detectors that learn slowly start from a relative's weights, where they share parts; cards say so."""
ORDER = ("deformable_detr_two_stage", "deformable_detr_refine", "deformable_detr", "dn_detr", "detr")       # elders before their pupils


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
    names = sorted(variants or VARIANTS, key=lambda v: (v not in ORDER, ORDER.index(v) if v in ORDER else 0))
    wanted = []
    for name in data:
        for variant in names:
            run = replace(PLANS[name], variant=variant, **CHANGES.get((name, variant), {}))
            run = replace(run, images=max(run.batch, round(run.images * share)))
            wanted.append(Task(run, RunFolder(runs / name / variant), ASSETS / "weights" / name / f"{variant}.safetensors"))
    return wanted
