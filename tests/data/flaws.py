"""Ways to spoil a sound data set, and what its check says then."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detr_core.data.check import Checked, examine

from .zoo import Files, lay

TABLE = "annotations/instances_train.json"
Flaw = Callable[[Files], Any]


def examined(files: Files, tmp_path) -> Checked:
    return examine(lay(files, tmp_path / "set"))


def codes(checked: Checked) -> dict[str, Any]:
    return {found.code: found for found in checked.report.findings}


def table(change: Callable[[dict], Any], name: str = TABLE) -> Flaw:
    """A flaw made in a COCO table."""
    return lambda files: change(files[name])


def row(number: int, **values: Any) -> Flaw:
    """A flaw made in one annotation."""
    return table(lambda t: t["annotations"][number].update(values))


def add(**values: Any) -> Flaw:
    """One more annotation."""
    usual = {"id": 9999, "image_id": 0, "category_id": 1, "bbox": [1, 1, 9, 9]}
    return table(lambda t: t["annotations"].append({**usual, **values}))


def all_boxes(make: Callable[[list[float]], list[float]]) -> Flaw:
    return table(lambda t: [item.update(bbox=make(item["bbox"])) for item in t["annotations"]])


def put(name: str, value: Any) -> Flaw:
    return lambda files: files.update({name: value})


def drop(name: str) -> Flaw:
    return lambda files: files.pop(name)


def image(number: int, **values: Any) -> Flaw:
    return table(lambda t: t["images"][number].update(values))


def both(change: Callable[[dict], Any]) -> Flaw:
    """A flaw in the tables of both splits."""
    return lambda files: [change(files[name]) for name in (TABLE, "annotations/instances_val.json")]


def swap(name: str, old: str, new: str, count: int = -1) -> Flaw:
    """A flaw made in the text of a file."""
    return lambda files: files.update({name: files[name].replace(old, new, count)})
