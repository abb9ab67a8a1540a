"""What every backdrop has in common: a seed, a horizon, light, and which classes feel at home in it."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from .scenery import Colour


def jittered(rng: np.random.Generator, colour: Colour, amount: float = 10) -> Colour:
    """Shift a colour a little, mostly in brightness."""
    common = rng.uniform(-amount, amount)
    return tuple(float(np.clip(c + common + rng.uniform(-amount, amount) * 0.5, 0, 255)) for c in colour)


def pick(rng: np.random.Generator, choices: tuple):
    """Choose one of several values."""
    return choices[int(rng.integers(len(choices)))]


@dataclass(frozen=True)
class Setting:
    """A place that pictures are set in. `horizon` is where its ground begins, as a fraction of the picture's height.

    `tint` multiplies the three channels of the finished picture; `haze` is the colour that distant things fade into.
    """

    seed: int
    horizon: float
    tint: Colour
    haze: Colour

    favourites: ClassVar[tuple[str, ...]] = ()
    airy: ClassVar[tuple[str, ...]] = ()
    """Beginnings of the names of sprites that are placed above the horizon."""
    afloat: ClassVar[tuple[str, ...]] = ()
    """Classes that stay between the horizon and the shore, while all others stay on land."""
    shore: ClassVar[float] = 0.0
    """Where land begins, as a share of the way from the horizon to the lower edge."""
    clutter: ClassVar[str] = "outdoor"
    flat: ClassVar[bool] = False
    """Seen from above: things lie anywhere, turned more freely, and throw a drop shadow instead of one on the ground."""
    shadow: ClassVar[float] = 0.4

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """Draw a variation of this setting."""
        raise NotImplementedError

    def paint(self, size: int) -> np.ndarray:
        """Paint the empty backdrop, float32 [3, size, size] in 0..255."""
        raise NotImplementedError

    def generator(self) -> np.random.Generator:
        """The random numbers of the painting; the same for every size."""
        return np.random.Generator(np.random.PCG64(self.seed))
