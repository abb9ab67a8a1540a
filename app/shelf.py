"""What the data step of the Train page shows of data sets: the list, reports, and pictures with their boxes."""
from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import numpy as np
from PIL import Image

from detr_core.data.check import Report, Table, fit
from detr_core.data.coco_check import DataError
from detr_core.data.decode import ImageError
from detr_core.data.store import Dataset, Datasets
from detr_core.registry import VARIANTS

from .store import Store

SIDE, LARGE = 360, 1400                             # pixels of a sample's longer side, and of one that is looked at closely
PAGE = 12


class Shelf:
    """Every method takes the owner; answers are plain JSON."""

    def __init__(self, datasets: Datasets):
        self.datasets = datasets
        self._tables: Store[Table] = Store(6)

    def list(self, owner: str) -> dict[str, Any]:
        """All data sets in brief, the folders of the server that may be used, and how large an archive may be."""
        return {"sets": [brief(each) for each in self.datasets.list(owner)], "folders": list(self.datasets.offered()),
                "largest": self.datasets.limits.archive}

    def report(self, owner: str, id: str) -> dict[str, Any]:
        """A data set in brief with its whole report."""
        found = self.datasets.get(owner, id)
        return {**brief(found), "report": found.report.json()}

    def fit(self, owner: str, id: str, variant: str, size: str, sizes: dict[str, int]) -> dict[str, Any]:
        """How a data set suits a detector; `sizes` may change its short, long and queries."""
        table, entry = self._table(self.datasets.get(owner, id)), VARIANTS.get(variant)
        if entry is None:
            raise DataError(f"There is no detector named {variant[:40]!r}; choose one from the list.")
        recipe = entry.tiny if size == "tiny" else entry.recipe
        short, long, queries = (max(1, sizes.get(name) or getattr(recipe, name)) for name in ("short", "long", "queries"))
        findings, told = fit(table, short, max(short, long), queries)
        return {**told, "findings": Report("", findings).json()["findings"]}

    def samples(self, owner: str, id: str, page: int = 0, label: int | None = None, names: list[str] | None = None) -> dict[str, Any]:
        """A page of pictures with their boxes: those named, or all in a fixed mixed order, or those with a class."""
        found = self.datasets.get(owner, id)
        table = self._table(found)
        place = {file: index for index, file in enumerate(table.files)}
        if names is None:
            order = self._order(table, label)
            total, names = len(order), [table.files[i] for i in order[page * PAGE:(page + 1) * PAGE]]
        else:
            total, names = len(names), names[page * PAGE:(page + 1) * PAGE]
        return {"total": total, "page": page, "size": PAGE, "pictures": [_sample(found, table, place.get(name), name) for name in names]}

    def closely(self, owner: str, id: str, name: str) -> dict[str, Any]:
        """One picture, large."""
        found = self.datasets.get(owner, id)
        table = self._table(found)
        return _sample(found, table, table.files.index(name) if name in table.files else None, name, LARGE)

    def _table(self, found: Dataset) -> Table:
        return self._tables.get(found.id) or self._tables.put(found.id, found.table())

    @staticmethod
    def _order(table: Table, label: int | None) -> list[int]:
        """Mixed by a hash of the names, so that a page looks the same each time; pictures without objects come last."""
        counts = np.bincount(table.pictures[table.labels == label] if label is not None else table.pictures, minlength=len(table.files))
        chosen = np.flatnonzero(counts) if label is not None else np.arange(len(table.files))
        return sorted(chosen.tolist(), key=lambda i: (counts[i] == 0, hashlib.sha256(table.files[i].encode()).digest()))


def brief(found: Dataset) -> dict[str, Any]:
    """What a row of the list says."""
    report, facts = found.report, found.report.facts
    counts = {verdict: sum(each.verdict == verdict for each in report.findings) for verdict in ("blocking", "warning", "fine")}
    return {"id": found.id, "name": found.name, "own": found.folder is not None, "verdict": report.verdict, "layout": report.layout,
            "created": found.created, "pictures": facts["pictures"], "boxes": facts["boxes"], "classes": len(facts["classes"]),
            "bytes": facts.get("bytes", 0), "counts": counts}


def _sample(found: Dataset, table: Table, index: int | None, name: str, side: int = SIDE) -> dict[str, Any]:
    """A JPEG of so many pixels a side, and boxes as shares of the sides: [cx, cy, w, h, class]."""
    size = None if index is None else tuple(table.sizes[index].tolist())
    try:
        picture = found.picture(name, size)
    except (DataError, ImageError, OSError):
        return {"name": name, "missing": True}
    width, height = size or picture.size
    out, small = io.BytesIO(), picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small.save(out, "JPEG", quality=82)
    told = {"name": name, "width": width, "height": height, "jpeg": base64.b64encode(out.getvalue()).decode(), "boxes": [], "split": ""}
    if index is not None:
        rows = table.of(index)
        x, y, w, h = (table.boxes[rows] / (width, height, width, height)).T
        shares = np.stack([x + w / 2, y + h / 2, w, h], 1).round(5).tolist()
        told |= {"split": table.splits[index], "boxes": [[*box, label] for box, label in zip(shares, table.labels[rows].tolist())]}
    return told
