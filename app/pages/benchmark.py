"""Benchmark: how fast the variants learn under one budget, and how fast they run."""
from __future__ import annotations

import asyncio
from typing import Any

from ..benchmark import tables
from ..engine import Engine
from ..panels import Answer, answered, panel

TITLE = "Benchmark"


def build(engine: Engine) -> None:
    """The choice, the curves, the table, what parents gain, speed, and how to read all that."""
    panel("benchmark/page", server=[stored(engine)])


def stored(engine: Engine) -> Answer:
    """What the page draws."""

    @answered
    async def benchmark_tables(request: dict[str, Any]) -> dict[str, Any]:
        """Every stored table, and the published facts beside it."""
        return await asyncio.to_thread(tables, engine.assets / "benchmark")

    return benchmark_tables
