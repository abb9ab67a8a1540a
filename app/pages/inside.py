"""Inside a query: what one query did, layer by layer and head by head, with its own numbers."""
from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr

from ..engine import Engine
from ..pack import packed
from ..panels import Answer, answered, panel
from ..rollout import rollout
from ..runs import AtlasError
from ..services import chosen_query, kept_run

TITLE = "Inside"
MOST = 20                                           # objects of a rehearsal


def build(engine: Engine) -> None:
    """The query on top; its way and its numbers; every head of every layer; the other queries; what only some detectors have."""
    panel("inside/head")
    with gr.Row(elem_id="atlas-inside"):
        panel("inside/path")
        panel("inside/change")
        panel("inside/mosaic", server=[follow(engine)])
        panel("inside/others")
        panel("inside/formula")
        panel("inside/special", server=[rehearse(engine)])


def follow(engine: Engine) -> Answer:
    """Attention followed through the layers."""

    @answered
    async def follow_attention(request: dict[str, Any]) -> dict[str, Any]:
        """A kept run and a query -> `rollout` [layers, N]."""
        query, run = chosen_query(request), await kept_run(engine, request)
        return packed({"query": query}, {"rollout": await asyncio.to_thread(rollout, run, query)})

    return follow_attention


def rehearse(engine: Engine) -> Answer:
    """What training adds."""

    @answered
    async def rehearse_training(request: dict[str, Any]) -> dict[str, Any]:
        """A kept run, some of its `queries` whose findings stand in for labels, and a `seed` of the noise -> one training pass."""
        queries = request.get("queries")
        if not isinstance(queries, list) or not all(isinstance(query, int) for query in queries):
            raise AtlasError("Say whose findings stand in for labels: a list of queries.")
        seed = request.get("seed")
        asked = engine.rehearse, str(request.get("run", "")), queries[:MOST], seed % 2**31 if isinstance(seed, int) else 0
        return packed(*await asyncio.wrap_future(await asyncio.to_thread(*asked)))

    return rehearse_training
