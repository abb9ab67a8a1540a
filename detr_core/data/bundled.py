"""The two data sets that come with the project, checked: real trees, and scenes that are rendered when they are asked for."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from . import scenes
from .check import Report, Table, examine
from .check.facts import facts
from .coco_check import DataError
from .named import SCENES_COUNT, SPLITS, TREES, Scenes

BUNDLED = ("trees", "scenes")
SCENES_TABLE = TREES.parent / "scenes.npz"


@dataclass(frozen=True)
class Bundled:
    """A report and a table; `root` is the folder of the pictures, None where they are rendered."""

    report: Report
    table: Table
    root: Path | None

    def picture(self, file: str) -> Image.Image | None:
        """A rendered picture; None where pictures are files."""
        if self.root is not None:
            return None
        split, _, number = file.removesuffix(".jpg").partition("_")
        if split not in SPLITS or not number.isdecimal() or int(number) >= SCENES_COUNT[split]:
            raise DataError("There is no such picture in this data set.")
        return Scenes(split)[int(number)][0]


@cache
def bundled_set(id: str) -> Bundled:
    """One of `BUNDLED`, checked once a process."""
    if id == "trees":
        checked = examine(TREES)
        return Bundled(checked.report, checked.table, checked.root)
    table = Table.load(SCENES_TABLE)
    return Bundled(Report("coco", (), facts(table)), table, None)


def scenes_table() -> Table:
    """Boxes of the standard scenes; rendering all of them takes a minute, hence the file."""
    files, splits, sizes, parts = [], [], [], []
    for split in SPLITS:
        data = Scenes(split)
        for index in range(len(data)):
            scene = data.scene(index)
            boxes = np.concatenate([scene.boxes[:, :2], scene.boxes[:, 2:] - scene.boxes[:, :2]], 1).reshape(-1, 4)
            parts.append((np.full(len(boxes), len(files)), scene.labels, boxes))
            files.append(f"{split}_{index:06d}.jpg")
            splits.append(split)
            sizes.append((data.size, data.size))
    pictures, labels, boxes = (np.concatenate(column) for column in zip(*parts))
    names = tuple(row.name for row in scenes.CLASSES)
    return Table(names, tuple(range(len(names))), tuple(files), tuple(splits), np.array(sizes, np.int64), pictures.astype(np.int64),
                 labels.astype(np.int64), boxes.astype(np.float64), np.zeros(len(boxes), bool))


if __name__ == "__main__":
    scenes_table().save(SCENES_TABLE)
