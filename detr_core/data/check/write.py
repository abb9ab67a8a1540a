"""Write a table as a folder in one of the three layouts. COCO's is what training reads."""
from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import numpy as np
import yaml
from PIL import Image

from ...training.files import write_json
from ..decode import probe, read_image
from .measure import TURNED
from .table import SPLITS, Table
from .unpack import Progress, silent


def write(table: Table, root: Path, out: Path, layout: str = "coco", progress: Progress = silent) -> Path:
    """Write pictures and labels of `table`, whose files lie in `root`, into the new folder `out`.

    Pictures are linked where the disk can do that, else copied. Those whose boxes were drawn on pixels that the EXIF
    orientation turns are written anew without it, so that every reader sees what the boxes mean.
    """
    if layout not in WRITERS:
        raise ValueError(f"There is no layout {layout!r}: choose one of {', '.join(WRITERS)}.")
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out.name} is not empty: choose a new folder.")
    names = plain_names(table.files)
    folders, labels = WRITERS[layout]
    for place, (file, name, split) in enumerate(zip(table.files, names, table.splits)):
        target = out / folders.format(split=split) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(root / file, target, tuple(table.sizes[place].tolist()))
        progress(place + 1, len(table.files))
    labels(table, names, out)
    return out


def plain_names(files: tuple[str, ...]) -> list[str]:
    """File names without folders; stems that would be the same get a number."""
    taken: set[str] = set()
    names = []
    for file in files:
        path, number = PurePosixPath(file), 1
        stem = path.stem
        while stem.casefold() in taken:
            number += 1
            stem = f"{path.stem}_{number}"
        taken.add(stem.casefold())
        names.append(stem + path.suffix)
    return names


def _place(source: Path, target: Path, recorded: tuple[int, int]) -> None:
    with open(source, "rb") as file:
        head = file.read(1 << 20)
    if b"Exif" in head or b"eXIf" in head or source.suffix.lower() in (".tif", ".tiff", ".webp", ".avif"):
        stored, orientation = probe(source.read_bytes())
        upright = stored[::-1] if orientation in TURNED else stored
        if orientation != 1 and recorded == stored != upright:
            picture = read_image(source, upright=False)
            picture.save(target, format=Image.registered_extensions().get(target.suffix.lower(), "PNG"), quality=95)
            return
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)


def _coco(table: Table, names: list[str], out: Path) -> None:
    categories = [{"id": index + 1, "name": name, "source_id": number} for index, (name, number) in enumerate(zip(table.names, table.ids))]
    for split in dict.fromkeys(("train", "val", *table.splits)):
        images, rows = [], []
        for picture in table.split(split):
            width, height = table.sizes[picture].tolist()
            images.append({"id": int(picture) + 1, "file_name": names[picture], "width": width, "height": height})
        for index in np.flatnonzero(np.isin(table.pictures, table.split(split))):
            box = table.boxes[index].tolist()
            rows.append({"id": int(index) + 1, "image_id": int(table.pictures[index]) + 1, "category_id": int(table.labels[index]) + 1,
                         "bbox": box, "area": box[2] * box[3], "iscrowd": int(table.crowds[index])})
        (out / "annotations").mkdir(parents=True, exist_ok=True)
        write_json(out / "annotations" / f"instances_{split}.json",
                   {"info": {}, "images": images, "annotations": rows, "categories": categories}, indent=None)


def _voc(table: Table, names: list[str], out: Path) -> None:
    """Corners count from 0, as most tools write them."""
    (out / "Annotations").mkdir(parents=True)
    for picture, name in enumerate(names):
        root = ElementTree.Element("annotation")
        _texts(root, {"folder": "JPEGImages", "filename": name})
        width, height = table.sizes[picture].tolist()
        _texts(ElementTree.SubElement(root, "size"), {"width": width, "height": height, "depth": 3})
        for index in table.of(picture):
            item = ElementTree.SubElement(root, "object")
            x, y, w, h = table.boxes[index].tolist()
            _texts(item, {"name": table.names[table.labels[index]], "difficult": int(table.crowds[index])})
            box = {"xmin": x, "ymin": y, "xmax": x + w, "ymax": y + h}
            _texts(ElementTree.SubElement(item, "bndbox"), {key: f"{value:.10g}" for key, value in box.items()})
        ElementTree.ElementTree(root).write(out / "Annotations" / f"{PurePosixPath(name).stem}.xml", encoding="utf-8")
    (out / "ImageSets" / "Main").mkdir(parents=True)
    for split in dict.fromkeys(table.splits):
        stems = [PurePosixPath(names[picture]).stem for picture in table.split(split)]
        (out / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems), encoding="utf-8")


def _texts(parent: ElementTree.Element, values: dict[str, Any]) -> None:
    for tag, value in values.items():
        ElementTree.SubElement(parent, tag).text = str(value)


def _yolo(table: Table, names: list[str], out: Path) -> None:
    for picture, name in enumerate(names):
        width, height = table.sizes[picture].tolist()
        lines = []
        for index in table.of(picture):
            if table.crowds[index]:                 # the layout has no word for them
                continue
            x, y, w, h = table.boxes[index].tolist()
            numbers = (x + w / 2) / width, (y + h / 2) / height, w / width, h / height
            lines.append(" ".join([str(int(table.labels[index])), *(f"{value:.10g}" for value in numbers)]) + "\n")
        path = out / "labels" / table.splits[picture] / f"{PurePosixPath(name).stem}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
    splits = {split: f"images/{split}" for split in SPLITS if split in table.splits}
    settings = {"path": ".", **splits, "names": dict(enumerate(table.names))}
    (out / "data.yaml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")


WRITERS: dict[str, tuple[str, Callable[[Table, list[str], Path], None]]] = {
    "coco": ("images", _coco), "voc": ("JPEGImages", _voc), "yolo": ("images/{split}", _yolo),
}
"""Layout: the folder of the pictures, and what writes the labels."""
