"""A labelled set as arrays: what every layout is read into, and what conversion, statistics and samples start from."""
from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Table:
    """P pictures and N objects. Boxes are (x, y, width, height) in pixels of the picture as `sizes` has it."""

    names: tuple[str, ...]
    ids: tuple[int, ...]                            # of the classes in the source
    files: tuple[str, ...]                          # paths inside the source
    splits: tuple[str, ...]                         # "train", "val", "test" or "", a picture each
    sizes: np.ndarray                               # int64 [P, 2] width, height
    pictures: np.ndarray                            # int64 [N] index of the picture
    labels: np.ndarray                              # int64 [N] index of the class
    boxes: np.ndarray                               # float64 [N, 4]
    crowds: np.ndarray                              # bool [N] a region of many objects, no target

    def of(self, picture: int) -> np.ndarray:
        """Indices of a picture's objects."""
        return np.flatnonzero(self.pictures == picture)

    def split(self, name: str) -> np.ndarray:
        """Indices of the pictures of a split."""
        return np.flatnonzero(np.array(self.splits, dtype=object) == name) if self.splits else np.zeros(0, np.int64)

    def keep(self, chosen: np.ndarray) -> Table:
        """Only the pictures of these indices, in this order, and their objects, picture by picture."""
        place = np.full(len(self.files), -1)
        place[chosen] = np.arange(len(chosen))
        kept = np.argsort(place[self.pictures], kind="stable")
        kept = kept[place[self.pictures[kept]] >= 0]
        pick = [int(index) for index in chosen]
        return replace(self, files=tuple(self.files[i] for i in pick), splits=tuple(self.splits[i] for i in pick), sizes=self.sizes[chosen],
                       pictures=place[self.pictures[kept]], labels=self.labels[kept], boxes=self.boxes[kept], crowds=self.crowds[kept])

    def save(self, path: Path) -> None:
        """Write a file that `load` reads."""
        words = json.dumps({"names": self.names, "ids": self.ids, "files": self.files, "splits": self.splits})
        with open(path, "wb") as file:
            whole = {key: getattr(self, key).astype("<i4") for key in ("sizes", "pictures", "labels")}
            letters = np.frombuffer(words.encode(), np.uint8)
            np.savez_compressed(file, words=letters, boxes=self.boxes.astype("<f4"), crowds=self.crowds, **whole)

    @classmethod
    def load(cls, path: Path) -> Table:
        """What `save` wrote; boxes come back in single precision."""
        with np.load(path, allow_pickle=False) as kept:
            words: dict[str, Any] = {key: tuple(value) for key, value in json.loads(kept["words"].tobytes()).items()}
            whole = {key: kept[key].astype(np.int64) for key in ("sizes", "pictures", "labels")}
            return cls(**words, **whole, boxes=kept["boxes"].astype(np.float64), crowds=kept["crowds"])
