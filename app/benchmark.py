"""What the Benchmark page draws: the stored tables, and what papers claim for the same detectors."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .lineage import told

TABLES = ("convergence", "speed", "counts")


def tables(folder: Path) -> dict[str, Any]:
    """Each table of `folder` as it was written, None where there is none, and the published facts of every system."""
    systems = {system["id"]: {"name": system["name"], "short": system["short"], "section": system["section"], "parent": system["parent"],
                              "note": system.get("note"), **claims(system)} for system in told()["systems"]}
    return {**{name: _read(folder / f"{name}.json") for name in TABLES}, "systems": systems, "sections": told()["sections"]}


def claims(system: dict[str, Any]) -> dict[str, Any]:
    """AP on COCO with its epochs, parameters and FLOPs, as far as a source confirms them."""
    facts = {fact["what"]: fact for fact in system.get("facts", [])}
    return {"ap": facts.get("ap", {}).get("value"), "epochs": facts.get("ap", {}).get("epochs"),
            "parameters": facts.get("parameters", {}).get("value"), "flops": facts.get("flops", {}).get("value")}


def _read(path: Path) -> dict[str, Any] | None:
    """A table that is missing or damaged is left out: the others can still be shown."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
