"""Train: a data set, a recipe, what it will cost, and the start of a run that goes on without the page."""
from __future__ import annotations

from typing import Any

import gradio as gr

from ..engine import Engine
from ..panels import Answer, answered, panel
from ..people import asking
from ..services import Opened, serving
from . import train_data

TITLE = "Train"


def build(engine: Engine) -> None:
    """Four steps of which one is shown at a time; see `static/train/steps.js`."""
    opened = Opened(engine)
    with gr.Column(elem_id="atlas-train"):
        panel("train/steps")
        panel("train/dataset", server=train_data.services(opened))
        panel("train/recipe", server=services(opened))
        panel("train/review")
        panel("train/foot")


def services(opened: Opened) -> list[Answer]:
    """What the page's scripts may ask about runs to come."""

    @answered
    async def train_offer(request: dict[str, Any]) -> dict[str, Any]:
        """Detectors, what each can start from, and the fields of a run."""
        owner = asking()
        return await serving(opened, lambda shop: shop.planning.offer(owner))

    @answered
    async def train_plan(request: dict[str, Any]) -> dict[str, Any]:
        """Dataset, variant, start, budget, epochs, image, changes -> the run they amount to."""
        owner = asking()
        return await serving(opened, lambda shop: shop.planning.plan(owner, request))

    @answered
    async def train_estimate(request: dict[str, Any]) -> dict[str, Any]:
        """The same -> how far its dry run is, or time and memory."""
        owner = asking()
        return await serving(opened, lambda shop: shop.planning.estimate(owner, request))

    @answered
    async def train_start(request: dict[str, Any]) -> dict[str, Any]:
        """The same and a name -> the id of the new job."""
        owner = asking()
        return {"job": await serving(opened, lambda shop: shop.planning.start(owner, request))}

    return [train_offer, train_plan, train_estimate, train_start]
