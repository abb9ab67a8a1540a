"""Read YOLO's layout: a text file for every picture, class names in data.yaml or classes.txt."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import yaml

from ..coco_check import is_number, shown
from .classes import Classes, numbered
from .layout import yolo_labels
from .notes import Notes
from .raw import SPLIT_WORDS, Files, RawObject, RawPicture, RawSet, split_of

LISTS = ("classes", "names", "labels", "obj", "predefined_classes")
MOST_CLASSES = 10_000


class _Plain(yaml.SafeLoader):
    """Values only: an alias could be repeated until the memory is full."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)


def read(files: Files, notes: Notes) -> RawSet:
    """Every picture with its label file; classes by number."""
    settings = _settings(files)
    labels = set(yolo_labels(files)) - {name for name in files.labels if _is_list(name)}
    splits = _splits(files, settings)
    pictures, used, taken = [], Counter(), set()
    for file in files.pictures:
        picture = RawPicture(file, splits(file))
        label = next((name for name in _candidates(file) if name in labels), None)
        if label is None:
            notes.add("picture_unlabelled", picture=file, note=file)
        else:
            taken.add(label)
            picture.objects = _objects(files, label, picture, notes, "kpt_shape" in settings)
            used.update(item.key for item in picture.objects)
        pictures.append(picture)
    for name in sorted(labels - taken):
        notes.add("picture_missing", note=name)
    classes = Classes(notes)
    known = classes.table(_names(files, settings, used, notes), "names")
    named = numbered([(known, used)], notes)[0]
    for picture in pictures:
        picture.objects = [item for item in picture.objects if item.key in named]
        for item in picture.objects:
            item.key = named[item.key]
    return RawSet(pictures, classes.rows())


def _is_list(name: str) -> bool:
    """Whether a text file lists classes or pictures rather than boxes."""
    path = PurePosixPath(name)
    return path.stem.lower() in (*LISTS, *SPLIT_WORDS) or path.stem.lower().startswith("readme")


def _settings(files: Files) -> dict[str, Any]:
    """The data set's YAML file: the first one that names classes."""
    for name in files.labels:
        if name.lower().endswith((".yaml", ".yml")):
            try:
                found = yaml.load(files.text(name, 2**20), _Plain)
            except (yaml.YAMLError, OSError, ValueError, RecursionError):
                continue
            if isinstance(found, dict) and "names" in found:
                return found
    return {}


def _names(files: Files, settings: dict[str, Any], used: Counter[int], notes: Notes) -> list[tuple[Any, Any]]:
    """(number, name) rows; without any list the numbers that occur name themselves."""
    told = settings.get("names")
    if isinstance(told, list):
        return list(enumerate(told[:MOST_CLASSES]))
    if isinstance(told, dict):
        return list(told.items())[:MOST_CLASSES]
    for name in files.labels:
        path = PurePosixPath(name)
        if path.stem.lower() in LISTS and path.suffix.lower() in (".txt", ".names"):
            try:
                lines = [line.strip() for line in files.text(name, 2**20).splitlines()]
            except (OSError, ValueError):
                continue
            return list(enumerate(lines if all(lines) else [line for line in lines if line]))
    return [(number, None) for number in range(max(used, default=-1) + 1)] if max(used, default=0) < MOST_CLASSES else []


def _splits(files: Files, settings: dict[str, Any]) -> Callable[[str], str]:
    """A function from a picture to its split: by what the YAML file says of its folder, else by the folders' names.

    A folder that is said to be for training and for validation, as in many small examples, is no split.
    """
    told: dict[str, set[str]] = defaultdict(set)
    listed: dict[str, str] = {}
    for key, split in SPLIT_WORDS.items():
        for entry in settings.get(key) if isinstance(settings.get(key), list) else [settings.get(key)]:
            if isinstance(entry, str):
                parts = PurePosixPath(entry.replace("\\", "/")).parts
                path = "/".join(part for part in parts if part not in ("..", ".", "/"))
                listed |= dict.fromkeys(_listed(files, path), split)
                told[path].add(split)
    folders = sorted((folder for folder in told if folder), key=len, reverse=True)

    def split(file: str) -> str:
        for folder in folders:
            if f"/{folder}/" in f"/{file}":
                return next(iter(told[folder])) if len(told[folder]) == 1 else ""
        return listed.get(PurePosixPath(file).name) or split_of(file)

    return split


def _listed(files: Files, name: str) -> list[str]:
    """Names of the pictures in a text file that lists a split."""
    if name not in files.labels or not name.endswith(".txt"):
        return []
    try:
        return [PurePosixPath(line.strip().replace("\\", "/")).name for line in files.text(name).splitlines()]
    except (OSError, ValueError):
        return []


def _candidates(file: str) -> list[str]:
    """Where the label of a picture may be: `images` becomes `labels`, or beside it."""
    path = PurePosixPath(file)
    parts, names = list(path.with_suffix(".txt").parts), []
    for place in range(len(parts) - 2, -1, -1):
        if parts[place].lower() == "images":
            names.append("/".join([*parts[:place], "labels", *parts[place + 1:]]))
    return [*names, "/".join(parts), "/".join(["labels", *parts]), "/".join([*parts[:-1], "labels", parts[-1]])]


def _objects(files: Files, label: str, picture: RawPicture, notes: Notes, pose: bool) -> list[RawObject]:
    try:
        lines = files.text(label).splitlines()
    except (OSError, ValueError) as error:
        notes.add("label_unreadable", picture=picture.file, note=f"{label}: {error}"[:200])
        return []
    found = []
    for place, line in enumerate(lines):
        if words := line.split():
            where = f"{label}: line {place + 1}"
            key, box = _line(words, pose)
            if box is None:
                notes.add("object_malformed", picture=picture.file, note=f"{where}: {shown(line)}")
                continue
            if len(words) > 6 and not pose:
                notes.add("object_outline", picture=picture.file, note=where)
            found.append(RawObject(key, box, where))
    return found


def _line(words: list[str], pose: bool) -> tuple[int, tuple[float, ...] | None]:
    """Class number and (cx, cy, w, h): a box, a box with its score or key points, or an outline of three points and more."""
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return 0, None
    if len(numbers) < 5 or not all(map(is_number, numbers)) or numbers[0] != int(numbers[0]) or not 0 <= numbers[0] < 10**6:
        return 0, None
    key, rest = int(numbers[0]), numbers[1:]
    if pose or len(rest) < 6:
        return key, tuple(rest[:4])
    if len(rest) % 2:
        return 0, None
    xs, ys = rest[::2], rest[1::2]
    return key, ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(xs) - min(xs), max(ys) - min(ys))
