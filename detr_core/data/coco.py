"""Labelled pictures in COCO's format."""

import contextlib
import hashlib
import io
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from pycocotools.coco import COCO
from torch.utils.data import Dataset

from ..structures import Targets
from .coco_check import DataError, Report, checked_annotations, checked_categories, checked_images, load_table, shown
from .decode import ImageError, read_image

__all__ = ["CocoDataset", "DataError", "Report", "coco_object"]


def boxes_to_targets(labels: list[int], boxes: list[list[float]], image_id: int, size: tuple[int, int]) -> Targets:
    """Corner-and-size boxes in pixels (x, y, width, height) of a picture of (height, width) -> Targets."""
    height, width = size
    corner = torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4)
    centre = torch.cat([corner[:, :2] + corner[:, 2:] / 2, corner[:, 2:]], 1)
    scale = torch.tensor([width, height, width, height], dtype=torch.float64)
    return Targets(torch.tensor(labels, dtype=torch.int64), (centre / scale).float(), image_id, size)


def coco_object(annotations: dict[str, Any]) -> COCO:
    """A pycocotools object of a table in COCO's format, without its printing."""
    coco = COCO()
    coco.dataset = annotations
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


class CocoDataset(Dataset):
    """Pictures of a folder with the boxes of a COCO annotation file.

    `dataset[i]` is (RGB picture, Targets); labels are indices into `names`, whose order is that of the category ids.
    Pictures without objects are kept, crowds are no targets. Construction reads and checks the whole annotation file;
    what was mended is in `report.warnings`.

    Raises:
        DataError: when the annotations are unusable, naming every flaw, or later when a picture cannot be read.
    """

    def __init__(self, images: str | Path, annotations: str | Path) -> None:
        self.folder, self.file = Path(images), Path(annotations)
        if not self.folder.is_dir():
            raise DataError(f"There is no folder of pictures {self.folder.name!r}; check the path.")
        table = load_table(self.file)
        self.report = Report(self.file.name)
        self.categories = checked_categories(table["categories"], self.report)
        self.images = checked_images(table["images"], self.folder, self.report)
        ids, known = {row["id"]: row for row in self.images}, {row["id"] for row in self.categories}
        faults = len(self.report.errors)
        rows = table["annotations"] if not faults else []  # faults of their images would be reported once for every box
        self.objects = checked_annotations(rows, ids, known, self.report)
        if self.report.errors:
            raise DataError(self.report)
        self.names = tuple(row["name"] for row in self.categories)
        self.label_of = {row["id"]: label for label, row in enumerate(self.categories)}
        self._objects_of: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self.objects:
            self._objects_of[row["image_id"]].append(row)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Image.Image, Targets]:
        return self.picture(index), self.targets(index)

    def targets(self, index: int) -> Targets:
        """The objects of a picture, without reading the picture."""
        image = self.images[index]
        objects = [row for row in self._objects_of.get(image["id"], ()) if not row.get("iscrowd", 0)]
        labels = [self.label_of[row["category_id"]] for row in objects]
        return boxes_to_targets(labels, [row["bbox"] for row in objects], image["id"], (image["height"], image["width"]))

    def picture(self, index: int) -> Image.Image:
        """Read a picture, turned so that it has the size the annotations were made in."""
        image = self.images[index]
        path = self.folder / image["file_name"]
        where = f"image {image['id']} ({shown(image['file_name'])})"
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise DataError(f"{self.file.name}: {where} is a link that leaves the folder of pictures; copy the file into it.")
        try:
            picture, fits = as_recorded(path, (image["width"], image["height"]))
        except ImageError as error:
            raise DataError(f"{self.file.name}: {where} cannot be used: {error}") from error
        if not fits:
            sizes = f"{picture.width} x {picture.height}, not {image['width']} x {image['height']}"
            raise DataError(f"{self.file.name}: {where} has {sizes} pixels; correct width and height, or restore the picture.")
        return picture

    def annotations(self) -> dict[str, Any]:
        """The table in COCO's format with category ids = class indices, crowds included, as evaluation needs it."""
        objects = [
            {**row, "category_id": self.label_of[row["category_id"]], "area": _area(row), "iscrowd": int(row.get("iscrowd", 0))}
            for row in self.objects
        ]
        categories = [{"id": label, "name": name} for label, name in enumerate(self.names)]
        return {"info": {}, "images": self.images, "annotations": objects, "categories": categories}

    def coco(self) -> COCO:
        """The same as a pycocotools object."""
        return coco_object(self.annotations())

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the annotations and of the pictures' names and sizes in bytes: changes when the data does."""
        digest = hashlib.sha256(self.file.read_bytes())
        for row in self.images:
            digest.update(f"{row['file_name']}\0{(self.folder / row['file_name']).stat().st_size}\0".encode())
        return digest.hexdigest()[:20]


def as_recorded(path: Path, recorded: tuple[int, int]) -> tuple[Image.Image, bool]:
    """A picture, upright or as stored, so that it has the (width, height) its boxes were drawn in; False where neither has."""
    picture = read_image(path)
    if picture.size == recorded:
        return picture, True
    if (raw := read_image(path, upright=False)).size == recorded:   # boxes drawn by a tool that did not honour the EXIF orientation
        return raw, True
    return picture, _same_shape(picture.size, recorded)             # very large pictures are decoded at a reduced size


def _area(row: dict[str, Any]) -> float:
    """The mask's area where it is given, else the box's: it decides between small, medium and large."""
    area = row.get("area")
    return float(area) if isinstance(area, int | float) and area > 0 else row["bbox"][2] * row["bbox"][3]


def _same_shape(size: tuple[int, int], recorded: tuple[int, int]) -> bool:
    return max(recorded) > max(size) >= 4096 and abs(size[0] * recorded[1] - size[1] * recorded[0]) <= 2 * max(recorded)
