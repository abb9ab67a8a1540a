"""The check itself: read a folder of any layout, look into every picture, mend the boxes, settle the splits, say what was found."""
from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from . import read_coco, read_voc, read_yolo
from .boxes import NATIVE, counted_from_one, form_of, mend, repeated, to_corners
from .facts import class_notes, facts, fit
from .layout import locate
from .measure import Measured, measure
from .notes import Notes
from .raw import Files, RawPicture, RawSet
from .report import Report
from .splits import related, settle
from .table import SPLITS, Table
from .unpack import Limits, Progress, silent

READERS = {"coco": read_coco.read, "voc": read_voc.read, "yolo": read_yolo.read}
FEW = 20
SAME_SHAPE = 0.02


class Sizes(Protocol):
    """What a recipe says that a data set has to suit."""

    short: int
    long: int
    queries: int


@dataclass(frozen=True)
class Checked:
    """The report, the mended set as a table, and the folder in which its files lie."""

    report: Report
    table: Table
    root: Path


@dataclass
class Framed:
    """A usable picture. Boxes were written for `told` (width, height); the picture has `size`."""

    raw: RawPicture
    told: tuple[int, int]
    size: tuple[int, int]
    digest: str


def check(folder: Path, recipe: Sizes | None = None, limits: Limits | None = None, progress: Progress = silent) -> Report:
    """What is to be said about the data set in a folder. Raises DataError where there is none."""
    return examine(folder, recipe, limits, progress).report


def examine(folder: Path, recipe: Sizes | None = None, limits: Limits | None = None, progress: Progress = silent) -> Checked:
    """The same with the mended table. `recipe` (anything with short, long and queries) adds what depends on the detector."""
    limits, notes = limits or Limits(), Notes()
    place = locate(Path(folder), limits)
    raw = READERS[place.layout](place.files, notes)
    framed, size = _framed(raw, place.files, limits, notes, progress)
    table = _table(raw, framed, place.layout, notes)
    digests = [picture.digest for picture in framed]
    table = replace(table, splits=settle(table, digests, notes))
    kept = np.array([i for split in SPLITS for i in table.split(split)], np.int64)
    table = table.keep(kept)
    related(table, [digests[i] for i in kept], notes)
    told = {**facts(table), "bytes": size}
    _overall(table, told, notes, len(raw.pictures))
    report = Report(place.layout, notes.findings(), told)
    if recipe is not None:
        findings, more = fit(table, recipe.short, recipe.long, recipe.queries)
        report = report.but(findings, **more)
    return Checked(report, table, place.files.root)


def _framed(raw: RawSet, files: Files, limits: Limits, notes: Notes, progress: Progress) -> tuple[list[Framed], int]:
    """The pictures that can be used, and how many bytes they have."""
    names = list(dict.fromkeys(picture.file for picture in raw.pictures))
    measured = dict(zip(names, measure([files.path(name) for name in names], limits.picture, progress)))
    framed = []
    for picture in raw.pictures:
        seen = measured[picture.file]
        if seen.error:
            notes.add("picture_unreadable", note=f"{picture.file}: {seen.error}")
            continue
        told, size, code = frame(picture.recorded, seen)
        if code:
            other = f", not {told[0]} x {told[1]}" if told != seen.upright else ""
            notes.add(code, picture.file, note=f"{picture.file}: {seen.upright[0]} x {seen.upright[1]}{other}")
        if size is not None:
            framed.append(Framed(picture, told, size, seen.digest))
    return framed, sum(seen.bytes for seen in measured.values())


def frame(recorded: tuple[int, int] | None, seen: Measured) -> tuple[tuple[int, int], tuple[int, int] | None, str]:
    """The size that the boxes were written for, the size that the picture counts with (None: unusable), and the finding."""
    upright, turned = seen.upright, "picture_turned" if seen.orientation != 1 else ""
    if recorded is None or recorded == upright:
        return upright, upright, turned
    if recorded == seen.stored:
        return recorded, recorded, "picture_unturned"
    if abs(recorded[0] * upright[1] / (recorded[1] * upright[0]) - 1) < SAME_SHAPE:
        return recorded, upright, "picture_resized"
    if recorded == upright[::-1]:
        return upright, upright, "picture_swapped"
    return recorded, None, "picture_misfit"


