"""The table of speed: one file of one machine, put together from as many runs of the command as it takes."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..registry import VARIANTS
from ..training.files import read_json, write_json

KEYS = {"results": ("detector", "size", "precision", "device"), "training": ("detector", "size", "batch", "device"),
        "matcher": ("queries", "objects", "batch")}
"""Part of the table -> what tells its rows apart: of equal ones the later stays."""
CONDITIONS = ("machine", "threads", "clock")


class SpeedTable:
    """Rows measured under `conditions`; a file of other conditions is begun anew, because its times do not compare.

    Every row is written as soon as it is added, so that a run may be broken off. `begun_anew` tells that there were others.
    """

    def __init__(self, path: Path, conditions: dict[str, Any]):
        self.path, old = path, _read(path)
        same = all(old.get(name) == conditions[name] for name in CONDITIONS)
        self.begun_anew = bool(old) and not same
        self.found = {**conditions, **{part: old.get(part, []) if same else [] for part in KEYS}}

    def add(self, part: str, row: dict[str, Any]) -> None:
        """Put a row in its place, in the order of the detectors."""
        kept = [other for other in self.found[part] if _key(part, other) != _key(part, row)]
        self.found |= {"made": time.strftime("%Y-%m-%d"), part: sorted([*kept, row], key=lambda one: _order(part, one))}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, self.found)


def _read(path: Path) -> dict[str, Any]:
    """Nothing where there is no table or a damaged one."""
    try:
        found = read_json(path, {})
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _key(part: str, row: dict[str, Any]) -> tuple:
    return tuple(str(row.get(name)) for name in KEYS[part])


def _order(part: str, row: dict[str, Any]) -> tuple:
    """Detectors as the registry has them; of one, float32 before the others."""
    place = list(VARIANTS).index(row["detector"]) if row.get("detector") in VARIANTS else len(VARIANTS)
    return place, row.get("size", []), row.get("precision") != "float32", row.get("queries", 0)
