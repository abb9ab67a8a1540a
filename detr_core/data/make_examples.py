"""Make `assets/examples/`: the gallery's pictures with their true boxes, out of the validation sets.

    python -m detr_core.data.make_examples
"""

import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from . import scenes
from .coco import CocoDataset
from .named import TREES, open_dataset

OUTPUT = Path(__file__).resolve().parents[2] / "assets" / "examples"
SIDE = 640
SCENES = {
    "meadow": (115, "A meadow"),
    "street": (188, "A street"),
    "beach": (162, "A beach at night"),
    "room": (17, "A room"),
    "table": (174, "A table"),
}
TILES = {
    "clearing": ("val", "yellA_r3c1.jpg", "Trees from above"),
    "forest": ("val", "yellB_r1c2.jpg", "A denser forest from above"),
    "other-forest": ("othersite", "osbs_r0c0.jpg", "A forest of another site"),
}
SCENE_CREDIT = "Generated scene, never trained on. Sprites: Microsoft Fluent emoji, MIT."
TREES_CREDIT = "National Ecological Observatory Network (NEON), CC0. Boxes: DeepForest, MIT."


def scene_example(name: str, index: int, title: str, out: Path) -> dict[str, Any]:
    """Render one scene of the validation set in display size."""
    scene = scenes.render(scenes.SEED, index, SIDE, "val")
    Image.fromarray(scene.image).save(out / f"{name}.webp", quality=88, method=6)
    return {
        "id": name, "file": f"{name}.webp", "title": title, "data": "scenes", "credit": SCENE_CREDIT, "width": SIDE, "height": SIDE,
        "boxes": scene.boxes.tolist(), "labels": list(scene.names),
    }  # fmt: skip


def tile_example(name: str, dataset: CocoDataset, file_name: str, title: str, out: Path) -> dict[str, Any]:
    """Copy one tile of the trees."""
    image = next(row for row in dataset.images if row["file_name"] == file_name)
    shutil.copyfile(TREES / "images" / file_name, out / f"{name}.jpg")
    boxes = [row["bbox"] for row in dataset.objects if row["image_id"] == image["id"]]
    return {
        "id": name, "file": f"{name}.jpg", "title": title, "data": "trees", "credit": TREES_CREDIT,
        "width": image["width"], "height": image["height"],
        "boxes": [[x, y, x + w, y + h] for x, y, w, h in boxes], "labels": ["tree"] * len(boxes),
    }  # fmt: skip


def main(out: Path = OUTPUT) -> None:
    """Write the pictures and examples.json."""
    out.mkdir(parents=True, exist_ok=True)
    examples = [scene_example(name, index, title, out) for name, (index, title) in SCENES.items()]
    for name, (split, file_name, title) in TILES.items():
        examples.append(tile_example(name, open_dataset("trees", split), file_name, title, out))
    rows = ",\n".join(json.dumps(example) for example in examples)
    (out / "examples.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
