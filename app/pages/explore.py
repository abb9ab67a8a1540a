"""Explore: one picture, one detector, every query, layer by layer."""
from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

import gradio as gr

from ..engine import Engine
from ..own import with_own
from ..pack import packed
from ..panels import Answer, answered, panel
from ..people import asking
from ..runs import AtlasError
from ..services import chosen_query, kept_run
from ..state import Selection

TITLE = "Explore"


def build(engine: Engine) -> None:
    """The page: what to look at on top; queries, picture with its layers, and one query's card side by side."""
    panel("source")
    with gr.Row(elem_id="atlas-workspace"):
        panel("queries")
        with gr.Column(elem_id="atlas-centre"):
            panel("stage")
            panel("layers")
        panel("card")


def services(engine: Engine) -> list[Answer]:
    """What the one session of the pages asks the server."""
    return [*picture_services(engine), *run_services(engine)]


def picture_services(engine: Engine) -> list[Answer]:
    """What the page's scripts may ask about pictures and detectors. Each service takes and returns one JSON object."""

    @answered
    async def opening(request: dict[str, Any]) -> dict[str, Any]:
        """Examples, and where a visitor without a link starts."""
        first = engine.opening()
        return {"examples": engine.pictures.examples, "picture": first.picture, "model": first.model, "weights": first.weights}

    @answered
    async def catalogue(request: dict[str, Any]) -> dict[str, Any]:
        """Every variant with the visitor's own weights; waits until the libraries are loaded."""
        variants = await asyncio.wrap_future(engine.catalogue())
        return {"variants": await asyncio.to_thread(with_own, engine, asking(), variants)}

    @answered
    async def add_picture(request: dict[str, Any]) -> dict[str, Any]:
        """A visitor's file -> the picture's key, size and name."""
        try:
            data = base64.b64decode(str(request.get("data", "")), validate=True)
        except (binascii.Error, ValueError) as error:
            raise AtlasError("The picture arrived damaged: send it again.") from error
        picture = await asyncio.wrap_future(engine.add(data, str(request.get("name", ""))))
        return picture.facts

    @answered
    async def show_picture(request: dict[str, Any]) -> dict[str, Any]:
        """A picture's facts and pixels as JPEG."""
        key = Selection.of(request).picture
        picture = await asyncio.to_thread(engine.pictures.get, key)
        shown = await asyncio.to_thread(lambda: picture.shown)
        return {**picture.facts, "jpeg": base64.b64encode(shown).decode()}

    return [opening, catalogue, add_picture, show_picture]


def run_services(engine: Engine) -> list[Answer]:
    """What the page's scripts may ask about runs."""

    @answered
    async def start_run(request: dict[str, Any]) -> dict[str, Any]:
        """Picture, model, weights -> the run's summary."""
        wanted, ticket = Selection.of(request), str(request.get("ticket", ""))[:64]
        try:
            future = await asyncio.to_thread(engine.run, wanted.picture, wanted.model, wanted.weights, ticket)    # may read a stored run
            run = await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            return {"cancelled": True}
        return packed(*run.summary())

    @answered
    async def run_progress(request: dict[str, Any]) -> dict[str, Any]:
        """How many runs come before this one; `leave` gives the place up."""
        ticket = str(request.get("ticket", ""))
        if request.get("leave"):
            engine.cancel(ticket)
        return {"ahead": engine.ahead(ticket)}

    @answered
    async def query_detail(request: dict[str, Any]) -> dict[str, Any]:
        """Class scores, attention and sampled points of one query of a kept run."""
        query, run = chosen_query(request), await kept_run(engine, request)
        return packed(*run.query(query))

    return [start_run, run_progress, query_detail]