def _table(raw: RawSet, framed: list[Framed], layout: str, notes: Notes) -> Table:
    """Boxes of all pictures as arrays, mended."""
    index = {key: place for place, (key, _, _) in enumerate(raw.classes)}
    items = [(place, item) for place, picture in enumerate(framed) for item in picture.raw.objects]
    pictures = np.array([place for place, _ in items], np.int64)
    labels = np.array([index[item.key] for _, item in items], np.int64)
    crowds = np.array([item.crowd for _, item in items], bool)
    boxes = np.array([item.box for _, item in items], np.float64).reshape(-1, 4)
    told = np.array([picture.told for picture in framed], np.int64).reshape(-1, 2)
    sizes = np.array([picture.size for picture in framed], np.int64).reshape(-1, 2)
    splits = tuple(picture.raw.split for picture in framed)
    corners = _corners(boxes, told[pictures], np.array(splits, dtype=object)[pictures], layout, notes)
    corners *= np.tile(sizes[pictures] / told[pictures], 2)
    mended = mend(corners, sizes[pictures])
    drawn = np.concatenate([np.minimum(corners[:, :2], corners[:, 2:]), np.abs(corners[:, 2:] - corners[:, :2])], 1)
    twice, conflict = repeated(pictures, labels, mended.boxes)
    twice, conflict = twice & mended.kept & ~crowds, conflict & mended.kept & ~crowds
    for code, which in {**mended.faults, "box_duplicate": twice, "box_conflict": conflict, "object_crowd": crowds & mended.kept}.items():
        for at in np.flatnonzero(which):
            notes.add(code, framed[pictures[at]].raw.file, drawn[at], items[at][1].where)
    kept = mended.kept & ~twice
    names, ids = (tuple(row[column] for row in raw.classes) for column in (2, 1))
    files = tuple(picture.raw.file for picture in framed)
    return Table(names, ids, files, splits, sizes, pictures[kept], labels[kept], mended.boxes[kept], crowds[kept])


def _corners(boxes: np.ndarray, sizes: np.ndarray, splits: np.ndarray, layout: str, notes: Notes) -> np.ndarray:
    """Corners in pixels, by the form that each split is written in."""
    native, corners = NATIVE[layout], np.zeros((len(boxes), 4))
    for split in dict.fromkeys(splits.tolist()):
        here = splits == split
        form = form_of(boxes[here], native, sizes[here])
        corners[here] = to_corners(boxes[here], form, sizes[here])
        if form != native:
            numbers = "; ".join(" ".join(f"{value:g}" for value in box) for box in boxes[here][:3])
            notes.add("box_form", note=f"{split or 'all'}: {numbers}", count=int(here.sum()),
                      form=str(form), kind=form.kind, unit=form.unit)
        elif layout == "voc" and counted_from_one(corners[here], sizes[here]):
            corners[here, :2] -= 1
            notes.add("box_from_one", note=split or "all")
    return corners


def _overall(table: Table, told: dict[str, Any], notes: Notes, listed: int) -> None:
    """Findings about the set as a whole."""
    lost = notes.count("picture_missing", "picture_unreadable", "picture_misfit", "label_unreadable")
    if 2 * lost > listed + notes.count("picture_missing", "label_unreadable"):
        notes.add("pictures_lost", count=lost)
    splits = told["splits"]
    train, val = (splits.get(name, {"pictures": 0, "boxes": 0}) for name in ("train", "val"))
    if not train["pictures"] or not val["pictures"]:
        notes.add("pictures_none")
        return
    if not train["boxes"]:
        notes.add("boxes_none")
        return
    if train["pictures"] < FEW:
        notes.add("pictures_few", count=train["pictures"])
    empty = sum(splits[name]["empty"] for name in ("train", "val"))
    code, filled = "pictures_mostly_empty" if 2 * empty > told["pictures"] else "picture_empty", set(table.pictures.tolist())
    for place, (file, split) in enumerate(zip(table.files, table.splits)):
        if place not in filled and split != "test":
            notes.add(code, file, note=file)
    class_notes(told, notes)
