"""Family tree: where every system comes from, what it changes, and what is said of it."""
from __future__ import annotations

import asyncio
from typing import Any

from .. import lineage
from ..engine import Engine
from ..panels import Answer, answered, panel
from .compare import recipes

TITLE = "Family tree"


def build(engine: Engine) -> None:
    """Filters on top, the tree, and the card of the chosen system."""
    panel("family/page", server=[*family(), recipes()])


def family() -> list[Answer]:
    """What the page draws."""

    @answered
    async def family_told(request: dict[str, Any]) -> dict[str, Any]:
        """Every system as it is told of, at once."""
        return lineage.told()

    @answered
    async def family_tree(request: dict[str, Any]) -> dict[str, Any]:
        """The same with what is built here; waits until the libraries are imported."""
        return await asyncio.to_thread(lineage.family)

    return [family_told, family_tree]
