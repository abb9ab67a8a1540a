"""Matching lab: which query answers for which object, at what cost, and who else could."""
from __future__ import annotations

from typing import Any

import gradio as gr

from ..engine import Engine
from ..pack import packed
from ..panels import Answer, answered, panel
from ..services import kept_run

TITLE = "Matching lab"


def build(engine: Engine) -> None:
    """The choice on top; picture and objects beside the costs; the matrix; other rules; what only training sees."""
    panel("matching/source")
    with gr.Row(elem_id="atlas-bench"):
        with gr.Column(elem_id="atlas-bench-left"):
            panel("matching/stage", server=services(engine))
            panel("matching/objects")
        panel("matching/weights")
    panel("matching/matrix")
    panel("matching/many")
    panel("matching/noise")


def services(engine: Engine) -> list[Answer]:
    """What the page's scripts may ask. Everything else happens in the browser."""

    @answered
    async def class_scores(request: dict[str, Any]) -> dict[str, Any]:
        """Scores [L, Q, classes] of a kept run, in the 16 bits that it keeps, and the queries' points where matching asks for them."""
        run = await kept_run(engine, request)
        arrays = {"says": run.arrays["scores"].astype("<f4")}
        if "points" in run.arrays:
            arrays["points"] = run.arrays["points"]
        return packed({"run": run.id}, arrays)

    return [class_scores]
