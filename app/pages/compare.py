"""Compare: up to four detectors on one picture, object by object, and the recipes of any two."""
from __future__ import annotations

import asyncio
from typing import Any

from .. import anatomy
from ..engine import Engine
from ..panels import Answer, answered, panel
from ..state import Selection

TITLE = "Compare"


def build(engine: Engine) -> None:
    """The choice on top, the pictures, what differs, what it costs, and how the recipes differ."""
    panel("compare/choice")
    panel("compare/pictures")
    panel("compare/differences")
    panel("compare/costs", server=[measure(engine)])
    panel("compare/recipes", server=[recipes()])


def measure(engine: Engine) -> Answer:
    """What a detector costs here."""

    @answered
    async def measure_detector(request: dict[str, Any]) -> dict[str, Any]:
        """Picture, model, weights -> times, parameters, multiply-adds; waits in the line of runs. `again`: not those kept."""
        wanted = Selection.of(request)
        return await asyncio.wrap_future(engine.measure(wanted.picture, wanted.model, wanted.weights, bool(request.get("again"))))

    return measure_detector


def recipes() -> Answer:
    """How two recipes differ."""

    @answered
    async def compare_recipes(request: dict[str, Any]) -> dict[str, Any]:
        """Variants `first` and `second` -> their parts by place, and the code of those that differ."""
        return await asyncio.to_thread(anatomy.difference, str(request.get("first", "")), str(request.get("second", "")))

    return compare_recipes
