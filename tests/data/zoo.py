"""Small data sets in three layouts, sound or with one flaw."""
from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (64, 48)
TRAIN, VAL = 24, 8
Files = dict[str, Any]
"""Path -> bytes, text or a value to be written as JSON."""


def photo(seed: int, size: tuple[int, int] = SIZE, orientation: int = 1, kind: str = "JPEG") -> bytes:
    """A picture like no other one, with an EXIF orientation where it is not 1."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1] // 8, size[0] // 8, 3), np.uint8)
    image, out = Image.fromarray(pixels).resize(size), io.BytesIO()
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    image.save(out, kind, **({"exif": exif} if orientation != 1 else {}))
    return out.getvalue()


PHOTOS = [photo(seed) for seed in range(TRAIN + VAL)]


def boxes_of(picture: int) -> list[list[float]]:
    """Two boxes a picture, in every corner of it in turn."""
    return [[4.0 + 3 * (picture % 8), 3.0 + 2 * (picture % 6), 20, 14], [30.0 + picture % 10, 20.0 + picture % 8, 22, 18]]


def coco() -> Files:
    """24 + 8 pictures with a cat and a dog each."""
    files: Files = {}
    for split, start, count in (("train", 0, TRAIN), ("val", TRAIN, VAL)):
        table: dict[str, list[dict[str, Any]]] = {"images": [], "annotations": [], "categories": []}
        table["categories"] = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
        for number in range(start, start + count):
            files[f"{split}/{number:03d}.jpg"] = PHOTOS[number]
            table["images"].append({"id": number, "file_name": f"{number:03d}.jpg", "width": SIZE[0], "height": SIZE[1]})
            table["annotations"] += [{"id": 2 * number + i, "image_id": number, "category_id": i + 1, "bbox": box, "iscrowd": 0}
                                     for i, box in enumerate(boxes_of(number))]
        files[f"annotations/instances_{split}.json"] = table
    return files


def voc(extra: str = "") -> Files:
    """The same in Pascal VOC's layout; `extra` stands before the root of every file."""
    files: Files = {}
    for number in range(TRAIN + VAL):
        objects = "".join(
            f"<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
            for name, (x, y, w, h) in zip(("cat", "dog"), boxes_of(number)))
        files[f"JPEGImages/{number:03d}.jpg"] = PHOTOS[number]
        files[f"Annotations/{number:03d}.xml"] = (f"{extra}<annotation><filename>{number:03d}.jpg</filename><size><width>{SIZE[0]}</width>"
                                                  f"<height>{SIZE[1]}</height></size>{objects}</annotation>")
    for split, numbers in (("train", range(TRAIN)), ("val", range(TRAIN, TRAIN + VAL))):
        files[f"ImageSets/Main/{split}.txt"] = "".join(f"{number:03d}\n" for number in numbers)
    return files


def yolo() -> Files:
    """The same in YOLO's layout."""
    files: Files = {"data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\n"}
    for number in range(TRAIN + VAL):
        split = "train" if number < TRAIN else "valid"
        lines = [f"{i} {(x + w / 2) / SIZE[0]} {(y + h / 2) / SIZE[1]} {w / SIZE[0]} {h / SIZE[1]}\n"
                 for i, (x, y, w, h) in enumerate(boxes_of(number))]
        files[f"{split}/images/{number:03d}.jpg"] = PHOTOS[number]
        files[f"{split}/labels/{number:03d}.txt"] = "".join(lines)
    return files


LAYOUTS: dict[str, Callable[[], Files]] = {"coco": coco, "voc": voc, "yolo": yolo}


def content(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()


def lay(files: Files, folder: Path) -> Path:
    """Write the files below a folder."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(value))
    return folder


def packed(files: Files, path: Path, top: str = "") -> Path:
    """Write the files into a zip, below the folder `top`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            archive.writestr(top + name, content(value))
    return path
