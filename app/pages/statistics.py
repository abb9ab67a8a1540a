"""Query statistics: what every query slot does over many pictures."""
from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr

from ..engine import Engine
from ..pack import packed
from ..panels import Answer, answered, panel
from ..slots import slots, stored
from ..state import Selection

TITLE = "Query statistics"


def build(engine: Engine) -> None:
    """The choice on top; the slots beside the one looked at; then where queries go, what they read and what they say."""
    panel("statistics/source", server=services(engine))
    with gr.Row(elem_id="atlas-slots-row"):
        panel("statistics/slots")
        panel("statistics/slot")
    panel("statistics/paths")
    with gr.Row(elem_id="atlas-charts-row"):
        panel("statistics/firing")
        panel("statistics/levels")
    panel("statistics/classes")


def services(engine: Engine) -> list[Answer]:
    """What the page's scripts may ask; they add the pictures up themselves."""

    @answered
    async def stored_slots(request: dict[str, Any]) -> dict[str, Any]:
        """The record of a bundled set, or {"none": true}."""
        wanted = Selection.of(request)
        record = await asyncio.to_thread(stored, engine.assets / "statistics", wanted.model, wanted.weights)
        return {"none": True} if record is None else packed(record.facts, record.arrays)

    @answered
    async def picture_slots(request: dict[str, Any]) -> dict[str, Any]:
        """What the slots say of one picture; runs the detector where there is no kept run."""
        wanted, ticket = Selection.of(request), str(request.get("ticket", ""))[:64]
        future = await asyncio.to_thread(engine.run, wanted.picture, wanted.model, wanted.weights, ticket)
        return packed(*slots(await asyncio.wrap_future(future)))

    return [stored_slots, picture_slots]
