"""Scenes by (seed, index): the same numbers give the same picture everywhere."""

from dataclasses import dataclass

import numpy as np

from . import layout
from .catalogue import CLASSES, SPLITS
from .compose import compose
from .indoors import Room, Table
from .outdoors import Beach, Meadow
from .setting import Setting
from .street import Street
from .surfaces import FlatLay, Studio

SEED = 2020
"""The seed of the standard training and validation sets."""
VERSION = 2
"""Raised whenever the generator changes what a seed means."""
SETTINGS: tuple[tuple[type[Setting], float], ...] = (
    (Meadow, 0.24), (Street, 0.18), (Beach, 0.12), (Room, 0.14), (Table, 0.12), (FlatLay, 0.08), (Studio, 0.12),
)  # fmt: skip
"""The places scenes are set in, and how often."""


@dataclass(frozen=True)
class Scene:
    """A picture with its labelled things."""

    image: np.ndarray
    """uint8 [H, W, 3], RGB."""
    boxes: np.ndarray
    """float32 [N, 4], x1, y1, x2, y2 in pixels, tight around what is visible."""
    labels: np.ndarray
    """int64 [N], indices into `scenes.CLASSES`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Class name of every box."""
        return tuple(CLASSES[label].name for label in self.labels)


def render(seed: int, index: int, size: int = 320, split: str = "train") -> Scene:
    """Make scene `index` of the endless series `seed`.

    `size` is the side of the square picture in pixels (64 to 2048): the same scene, drawn finer or coarser.
    The two splits differ in their series and, where a class has several sprites, in the sprites.
    """
    if not 64 <= size <= 2048:
        raise ValueError(f"A scene can be 64 to 2048 pixels a side, not {size}.")
    if split not in SPLITS:
        raise ValueError(f"The scenes have no split {split!r}; choose one of {', '.join(SPLITS)}.")
    rng = np.random.Generator(np.random.PCG64([seed, index, SPLITS.index(split)]))
    kinds, shares = zip(*SETTINGS, strict=True)
    kind = kinds[int(np.searchsorted(np.cumsum(shares), rng.random() * sum(shares)))]
    setting = kind.drawn(rng)
    return Scene(*compose(setting, layout.draw(rng, setting, split), size))
