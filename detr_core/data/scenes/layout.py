"""Decide what stands where in a scene, before and independent of any pixels.

Things are placed from far to near. Each sprite is laid onto a coarse grid, and a place is refused when it would hide too
much of what already stands there or lie too far outside the picture, so that everything labelled stays recognisable.
"""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from PIL import Image

from . import catalogue
from .catalogue import CLASSES, CLUTTER, INDEX
from .setting import Setting, pick

GRID = 160
NOMINAL = 320
SMALLEST, SMALL, LARGEST = 12 / NOMINAL, 20 / NOMINAL, 200 / NOMINAL
VISIBLE = 0.42
"""Least part of a thing that later ones leave uncovered, of its whole area."""
APART = 0.85
"""The same for the first few attempts to place most things, so that pictures do not crowd by accident."""
INSIDE = 0.62
"""Least part of a thing that lies inside the picture."""
ATTEMPTS = 10

BULK = dict.fromkeys(("bus", "train", "elephant", "giraffe", "boat"), 1.3)
BULK |= dict.fromkeys(("cup", "banana", "apple", "pizza", "book", "clock", "sports ball", "bird"), 0.5)
BULK |= dict.fromkeys(("cat", "dog", "backpack", "potted plant", "laptop"), 0.7)
"""Rough size of things in life, so that a cup and a bus of one size stand at different distances."""
RECOLOURED = ("bicycle", "car", "motorcycle", "bus", "train", "backpack", "umbrella", "sports ball", "cup", "chair", "book")
TELLING = ("traffic light", "stop sign", "zebra", "giraffe")
"""Classes that are known by their colours; of all others, learners should see more coats than the sprites have."""
ON_POLES = ("traffic light", "stop sign")


class Shadow(Enum):
    """What a thing throws its shadow on."""

    NONE = "none"
    GROUND = "ground"
    BEHIND = "behind"


