"""Write scenes as a COCO-format folder, and keep the standard sets in a cache."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .catalogue import CLASSES
from .generate import Scene, render

SEED = 2020
"""The seed of the standard training and validation sets."""
VERSION = 1
"""Raised whenever the generator changes what a seed means; part of the cache's name."""
COUNTS = {"train": 2000, "val": 200}
"""How many pictures the standard sets have."""
QUALITY = 92


def cache_root() -> Path:
    """Where generated sets are kept: $DETR_ATLAS_CACHE, else the user's cache folder."""
    own, shared = os.environ.get("DETR_ATLAS_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else Path(shared or Path.home() / ".cache") / "detr_atlas"


def _annotation(number: int, image_id: int, scene: Scene, row: int) -> dict:
    x1, y1, x2, y2 = (float(value) for value in scene.boxes[row])
    width, height = x2 - x1, y2 - y1
    return {
        "id": number, "image_id": image_id, "category_id": CLASSES[scene.labels[row]].id,
        "bbox": [x1, y1, width, height], "area": width * height, "iscrowd": 0,
    }  # fmt: skip


def write(
    out: Path, split: str, count: int, size: int = 320, seed: int = SEED, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write `count` scenes of a split to out/images and their boxes to out/instances_{split}.json; return that file.

    `progress(done, count)` is called after every picture.
    """
    if count < 1:
        raise ValueError(f"A set needs at least one scene, not {count}.")
    images, annotations = [], []
    (out / "images").mkdir(parents=True, exist_ok=True)
    for index in range(count):
        scene = render(seed, index, size, split)
        name = f"{split}_{index:06d}.jpg"
        Image.fromarray(scene.image).save(out / "images" / name, quality=QUALITY, subsampling=0)
        images.append({"id": index + 1, "file_name": name, "width": size, "height": size})
        for row in range(len(scene.labels)):
            annotations.append(_annotation(len(annotations) + 1, index + 1, scene, row))
        if progress:
            progress(index + 1, count)
    table = {
        "info": {"description": f"DETR Atlas scenes, version {VERSION}, seed {seed}, {split}", "license": "sprites: MIT, Microsoft"},
        "categories": [{"id": row.id, "name": row.name} for row in CLASSES],
        "images": images,
        "annotations": annotations,
    }
    file = out / f"instances_{split}.json"
    file.write_text(json.dumps(table))
    return file


def folder(
    split: str, count: int | None = None, size: int = 320, root: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Return a cached COCO folder with a standard set, generating it first where it is missing (about 20 ms a picture)."""
    count = COUNTS.get(split, 1) if count is None else count
    place = (root or cache_root()) / f"scenes-v{VERSION}-{split}-{count}-{size}"
    if (place / f"instances_{split}.json").exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{place.name}-", dir=place.parent))
    try:
        write(unfinished, split, count, size, progress=progress)
        unfinished.rename(place)
    except OSError:
        if not (place / f"instances_{split}.json").exists():  # else another process was faster, and its copy is the same
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return place
