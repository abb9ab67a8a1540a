"""Read COCO's layout: tables of images, annotations and categories in JSON."""
from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from ..coco_check import DataError, is_number, is_whole, load_table, shown
from .classes import Classes, numbered
from .layout import coco_tables
from .notes import Notes
from .raw import Files, RawObject, RawPicture, RawSet, split_named, split_of

Row = dict[str, Any]


def read(files: Files, notes: Notes) -> RawSet:
    """Every usable table, joined."""
    tables = [(name, split, table) for name, split in _chosen(files, notes) if (table := _opened(files, name, notes)) is not None]
    classes = Classes(notes)
    known = [classes.table(((row.get("id"), row.get("name")) for row in table["categories"]), name) for name, _, table in tables]
    used = [Counter(row["category_id"] for row in table["annotations"] if is_whole(row.get("category_id"))) for _, _, table in tables]
    maps = numbered(list(zip(known, used)), notes)
    pictures: list[RawPicture] = []
    for (name, split, table), names in zip(tables, maps):
        pictures += _Table(files, notes, name, split).read(table, names)
    seen = {item.key for picture in pictures for item in picture.objects}
    parents = {str(row.get("supercategory")) for _, _, table in tables for row in table["categories"]
               if row.get("supercategory") != row.get("name") and row.get("name") in seen}
    idle = [name for name in classes.id_of if name in parents and name not in seen]
    for name in idle:
        notes.add("class_unused_parent", note=name)
    unlisted = sorted(files.known - {picture.file for picture in pictures})
    for name in unlisted:
        notes.add("picture_unlisted", picture=name, note=name)
    return RawSet(pictures, classes.rows(without=idle))


def _chosen(files: Files, notes: Notes) -> list[tuple[str, str]]:
    """(file, split) of the tables to read; where some are named after splits, the others are left aside."""
    found = [(name, split_named(PurePosixPath(name).stem) or split_of(name)) for name in coco_tables(files)]
    named = [pair for pair in found if pair[1]]
    for name, _ in found:
        if named and (name, "") in found:
            notes.add("table_unused", note=name)
    chosen = []
    for split in dict.fromkeys(split for _, split in named or found):
        group = [name for name, other in named or found if other == split]
        main = [name for name in group if PurePosixPath(name).stem.startswith("instances")]
        chosen += [(name, split) for name in main or group]
        for name in set(group) - set(main or group):            # captions and key points of the same pictures
            notes.add("table_unused", note=name)
    return chosen


def _opened(files: Files, name: str, notes: Notes) -> dict[str, list[Row]] | None:
    try:
        return load_table(files.path(name))
    except DataError as error:
        notes.add("table_unreadable", note=f"{name}: {error}")
        return None


class _Table:
    """The rows of one file."""

    def __init__(self, files: Files, notes: Notes, name: str, split: str):
        self.files, self.notes, self.name, self.split = files, notes, name, split
        here = str(PurePosixPath(name).parent)
        roots = ["" if here == "." else here, "", "" if here == "." else str(PurePosixPath(here).parent)]
        words = ("", "images", f"{split}2017", f"images/{split}2017", f"images/{split}", split, f"{split}/images", "valid", "valid/images")
        self.places = list(dict.fromkeys(f"{root}/{word}".strip("/.") for root in roots for word in words))

    def read(self, table: dict[str, list[Row]], names: dict[int, str]) -> list[RawPicture]:
        """The pictures with their objects."""
        by_id: dict[Any, RawPicture | None] = {}
        by_file: dict[str, RawPicture] = {}
        for place, row in enumerate(table["images"]):
            number = row.get("id") if isinstance(row.get("id"), int | str) else None
            picture = self._picture(row, f"{self.name}: image {shown(number) if number is not None else f'number {place + 1}'}")
            if picture is not None and picture.file in by_file:
                self.notes.add("picture_repeated", picture=picture.file, note=f"{self.name}: {picture.file}")
                picture = by_file[picture.file]
            if number in by_id and by_id[number] is not picture:
                self.notes.add("picture_ids", note=f"{self.name}: image {shown(number)}: {shown(row.get('file_name'))}")
            if picture is not None:
                by_file[picture.file] = picture
            if number is not None:
                by_id.setdefault(number, picture)
        ids: set[int] = set()
        for place, row in enumerate(table["annotations"]):
            self._object(row, place, by_id, names, ids)
        return list(by_file.values())

    def _picture(self, row: Row, where: str) -> RawPicture | None:
        told = row.get("file_name")
        file, expected = self.files.find(told, self.places, self.split) if isinstance(told, str) and told else ("", True)
        if not file:
            self.notes.add("picture_missing", note=f"{where}: {shown(told)}")
            return None
        if not expected:
            self.notes.add("picture_moved", picture=file, note=f"{where}: {shown(told)}")
        size = row.get("width"), row.get("height")
        sound = all(is_number(side) and 0 < side < 2**31 for side in size)
        return RawPicture(file, self.split, (round(size[0]), round(size[1])) if sound else None)

    def _object(self, row: Row, place: int, by_id: dict[Any, RawPicture | None], names: dict[int, str], ids: set[int]) -> None:
        number, image = row.get("id"), row.get("image_id")
        if not is_whole(number) or number in ids:
            self.notes.add("object_ids", note=f"{self.name}: annotation {shown(number)}")
        ids.add(number if is_whole(number) else -1)
        where = f"{self.name}: annotation {shown(number)}" if is_whole(number) else f"{self.name}: annotation number {place + 1}"
        if not isinstance(image, int | str) or image not in by_id:
            self.notes.add("object_orphan", note=f"{where}: image {shown(image)}")
            return
        picture, key, box = by_id[image], row.get("category_id"), self._box(row)
        if picture is None:                         # its absence was reported once
            return
        if box is None or not is_whole(key):
            told = f"bbox {shown(row.get('bbox'))}" if box is None else f"category_id {shown(key)}"
            self.notes.add("object_malformed", picture=picture.file, note=f"{where}: {told}")
        elif key in names:
            picture.objects.append(RawObject(names[key], box, where, row.get("iscrowd") in (1, True)))

    def _box(self, row: Row) -> tuple[float, ...] | None:
        box, outline = row.get("bbox"), row.get("segmentation")
        if isinstance(box, list) and len(box) == 4 and all(map(is_number, box)):
            return tuple(map(float, box))
        if box in (None, []) and isinstance(outline, list) and outline and all(isinstance(part, list) for part in outline):
            xs, ys = ([value for part in outline for value in part[i::2]] for i in (0, 1))
            if xs and ys and all(map(is_number, xs + ys)):
                self.notes.add("object_outline", count=1, note=f"{self.name}: annotation {shown(row.get('id'))}")
                return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
        return None