@dataclass(frozen=True)
class Placement:
    """One sprite in a scene. Lengths are fractions of the picture, angles degrees."""

    sprite: str
    label: int
    """Index of the class, or -1 for unlabelled clutter."""
    x: float
    y: float
    """Middle of the sprite before rotation."""
    size: float
    """Longer side of the sprite before rotation."""
    flip: bool
    angle: float
    shadow: Shadow
    distance: float
    """0 at the viewer, 1 at the horizon."""
    pole: float
    hue: float
    saturation: float
    brightness: float

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height before rotation."""
        width, height = catalogue.picture(self.sprite).size
        scale = self.size / max(width, height)
        return width * scale, height * scale


def drawn_size(rng: np.random.Generator) -> float:
    """Log-uniform from 20 to 200 pixels of a 320-pixel picture; one thing in sixteen is smaller still, from 12."""
    low, high = (SMALLEST, SMALL) if rng.random() < 1 / 16 else (SMALL, LARGEST)
    return float(low * (high / low) ** rng.random())


def place(rng: np.random.Generator, setting: Setting, sprite: str, label: int, size: float) -> Placement:
    """Draw a position that suits the setting, and a colour and an angle that suit the thing."""
    name = CLASSES[label].name if label >= 0 else ""
    in_air = sprite.startswith(setting.airy) and setting.horizon > 0.2
    afloat = name in setting.afloat
    hung = setting.flat or in_air
    shadow = Shadow.BEHIND if hung and setting.clutter == "indoor" else Shadow.NONE if hung or afloat else Shadow.GROUND
    size = min(size, 0.3) if in_air or afloat else size
    pole, near = 0.0, 1.0
    if setting.flat:
        y = rng.uniform(0.02, 0.98)
    elif in_air:
        y = rng.uniform(0.06, max(0.07, setting.horizon - 0.1))
    else:
        near = float(np.clip(size / LARGEST / BULK.get(name, 1.0), 0.02, 1) ** 0.7)
        low, high = (0.06, setting.shore - 0.04) if afloat else (setting.shore + 0.04, 1.0)
        bottom = setting.horizon + (1 - setting.horizon) * float(np.clip(low + (high - low) * near + rng.uniform(-0.07, 0.1), low, 1.03))
        pole = size * rng.uniform(0.5, 1.1) if name in ON_POLES and setting.clutter == "outdoor" else 0.0
        wide, tall = catalogue.picture(sprite).size
        y = bottom - pole - size * tall / max(wide, tall) / 2
    lively = 24 if setting.flat else 14 if in_air else 5
    hue = rng.uniform(-180, 180) if name in RECOLOURED and rng.random() < 0.5 else rng.uniform(-10, 10)
    return Placement(
        sprite=sprite, label=label, x=rng.uniform(-0.1, 1.1) if size > 0.25 else rng.uniform(0.01, 0.99), y=y, size=size,
        flip=bool(rng.random() < 0.5), angle=rng.uniform(-lively, lively), shadow=shadow, distance=1 - near,
        pole=pole, hue=hue, saturation=rng.uniform(0.75, 1.2), brightness=rng.uniform(0.85, 1.1),
    )  # fmt: skip


def repainted(rng: np.random.Generator, thing: Placement) -> Placement:
    """Two in five things of a training picture in another coat: a black cat, a pale cup, a grey horse."""
    if thing.label < 0 or CLASSES[thing.label].name in TELLING or rng.random() > 0.4:
        return thing
    return replace(thing, hue=thing.hue + rng.uniform(-40, 40), saturation=rng.uniform(0, 1.2), brightness=rng.uniform(0.4, 1.3))


class Occupancy:
    """Coarse record of what is visible where, used to bound occlusion."""

    def __init__(self) -> None:
        self.owner = np.full((GRID, GRID), -1, np.int16)
        self.area: list[int] = []

    def accept(self, thing: Placement, visible: float) -> bool:
        """Put a thing in front of all others, unless that hides too much; say whether it was put."""
        width, height = (max(2, round(side * GRID)) for side in thing.extent)
        alpha = catalogue.fitting(thing.sprite, max(width, height)).getchannel("A").resize((width, height), Image.Resampling.BOX)
        alpha = alpha.rotate(-thing.angle if thing.flip else thing.angle, Image.Resampling.BILINEAR, expand=True)
        mask = np.asarray(alpha) > 100
        mask = mask[:, ::-1] if thing.flip else mask
        top, left = round(thing.y * GRID - mask.shape[0] / 2), round(thing.x * GRID - mask.shape[1] / 2)
        rows, columns = slice(max(0, top), max(0, top + mask.shape[0])), slice(max(0, left), max(0, left + mask.shape[1]))
        window = self.owner[rows, columns]
        inside = mask[max(0, -top) :, max(0, -left) :][: window.shape[0], : window.shape[1]]
        if inside.sum() < INSIDE * mask.sum():
            return False
        hidden = np.bincount(window[inside] + 1, minlength=len(self.area) + 1)[1:]
        for owner in np.flatnonzero(hidden):
            if (self.owner == owner).sum() - hidden[owner] < visible * self.area[owner]:
                return False
        window[inside] = len(self.area)
        self.area.append(int(mask.sum()))
        return True


def draw(rng: np.random.Generator, setting: Setting, split: str) -> tuple[Placement, ...]:
    """Draw all things of a scene, far to near."""
    count = int(rng.integers(4, 10)) + 3 * setting.flat
    wanted = []
    for _ in range(count):
        at_home = setting.favourites and rng.random() < 0.75
        label = INDEX[pick(rng, setting.favourites)] if at_home else int(rng.integers(len(CLASSES)))
        wanted.append((pick(rng, CLASSES[label].sprites(split)), label, drawn_size(rng)))
    for _ in range(int(rng.integers(0, 4))):
        wanted.append((pick(rng, CLUTTER[setting.clutter]), -1, min(drawn_size(rng), 0.2)))
    wanted.sort(key=lambda thing: thing[2])
    occupancy, placed = Occupancy(), []
    for sprite, label, size in wanted:
        patience = ATTEMPTS // 2 if rng.random() < 0.7 else 0
        for attempt in range(ATTEMPTS):
            thing = place(rng, setting, sprite, label, size)
            if occupancy.accept(thing, APART if attempt < patience else VISIBLE):
                placed.append(repainted(rng, thing) if split == "train" else thing)
                break
    return tuple(placed)
