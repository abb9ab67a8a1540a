"""One budget for all: what the convergence benchmark trains, on what, for how long.

Every variant's tiny size starts from random numbers and sees the same pictures in the same order, cut and coloured in
the same way, through the same frozen backbone, under the same optimizer. The budget is a number of pictures or a
number of seconds. A time budget becomes a number of pictures at the variant's own measured pace, so that the learning
rate falls to zero in time and a run that was interrupted goes on exactly.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..registry import VARIANTS
from ..training.bundle import COMMON, PLANS
from ..training.optimise import Policy
from ..training.run import Run, RunFolder

BUDGETS = ("images", "seconds")
VIEW_SEED = COMMON.seed                             # one cache of features serves all seeds and the bundled weights
TRAINING_FIELDS = ("objective", "schemes", "queries", "extra_queries", "levels", "dropout", "refinement", "query_init", "shared_heads")
"""Fields of a recipe that change what is learned or how hard it is, beside the architecture itself."""


@dataclass(frozen=True)
class Entry:
    """One run of the table. `budget` says what was given out equally: "images" or "seconds"."""

    variant: str
    data: str
    seed: int
    budget: str
    out: Path

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.out / "runs" / self.budget / self.data / self.variant / f"seed-{self.seed}")

    @property
    def weights(self) -> Path:
        return self.out / "weights" / self.budget / self.data / f"{self.variant}-seed-{self.seed}.safetensors"

    @property
    def finished(self) -> bool:
        return self.folder.status().get("state") == "finished"

    def run(self, images: int) -> Run:
        """The common plan for this variant: so many pictures, rounded up to whole steps."""
        steps = -(-images // COMMON.batch)
        plan = PLANS[self.data]
        return replace(COMMON, variant=self.variant, data=self.data, images=steps * COMMON.batch, views=plan.views, changes=plan.changes,
                       seed=self.seed, view_seed=VIEW_SEED, warmup=min(COMMON.warmup, steps // 10))


def entries(out: Path, budget: str, variants: Sequence[str] = (), data: Sequence[str] = ("scenes",), seeds: int = 1) -> list[Entry]:
    """Every run, whole tables first: all variants with the first seed, then the next one."""
    return [Entry(variant, name, seed, budget, out) for seed in range(1, seeds + 1) for name in data for variant in variants or VARIANTS]


def found(out: Path) -> list[Entry]:
    """The runs that a folder holds, in the order of the table."""
    order = {variant: number for number, variant in enumerate(VARIANTS)}
    paths = [path.parent.relative_to(out / "runs").parts for path in (out / "runs").glob("*/*/*/seed-*/run.json")]
    known = [Entry(variant, data, int(seed.removeprefix("seed-")), budget, out) for budget, data, variant, seed in paths
             if variant in order and budget in BUDGETS]
    return sorted(known, key=lambda e: (e.budget, e.data, e.seed, order[e.variant]))


def deviations(variant: str) -> dict[str, str]:
    """What of a variant's training differs from plain DETR's in this benchmark, field by field: the paper's idea, as data."""
    ours, plain = VARIANTS[variant].tiny, next(v for v in VARIANTS.values() if v.parent is None).tiny
    return {name: repr(getattr(ours, name)) for name in TRAINING_FIELDS if getattr(ours, name) != getattr(plain, name)}


def policy() -> dict[str, Any]:
    """What all runs share."""
    slow = Policy().slow
    names = ("size", "batch", "rate", "slow_rate", "weight_decay", "clip", "schedule", "ema", "precision", "evaluations")
    return {**{name: getattr(COMMON, name) for name in names}, "slow_parameters": slow, "optimizer": "AdamW", "start": "random numbers",
            "backbone": "tf_efficientnet_lite0, frozen, its features computed once and kept in half precision"}
