"""Statistics of a data set as plain JSON.

`facts(table)` gives
  pictures, boxes    counts over train and val
  splits             {name: {"pictures", "boxes", "empty"}}
  classes            [{"id", "index", "name", "train", "val", "test", "pictures"}]: boxes by split, pictures of train and val
  per_picture        {"most", "mean", "counts": [[objects, pictures], ...]}
  sides              {"edges": [...], "counts": [...]}: square roots of the boxes' areas, in pixels as brought
  centres            rows of counts: where the centres of the boxes lie, on a grid over all pictures
  shapes             [[width, height, pictures], ...], the commonest sizes first
`fit(table, ...)` adds what depends on the detector:
  fit                {"short", "long", "queries", "most", "over", "small", "medium", "large", "sides": {"edges", "counts"}}:
                     pictures with more objects than queries; objects below 32² and 96² pixels after resizing, and above
"""
from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .notes import Notes
from .report import Finding
from .table import SPLITS, Table

EDGES = (0, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
GRID = 24
TINY = 8
RARE = 10
UNEVEN = 50


def facts(table: Table) -> dict[str, Any]:
    """What the module says."""
    splits = np.array(table.splits, dtype=object)
    used = np.isin(splits, ("train", "val"))
    objects = ~table.crowds
    of_split = splits[table.pictures] if len(table.pictures) else np.zeros(0, object)
    told = {}
    for name in SPLITS:
        here = splits == name
        filled = np.unique(table.pictures[of_split == name])
        if here.any():
            told[name] = {"pictures": int(here.sum()), "boxes": int((objects & (of_split == name)).sum()),
                          "empty": int(here.sum()) - len(filled)}
    counted = objects & used[table.pictures] if len(table.pictures) else objects
    return {"pictures": int(used.sum()), "boxes": int(counted.sum()), "splits": told, "classes": _classes(table, of_split, counted),
            "per_picture": _per_picture(table, used, counted), "sides": _histogram(np.sqrt(table.boxes[counted][:, 2:].prod(1))),
            "centres": _centres(table, counted), "shapes": _shapes(table, used)}


def _classes(table: Table, of_split: np.ndarray, counted: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    boxes = {name: np.bincount(table.labels[(of_split == name) & ~table.crowds], minlength=len(table.names)) for name in SPLITS}
    pairs = np.unique(np.stack([table.labels[counted], table.pictures[counted]], 1), axis=0)
    pictures = np.bincount(pairs[:, 0], minlength=len(table.names))
    for index, (number, name) in enumerate(zip(table.ids, table.names)):
        rows.append({"id": number, "index": index, "name": name, **{split: int(boxes[split][index]) for split in SPLITS},
                     "pictures": int(pictures[index])})
    return rows


def _per_picture(table: Table, used: np.ndarray, counted: np.ndarray) -> dict[str, Any]:
    counts = np.bincount(table.pictures[counted], minlength=len(table.files))[used]
    if not len(counts):
        return {"most": 0, "mean": 0.0, "counts": []}
    return {"most": int(counts.max()), "mean": round(float(counts.mean()), 2),
            "counts": [[number, times] for number, times in sorted(Counter(counts.tolist()).items())]}


def _histogram(sides: np.ndarray) -> dict[str, list[int]]:
    counts, _ = np.histogram(sides, [*EDGES, np.inf])
    return {"edges": list(EDGES), "counts": counts.tolist()}


def _centres(table: Table, counted: np.ndarray) -> list[list[int]]:
    boxes = table.boxes[counted]
    places = (boxes[:, :2] + boxes[:, 2:] / 2) / table.sizes[table.pictures[counted]]
    grid, _, _ = np.histogram2d(places[:, 1], places[:, 0], bins=GRID, range=((0, 1), (0, 1)))
    return grid.astype(int).tolist()


def _shapes(table: Table, used: np.ndarray) -> list[list[int]]:
    return [[*size, times] for size, times in Counter(map(tuple, table.sizes[used].tolist())).most_common(8)]


def class_notes(told: dict[str, Any], notes: Notes) -> None:
    """Findings about the balance of classes; `told` as `facts` gave it."""
    rows = told["classes"]
    for row in rows:
        named = f"{row['name']}: {row['train']} boxes"
        if not row["train"]:
            notes.add("class_empty", note=named)
        elif row["train"] < RARE:
            notes.add("class_rare", note=named)
        if row["train"] and not row["val"]:
            notes.add("class_unmeasured", note=row["name"])
    filled = sorted((row for row in rows if row["train"]), key=lambda row: row["train"])
    if len(filled) > 1 and filled[-1]["train"] > UNEVEN * filled[0]["train"]:
        notes.add("class_imbalance", note=f"{filled[-1]['name']}: {filled[-1]['train']:,}, {filled[0]['name']}: {filled[0]['train']:,}")


def fit(table: Table, short: int, long: int, queries: int) -> tuple[tuple[Finding, ...], dict[str, Any]]:
    """How a data set suits a detector that resizes the short side to `short` (at most `long` for the other one) and has so many queries."""
    notes, used = Notes(), np.isin(np.array(table.splits, dtype=object), ("train", "val"))
    counted = ~table.crowds & used[table.pictures] if len(table.pictures) else ~table.crowds
    scale = np.minimum(short / table.sizes.min(1, initial=2**31), long / table.sizes.max(1, initial=1)) if len(table.sizes) else np.zeros(0)
    sides = np.sqrt(table.boxes[counted][:, 2:].prod(1)) * scale[table.pictures[counted]]
    counts = np.bincount(table.pictures[counted], minlength=len(table.files))
    over = np.flatnonzero(counts > queries)
    for picture in over[np.argsort(-counts[over])]:
        notes.add("queries_few", picture=table.files[picture], note=f"{table.files[picture]}: {counts[picture]} objects",
                  most=int(counts.max()), queries=queries)
    tiny = np.flatnonzero(counted)[sides < TINY]
    if len(tiny) > 0.1 * counted.sum():
        for place in tiny:
            notes.add("objects_small", picture=table.files[table.pictures[place]], box=table.boxes[place])
    told = {"short": short, "long": long, "queries": queries, "most": int(counts.max(initial=0)), "over": len(over),
            "small": int((sides < 32).sum()), "medium": int(((sides >= 32) & (sides < 96)).sum()), "large": int((sides >= 96).sum()),
            "sides": _histogram(sides)}
    return notes.findings(), {"fit": told}
