"""A data set of coloured rectangles: small enough to train on in seconds, learnable enough to see that it is."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from detr_core import Targets

COLOURS = {"red": (220, 40, 40), "green": (40, 200, 60), "blue": (50, 60, 230)}


class Painted:
    """`len()` pictures of 64x64 with one to three rectangles; what `open_dataset` returns, without files."""

    names = tuple(COLOURS)

    def __init__(self, count: int = 16, seed: int = 0, side: int = 64):
        self.count, self.seed, self.side = count, seed, side
        self.fingerprint = f"painted {count} {seed} {side}"

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Image.Image, Targets]:
        if not 0 <= index < self.count:
            raise IndexError(index)
        random = np.random.default_rng([self.seed, index])
        picture = np.full((self.side, self.side, 3), 128, np.uint8)
        labels, boxes = [], []
        for _ in range(int(random.integers(1, 4))):
            width, height = random.integers(self.side // 6, self.side // 2, 2)
            x, y = random.integers(0, self.side - width), random.integers(0, self.side - height)
            label = int(random.integers(len(COLOURS)))
            picture[y:y + height, x:x + width] = list(COLOURS.values())[label]
            labels.append(label)
            boxes.append([(x + width / 2) / self.side, (y + height / 2) / self.side, width / self.side, height / self.side])
        targets = Targets(torch.tensor(labels), torch.tensor(boxes, dtype=torch.float32), index + 1, (self.side, self.side))
        return Image.fromarray(picture), targets

    def annotations(self) -> dict:
        found = []
        for index in range(self.count):
            targets = self[index][1]
            for label, (x, y, w, h) in zip(targets.labels.tolist(), (targets.boxes * self.side).tolist()):
                found.append({"id": len(found) + 1, "image_id": index + 1, "category_id": label, "bbox": [x - w / 2, y - h / 2, w, h],
                              "area": w * h, "iscrowd": 0})
        return {"images": [{"id": i + 1, "width": self.side, "height": self.side} for i in range(self.count)], "annotations": found,
                "categories": [{"id": i, "name": name} for i, name in enumerate(self.names)]}


def painted_folder(root: Path, train: int, val: int = 4) -> Path:
    """Painted pictures on the disk, in COCO's layout."""
    for split, count in (("train", train), ("val", val)):
        pictures = Painted(count, seed=len(split))
        table = pictures.annotations()
        (root / split).mkdir()
        for row, (picture, _) in zip(table["images"], (pictures[i] for i in range(count))):
            row["file_name"] = f"{row['id']}.png"
            picture.save(root / split / row["file_name"])
        (root / f"instances_{split}.json").write_text(json.dumps(table))
    return root
