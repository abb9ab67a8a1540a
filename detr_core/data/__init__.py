"""Data sets, their transforms, and the reading of pictures."""

from .coco import CocoDataset, coco_object
from .coco_check import DataError, Report
from .decode import ImageError, read_image
from .named import Scenes, open_dataset
from .transforms import TrainingView, collate, training_transform

__all__ = [
    "CocoDataset", "DataError", "ImageError", "Report", "Scenes", "TrainingView", "coco_object", "collate", "open_dataset", "read_image",
    "training_transform",
]  # fmt: skip
