"""What the readers of the layouts hand on: objects as they were written, and the files that there are."""
from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..coco_check import DataError
from .unpack import JUNK, LABELS, PICTURES, Limits

SPLIT_WORDS = {"train": "train", "training": "train", "trn": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
               "test": "test", "testing": "test"}


@dataclass(slots=True)
class RawObject:
    """One object. `key` is the class as the file names it, `box` four finite numbers in the layout's form."""

    key: Hashable
    box: tuple[float, float, float, float]
    where: str
    crowd: bool = False


@dataclass(slots=True)
class RawPicture:
    """One picture: its path among the files, the size that the labels tell (width, height), and its objects."""

    file: str
    split: str
    recorded: tuple[int, int] | None = None
    objects: list[RawObject] = field(default_factory=list)


@dataclass(frozen=True)
class RawSet:
    """Everything a layout says. `classes` are (key, id, name) in the order of their future indices."""

    pictures: list[RawPicture]
    classes: tuple[tuple[Hashable, int, str], ...]


class Files:
    """The pictures and label files below a folder, by path and by name. Nothing outside of it can be reached through this."""

    def __init__(self, root: Path, limits: Limits | None = None):
        self.root, self.pictures, self.labels = root, [], []
        self.by_name: dict[str, list[str]] = defaultdict(list)
        most = (limits or Limits()).files
        for path in self._walk():
            suffix = PurePosixPath(path).suffix.lower()
            if suffix in PICTURES:
                self.pictures.append(path)
                self.by_name[PurePosixPath(path).name].append(path)
            elif suffix in LABELS:
                self.labels.append(path)
            if len(self.pictures) + len(self.labels) > most:
                raise DataError(f"The folder has more than {most:,} files; bring a part of it.")
        self.known = set(self.pictures)

    def _walk(self) -> Iterable[str]:
        root = self.root.resolve()
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name not in JUNK and not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if name in JUNK or name.startswith("._") or (path.is_symlink() and not path.resolve().is_relative_to(root)):
                    continue
                yield path.relative_to(self.root).as_posix()

    def path(self, name: str) -> Path:
        """Where one of the files lies."""
        return self.root / name

    def text(self, name: str, most: int = 16 * 2**20) -> str:
        """A label file's text. Raises ValueError for what is no text or more than `most` bytes."""
        if self.path(name).stat().st_size > most:
            raise ValueError(f"larger than {most >> 20} MB")
        return self.path(name).read_text(encoding="utf-8-sig")

    def find(self, told: str, places: Iterable[str] = (), split: str = "") -> tuple[str, bool]:
        """The picture that a label means by a name, and whether it lies where such labels are expected; "" where there is none."""
        name = told.replace("\\", "/")
        for place in places:
            path = os.path.normpath(f"{place}/{name}" if place else name)
            if path in self.known:
                return path, True
        same = self.by_name.get(PurePosixPath(name).name, [])
        tail = name.lstrip("./")
        for group in ([p for p in same if p == tail or p.endswith(f"/{tail}")], same):
            group = group if len(group) < 2 else [path for path in group if split and split_of(path) == split]
            if len(group) == 1:
                return group[0], False
        return "", False


def split_of(path: str) -> str:
    """The split that a path's folders name, the innermost first; "" for none."""
    for part in reversed(PurePosixPath(path).parent.parts):
        if split := split_named(part):
            return split
    return ""


def split_named(word: str) -> str:
    """train2017 -> train, instances_valid -> val."""
    letters = "".join(letter if letter.isalpha() else " " for letter in word.lower()).split()
    found = {SPLIT_WORDS[each] for each in letters if each in SPLIT_WORDS}
    return found.pop() if len(found) == 1 else ""
