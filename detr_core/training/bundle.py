"""The weights that come with the project: which run makes each of them, and where it is kept.

Two teachers learn `scenes` from random numbers and all others there start from their teacher's weights; on `trees`,
which has 36 training pictures, every one starts from what it learned on `scenes`. Cards say which.
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
PLANS = {"scenes": replace(COMMON, data="scenes", images=10_000, views=10_000, evaluations=4),
         "trees": replace(COMMON, data="trees", weights="scenes", images=3_000, batch=4, rate=4e-4, views=1_000,
                          changes={"short": 512, "long": 512})}

BODY, DENSE = "deformable_detr_two_stage", "dn_detr"
CHANGES: dict[tuple[str, str], dict[str, Any]] = {
    ("scenes", BODY): {"images": 64_000, "evaluations": 8},
    ("scenes", DENSE): {"images": 40_000, "evaluations": 8},
    ("scenes", "deformable_detr"): {"weights": "deformable_detr_refine:scenes", "images": 24_000},
    ("scenes", "detr"): {"images": 80_000, "batch": 2, "rate": 4e-4, "evaluations": 8, "aids": ("tokens", "places")},
}
"""What differs from the plan."""
AGAIN = {"weights": "scenes", "images": 16_000, "rate": 3e-4}
# twice as many steps a picture
FINER = {"images": 24_000, "batch": 4, "rate": 4e-4}
LONG = {"images": 60_000, "batch": 4, "rate": 5e-4}
LATER: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("scenes", BODY): ({},),
    ("scenes", "deformable_detr"): ({"images": 12_000},),
    ("scenes", "dn_deformable_detr"): ({"rate": 4e-4}, FINER, FINER | {"view_seed": 1}),
    **{("scenes", name): ({},) for name in ("deformable_detr_refine", "dab_deformable_detr")},
    **{("scenes", name): ({}, FINER) for name in ("dino", "h_deformable_detr", "sparse_detr")},
    ("scenes", DENSE): (LONG, LONG, LONG | {"view_seed": 1}, LONG | {"images": 32_000},
                        LONG | {"images": 80_000, "views": 20_000}),
    **{("scenes", name): ({"images": 20_000, "batch": 4, "rate": 5e-4},) for name in
       ("dab_detr", "conditional_detr", "anchor_detr", "smca", "sap_detr")},
}
"""The rounds after the first: what differs in each from the plan with `AGAIN` and a seed of its own. A round goes on from the weights
of the one before, in another order and, without a `view_seed`, on other views; it is made once all have had theirs."""
PUPILS = {BODY: ("deformable_detr_refine", "deformable_detr", "dino", "h_deformable_detr", "sparse_detr", "dn_deformable_detr",
                 "dab_deformable_detr"),
          DENSE: ("dab_detr", "conditional_detr", "anchor_detr", "smca", "sap_detr", "detr")}
"""Who starts on `scenes` from whose weights, as far as they share parts: from nothing, each would need as long as its teacher."""
LESS = {"scenes": {"images": 6_000}}
"""Of the first round of the dense ones' pupils, which take twice as long."""
FOLDERS = ("", "-second", "-third", "-fourth", "-fifth", "-sixth")
ORDER = tuple(name for teacher, pupils in PUPILS.items() for name in (teacher, *pupils))


def plan(data: str, variant: str, number: int = 0) -> Run:
    """The run that makes a variant's weights for a data set; `number`: 1 for the round that goes on from there, and so on."""
    if number:
        return replace(plan(data, variant), seed=COMMON.seed + number, **(AGAIN | LATER[data, variant][number - 1]))
    teacher = next((teacher for teacher, pupils in PUPILS.items() if variant in pupils), None)
    start = {"weights": f"{teacher}:{data}"} if teacher and data == "scenes" else {}
    changes = start | (LESS.get(data, {}) if teacher == DENSE else {}) | CHANGES.get((data, variant), {})
    return replace(PLANS[data], variant=variant, **changes)


@dataclass(frozen=True)
class Task:
    """One round of one weights file: the run with `number` of its `rounds`."""

    rounds: tuple[Run, ...]
    number: int
    folder: RunFolder
    target: Path

    @property
    def run(self) -> Run:
        """What is to be trained."""
        return self.rounds[self.number]

    @property
    def finished(self) -> bool:
        """Whether the bundled file is the one that this run makes, or that a later round made of it."""
        command = card_of(self.target).get("command") if self.target.exists() else None
        return command in [run.command() for run in self.rounds[self.number:]]

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return self.folder.checkpoint.exists()

    @property
    def made(self) -> bool:
        """Whether this very run is in its folder, from its first step to its last."""
        begun = (self.folder.path / "run.json").exists()
        return begun and self.folder.run() == self.run and self.folder.status().get("state") == "finished"

    @property
    def history(self) -> dict[str, Any]:
        """What the card says of the rounds before: their pictures, and what the first one started from."""
        earlier = self.rounds[:self.number]
        return {"images_before": sum(run.images for run in earlier), "warm_start": earlier[0].weights or ""} if earlier else {}

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


def seen(card: dict[str, Any]) -> int | None:
    """Pictures that weights have seen, those of an earlier round among them; None where the card does not say."""
    return card["images"] + card.get("images_before", 0) if "images" in card else None


def tasks(runs: Path, variants: tuple[str, ...] = (), data: tuple[str, ...] = DATA, share: float = 1.0) -> list[Task]:
    """All weights files in an order in which each can start from those before it; `share` scales the budgets."""
    names = sorted(variants or VARIANTS, key=lambda v: (v not in ORDER, ORDER.index(v) if v in ORDER else 0))
    wanted = []
    for name in data:
        rounds = {variant: tuple(shared(plan(name, variant, number), share) for number in range(1 + len(LATER.get((name, variant), ()))))
                  for variant in names}
        for number in range(max(map(len, rounds.values()), default=0)):
            for variant, own in rounds.items():
                if number < len(own):
                    folder = RunFolder(runs / name / (variant + FOLDERS[number]))
                    wanted.append(Task(own, number, folder, ASSETS / "weights" / name / f"{variant}.safetensors"))
    return wanted


def shared(run: Run, share: float) -> Run:
    """The run with part of its budget."""
    return replace(run, images=max(run.batch, round(run.images * share)))
