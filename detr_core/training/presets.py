"""Recipes that fit a data set: what to ask of a fine-tune when only the data and the wish are known."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from .. import api
from .run import Run


@dataclass(frozen=True)
class Facts:
    """What a recipe depends on: how many training pictures there are and how large the objects in them are."""

    pictures: int
    side: float = 0.0                               # median root of an object's area, as a share of the picture's long side; 0: unknown


@dataclass(frozen=True)
class Wish:
    """What the user says. `weights` as in `Run`, None for random numbers; `image` is a picture's short side in pixels, 0 to choose."""

    variant: str
    data: str
    weights: str | None = None
    size: str = "tiny"
    budget: str = "balanced"                        # one of BUDGETS, or "epochs"
    epochs: float = 12.0                            # counts where the budget is "epochs"
    image: int = 0
    changes: dict[str, Any] = field(default_factory=dict)       # fields of `Run` that differ from the preset


@dataclass(frozen=True)
class Budget:
    """How long: passes over the data, but at least `least` pictures, since a detector needs steps, not passes."""

    passes: int
    least: int
    most: int
    evaluations: int


BUDGETS = {"small": Budget(6, 2_000, 20_000, 5), "balanced": Budget(20, 6_000, 80_000, 8), "best": Budget(50, 16_000, 300_000, 10)}
FROM_NOTHING = 5                                    # times the pictures that random numbers need (compare the two plans of `bundle`)
IMAGES = (320, 416, 512, 640)                       # short sides that tiny detectors are offered
OBJECT = 48                                         # pixels that a middling object should have: three tokens of the finest tiny level


def preset(wish: Wish, facts: Facts) -> Run:
    """The recipe for a wish, before its changes. Raises ValueError for what is unknown."""
    if facts.pictures < 1:
        raise ValueError("The data set has no training pictures: choose another one.")
    images, evaluations = budget(wish, facts)
    batch = min(8 if wish.size == "tiny" else 2, max(1, facts.pictures))
    steps = -(-images // batch)
    learning = dict(rate=6e-4, slow_rate=0.3, ema=0.999) if wish.size == "tiny" else dict(rate=1e-4, slow_rate=0.1, ema=0.0)
    return Run(wish.variant, wish.data, size=wish.size, weights=wish.weights, images=images, batch=batch, evaluations=evaluations,
               warmup=max(1, min(200, steps // 5)), schedule="linear", changes=_sides(wish, facts), seed=1,
               views=_views(wish, facts, images), checkpoint_seconds=120.0, **learning)


def _views(wish: Wish, facts: Facts, images: int) -> int:
    """Cached views of a small set are drawn several times a picture, so that augmentation still has an effect; 0: live or one each."""
    return 0 if wish.size != "tiny" or facts.pictures >= 1000 else min(1000, images, max(200, 25 * facts.pictures))


def plan(wish: Wish, facts: Facts) -> Run:
    """The recipe for a wish with its changes. Raises ValueError with one sentence."""
    run = preset(wish, facts)
    asked = dict(wish.changes)
    if "queries" in asked:
        run = replace(run, changes={**run.changes, "queries": asked.pop("queries")})
    return replace(run, **asked)


def budget(wish: Wish, facts: Facts) -> tuple[int, int]:
    """Pictures seen and evaluations on the way."""
    if wish.budget == "epochs":
        if not 0 < wish.epochs <= 10_000:
            raise ValueError(f"{wish.epochs:g} epochs are not possible: choose a number above 0 and up to 10,000.")
        images = max(1, round(wish.epochs * facts.pictures))
        return images, max(1, min(10, round(wish.epochs)))
    if wish.budget not in BUDGETS:
        raise ValueError(f"There is no budget {wish.budget!r}: choose one of {', '.join(BUDGETS)} or epochs.")
    found, more = BUDGETS[wish.budget], 1 if wish.weights else FROM_NOTHING
    images = more * min(max(found.passes * facts.pictures, found.least), max(found.most, facts.pictures))
    return images, min(found.evaluations, max(2, images // facts.pictures))


def _sides(wish: Wish, facts: Facts) -> dict[str, int]:
    """Recipe changes for the picture's size; none where the recipe's own fits."""
    entry = api.variant_of(wish.variant)
    recipe = entry.tiny if wish.size == "tiny" else entry.recipe
    short = wish.image or fitting(facts, recipe.short if wish.size == "tiny" else 0) or recipe.short
    if not 64 <= short <= 2000:
        raise ValueError(f"Pictures of {short} pixels are not possible: choose from 64 to 2000.")
    if short == recipe.short:
        return {}
    return {"short": short, "long": round(short * recipe.long / recipe.short)}


def fitting(facts: Facts, least: int) -> int:
    """The smallest offered side at which a middling object has `OBJECT` pixels; 0 where nothing is known or no choice is given."""
    if not least or not facts.side:
        return 0
    return next((side for side in IMAGES if side >= least and side * facts.side >= OBJECT), IMAGES[-1])
