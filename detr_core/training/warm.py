"""Warm starts: a detector begins with whatever it shares, by name and shape, with another detector's trained weights."""
from __future__ import annotations

from .. import api
from ..detector import Detector
from ..registry import VARIANTS


def other_variant(weights: str) -> tuple[str, str] | None:
    """("variant", "weights") of `variant:weights`, or None where the text names no other variant."""
    variant, colon, name = weights.partition(":")
    return (variant, name) if colon and variant in VARIANTS and name else None


def warm_start(detector: Detector, variant: str, weights: str) -> list[str]:
    """Copy every tensor whose name and shape agree from trained weights of another variant; returns their names.

    Query tables and heads that mean something else differ in name or shape and stay fresh.
    """
    theirs, ours = api.load(variant, weights).state_dict(), detector.state_dict()
    shared = {name: value for name, value in theirs.items() if name in ours and ours[name].shape == value.shape}
    if not any(not name.startswith("backbone.") for name in shared):
        raise ValueError(f"{detector.recipe.name!r} shares no tensor with {variant!r}: start from random numbers instead.")
    detector.load_state_dict(shared, strict=False)
    return sorted(shared)
