"""Write scenes as a COCO-format folder."""

import json
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .catalogue import CLASSES
from .generate import SEED, VERSION, Scene, render

QUALITY = 92


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
