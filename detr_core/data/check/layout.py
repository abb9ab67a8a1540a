"""Which layout a folder has, and where in it the data set begins."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from ..coco_check import DataError
from .raw import Files
from .unpack import JUNK, Limits

DEPTH = 4
CHUNK = 1 << 22


@dataclass(frozen=True)
class Place:
    """The layout's name, "coco", "voc" or "yolo", and the files below the folder in which the data set begins."""

    layout: str
    files: Files


def locate(folder: Path, limits: Limits | None = None) -> Place:
    """The layout of a folder; folders that only hold one other folder are stepped into.

    Raises:
        DataError: where there are no labels of a known layout.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder.name!r}; check the path.")
    for _ in range(DEPTH):
        inside = [path for path in folder.iterdir() if path.name not in JUNK and not path.name.startswith(".")]
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
            break
        folder = inside[0]
    files = Files(folder, limits)
    for layout, evidence in (("coco", coco_tables), ("voc", voc_labels), ("yolo", yolo_labels)):
        if next(iter(evidence(files)), None) is not None:
            return Place(layout, files)
    raise DataError(f"No labels were found beside {len(files.pictures):,} pictures; expected COCO (.json with images, annotations and "
                    "categories), Pascal VOC (.xml) or YOLO (.txt of the pictures' names).")


def detect(folder: Path) -> str:
    """The layout's name: "coco", "voc" or "yolo"."""
    return locate(folder).layout


def coco_tables(files: Files) -> Iterator[str]:
    """JSON files that mention COCO's three lists."""
    for name in files.labels:
        if name.lower().endswith(".json") and _mentions(files.path(name), (b'"images"', b'"annotations"', b'"categories"')):
            yield name


def voc_labels(files: Files) -> Iterator[str]:
    """XML files, where the first ones are annotations."""
    found = [name for name in files.labels if name.lower().endswith(".xml")]
    if any(_mentions(files.path(name), (b"<annotation",)) or _mentions(files.path(name), ("<annotation".encode("utf-16-le"),))
           for name in islice(found, 20)):
        yield from found


def yolo_labels(files: Files) -> Iterator[str]:
    """Text files named like a picture, or in a folder `labels`."""
    stems = {PurePosixPath(path).stem for path in files.pictures}
    for name in files.labels:
        path = PurePosixPath(name)
        if path.suffix.lower() == ".txt" and (path.stem in stems or "labels" in path.parts[:-1]):
            yield name


def _mentions(path: Path, words: tuple[bytes, ...]) -> bool:
    """Whether all words occur in a file, read in pieces."""
    left, tail = set(words), b""
    with open(path, "rb") as file:
        while left and (chunk := file.read(CHUNK)):
            left -= {word for word in left if word in tail + chunk}
            tail = chunk[-64:]
    return not left
