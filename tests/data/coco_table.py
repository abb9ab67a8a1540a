"""A small COCO table, and copies of it with a flaw."""
from __future__ import annotations

import copy
import json
from pathlib import Path

from detr_core.data import CocoDataset

GOOD = {
    "images": [
        {"id": 7, "file_name": "a.png", "width": 40, "height": 20},
        {"id": 3, "file_name": "sub/b.png", "width": 30, "height": 30},
    ],
    "categories": [{"id": 90, "name": "toothbrush"}, {"id": 2, "name": "bicycle"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 90, "bbox": [10, 5, 20, 10], "area": 150.5, "iscrowd": 0},
        {"id": 2, "image_id": 7, "category_id": 2, "bbox": [0, 0, 4, 4]},
        {"id": 3, "image_id": 7, "category_id": 2, "bbox": [0, 0, 40, 20], "iscrowd": 1},
    ],
}


def opened(table, pictures: Path, tmp_path: Path) -> CocoDataset:
    file = tmp_path / "labels.json"
    file.write_text(table if isinstance(table, str) else json.dumps(table))
    return CocoDataset(pictures, file)


def changed(path: list, value) -> dict:
    """A copy of the good table with one value replaced, or removed where it is `...`."""
    table = copy.deepcopy(GOOD)
    place = table
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    elif isinstance(place, list) and path[-1] == len(place):
        place.append(value)
    else:
        place[path[-1]] = value
    return table
