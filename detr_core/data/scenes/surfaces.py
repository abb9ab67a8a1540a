"""Plain backdrops: a surface seen from above, and a photographer's studio."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .indoors import HOUSEHOLD, PASTELS, VIVID, Indoor
from .scenery import Colour, axis, below, cloud_noise, disc, fill, glow, gradient, mix, planes, shade, wave
from .setting import jittered, pick


@dataclass(frozen=True)
class FlatLay(Indoor):
    """A surface seen from above: boards, cloth, stone or paper."""

    favourites: ClassVar[tuple[str, ...]] = (*HOUSEHOLD, "backpack", "sports ball")
    horizons: ClassVar[tuple[float, float]] = (0.0, 0.001)
    flat: ClassVar[bool] = True
    walls: ClassVar[tuple[Colour, ...]] = PASTELS + VIVID

    def paint(self, size: int) -> np.ndarray:
        """One of four materials, lit from the upper left."""
        rng = self.generator()
        canvas = np.empty((3, size, size), np.float32)
        (self.boards, self.cloth, self.stone, self.stone)[int(rng.integers(4))](canvas, rng)
        glow(canvas, (0.15, 0.1), (0.8, 0.8), (255, 250, 240), 0.2)
        return canvas

    def boards(self, canvas: np.ndarray, rng: np.random.Generator) -> None:
        """Broad boards with grain along them."""
        size, count = canvas.shape[1], int(rng.integers(4, 8))
        row = axis(size) * count
        tones = rng.uniform(-0.07, 0.07, count + 1)[np.floor(row).astype(int)].astype(np.float32)
        seam = np.clip((0.012 - np.abs(row - np.floor(row + 0.5))) * size / count + 0.5, 0, 1)
        grain = 0.06 * cloud_noise(rng, (size, size), (3, 40), 3)
        canvas[:] = planes(self.floor) * (1 + tones[:, None] + grain - 0.35 * seam[:, None])

    def cloth(self, canvas: np.ndarray, rng: np.random.Generator) -> None:
        """A tablecloth with broad crossing stripes."""
        size, count = canvas.shape[1], float(rng.uniform(4, 9))
        phase = axis(size) * count
        stripe = np.clip((np.abs(phase - np.floor(phase) - 0.5) - 0.25) * size / count + 0.5, 0, 1)
        amount = (stripe[:, None] + stripe[None]) * 0.5 * rng.uniform(0.25, 0.7)
        canvas[:] = planes((248, 246, 240))
        fill(canvas, amount, self.wall)
        shade(canvas, 0.03 * cloud_noise(rng, (size, size), (3, 3), 3))

    def stone(self, canvas: np.ndarray, rng: np.random.Generator) -> None:
        """Plaster, marble or paper: cloudy tones, sometimes with veins."""
        size = canvas.shape[1]
        texture = cloud_noise(rng, (size, size), (3, 3), 5)
        canvas[:] = planes(self.wall) * (1 + 0.05 * texture)
        if rng.random() < 0.5:
            vein = np.clip(0.05 - np.abs(texture - rng.uniform(-0.3, 0.3)), 0, 1) * 20
            fill(canvas, vein * rng.uniform(0.1, 0.4), mix(self.wall, (90, 90, 100), 0.5))


@dataclass(frozen=True)
class Studio(Indoor):
    """A seamless backdrop in one or two colours with soft light."""

    walls: ClassVar[tuple[Colour, ...]] = VIVID
    airy: ClassVar[tuple[str, ...]] = ("airplane",)
    horizons: ClassVar[tuple[float, float]] = (0.26, 0.42)
    shadow: ClassVar[float] = 0.45

    def paint(self, size: int) -> np.ndarray:
        """A cove: wall and floor run into each other; large soft shapes at times."""
        rng = self.generator()
        floor = mix(self.wall, pick(rng, ((255, 255, 255), (70, 80, 110), (255, 226, 200))), 0.3)
        far, near = mix(self.wall, (255, 255, 255), 0.2), mix(floor, (60, 60, 80), 0.12)
        canvas = gradient(size, [(0, self.wall), (self.horizon - 0.08, far), (self.horizon + 0.12, floor), (1, near)])
        if rng.random() < 0.6:
            for _ in range(int(rng.integers(1, 4))):
                paint, radius = jittered(rng, pick(rng, PASTELS), 20), rng.uniform(0.1, 0.3)
                disc(canvas, (rng.random(), rng.uniform(0, self.horizon)), (radius, radius), paint, rng.uniform(0.3, 0.7))
        if rng.random() < 0.4:
            crest = self.horizon - 0.05 + 0.06 * wave(rng, size, 2, 0.6)
            fill(canvas, below(crest, size) * 0.6, floor)
        glow(canvas, (rng.uniform(0.2, 0.8), self.horizon), (0.5, 0.4), (255, 255, 255), 0.3)
        return canvas
