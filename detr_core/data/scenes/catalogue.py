"""The bundled sprites: which classes there are, which sprite serves which split, and the pictures themselves."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

SPRITES = Path(__file__).resolve().parents[3] / "assets" / "sprites"
SPLITS = ("train", "val")


@dataclass(frozen=True)
class SpriteClass:
    """One class of the scenes: its COCO category id, its name, and its sprites by split."""

    id: int
    name: str
    train: tuple[str, ...]
    val: tuple[str, ...]

    def sprites(self, split: str) -> tuple[str, ...]:
        """Names of the sprites that pictures of a split may use."""
        if split not in SPLITS:
            raise ValueError(f"The scenes have no split {split!r}; choose one of {', '.join(SPLITS)}.")
        return self.train if split == "train" else self.val


def _table() -> dict:
    return json.loads((SPRITES / "sprites.json").read_text())


CLASSES: tuple[SpriteClass, ...] = tuple(
    SpriteClass(row["id"], row["name"], tuple(row["train"]), tuple(row["val"])) for row in _table()["classes"]
)
"""All classes; a label of a scene is an index into this tuple."""
CLUTTER: dict[str, tuple[str, ...]] = {place: tuple(names) for place, names in _table()["clutter"].items()}
"""Unlabelled sprites by the kind of place they suit."""
INDEX = {row.name: label for label, row in enumerate(CLASSES)}


@cache
def picture(name: str, reduction: int = 1) -> Image.Image:
    """Load a sprite as RGBA, at most 256 pixels a side, or that divided by `reduction`. Do not change the result."""
    if reduction > 1:
        return picture(name).reduce(reduction)
    with Image.open(SPRITES / f"{name}.webp") as file:
        return file.convert("RGBA")


def fitting(name: str, side: int) -> Image.Image:
    """The smallest stored reduction of a sprite whose longer side is still at least `side` pixels."""
    longest = max(picture(name).size)
    reduction = next((r for r in (8, 4, 2) if longest // r >= side), 1)
    return picture(name, reduction)
