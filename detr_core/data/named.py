"""Open a data set by what a user calls it: `scenes`, `trees`, or a folder in COCO's format."""

from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image
from torch.utils.data import Dataset

from ..structures import Targets
from . import scenes
from .coco import CocoDataset, boxes_to_targets
from .coco_check import DataError, load_table

TREES = Path(__file__).resolve().parents[2] / "assets" / "data" / "trees"
SPLITS = ("train", "val")
SCENES_COUNT = {"train": 2000, "val": 200}
"""How many pictures the standard sets of scenes have."""


class Scenes(Dataset):
    """The standard set of scenes of a split, rendered when asked for; picture i is always the same."""

    def __init__(self, split: str, count: int | None = None, size: int = 320) -> None:
        if split not in SPLITS:
            raise DataError(f"The scenes have no split {split[:40]!r}; choose train or val.")
        self.split, self.size = split, size
        self.count = SCENES_COUNT[split] if count is None else count
        self.names = tuple(row.name for row in scenes.CLASSES)
        self.fingerprint = f"scenes-{scenes.VERSION}-{scenes.SEED}-{split}-{self.count}-{size}"

    def __len__(self) -> int:
        return self.count

    def scene(self, index: int) -> scenes.Scene:
        """The scene with its boxes in pixels."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        return scenes.render(scenes.SEED, index, self.size, self.split)

    def __getitem__(self, index: int) -> tuple[Image.Image, Targets]:
        scene = self.scene(index)
        return Image.fromarray(scene.image), self._targets(scene, index)

    def _targets(self, scene: scenes.Scene, index: int) -> Targets:
        boxes = scene.boxes.copy()
        boxes[:, 2:] -= boxes[:, :2]
        return boxes_to_targets(scene.labels.tolist(), boxes.tolist(), index + 1, (self.size, self.size))

    def annotations(self) -> dict[str, Any]:
        """The whole set as a table in COCO's format, category ids = class indices."""
        return self._annotations

    @cached_property
    def _annotations(self) -> dict[str, Any]:
        size = {"width": self.size, "height": self.size}
        images = [{"id": i + 1, "file_name": f"{self.split}_{i:06d}.jpg", **size} for i in range(self.count)]
        objects: list[dict[str, Any]] = []
        for index in range(self.count):
            scene = self.scene(index)
            for label, (x1, y1, x2, y2) in zip(scene.labels.tolist(), scene.boxes.tolist(), strict=True):
                box = [x1, y1, x2 - x1, y2 - y1]
                objects.append({"id": len(objects) + 1, "image_id": index + 1, "category_id": label, "bbox": box,
                                "area": box[2] * box[3], "iscrowd": 0})  # fmt: skip
        categories = [{"id": label, "name": name} for label, name in enumerate(self.names)]
        return {"info": {}, "images": images, "annotations": objects, "categories": categories}


def open_dataset(name: str | Path, split: str = "train") -> Scenes | CocoDataset:
    """Open `scenes`, `trees` or a COCO folder; split is `train` or `val` (for trees also `othersite`).

    Every data set has `len()`, `dataset[i]` -> (RGB picture, Targets), `names`, `annotations()` and `fingerprint`.

    Raises:
        DataError: when there is no such data set or it is malformed.
    """
    if str(name) == "scenes":
        return Scenes(split)
    if str(name) == "trees":
        if split not in (*SPLITS, "othersite"):
            raise DataError(f"The trees have no split {split[:40]!r}; choose train, val or othersite.")
        return CocoDataset(TREES / "images", TREES / f"instances_{split}.json")
    return open_folder(Path(name), split)


def open_folder(folder: Path, split: str) -> CocoDataset:
    """Open a COCO folder in one of the usual layouts.

    Annotations: annotations/instances_{split}*.json (COCO's own), instances_{split}*.json, {split}.json, or
    {split}/_annotations.coco.json. Pictures: {split}2017/, images/{split}2017/, images/{split}/, {split}/, images/, or beside
    the annotations. A validation set may be called val, valid or validation.
    """
    if not folder.is_dir():
        raise DataError(f"There is no data set or folder {str(name_of(folder))!r}; use scenes, trees or the path of a COCO folder.")
    if not split.isidentifier():
        raise DataError(f"{split[:40]!r} is no split; use train or val.")
    spellings = ("val", "valid", "validation") if split == "val" else (split,)
    annotations = [path for spelling in spellings for path in _annotation_files(folder, spelling)]
    if not annotations:
        raise DataError(f"{name_of(folder)}: no annotations for the split {split!r}; expected annotations/instances_{split}.json.")
    first = load_table(annotations[0])["images"][:1]
    name = first[0].get("file_name") if first else None
    places = [folder / place.format(s=s) for s in spellings for place in ("{s}2017", "images/{s}2017", "images/{s}", "{s}")]
    places += [folder / "images", annotations[0].parent, folder]
    for place in (place for place in places if place.is_dir()):
        if isinstance(name, str) and name and "\0" not in name and (place / name).exists():
            return CocoDataset(place, annotations[0])
    return CocoDataset(next(place for place in places if place.is_dir()), annotations[0])  # which says what is missing


def name_of(folder: Path) -> str:
    """The last part of a path, which says enough in a message."""
    return folder.name or str(folder)


def _annotation_files(folder: Path, split: str) -> list[Path]:
    """Candidates, best first."""
    found = []
    for pattern in (f"annotations/instances_{split}2017.json", f"annotations/instances_{split}*.json", f"instances_{split}*.json",
                    f"annotations/{split}.json", f"{split}.json", f"{split}/_annotations.coco.json"):  # fmt: skip
        found += [path for path in sorted(folder.glob(pattern)) if path.is_file()]
    return found
