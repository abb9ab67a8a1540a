"""A street as a backdrop."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .outdoors import Open, ground, sky
from .scenery import Colour, cloud_noise, fill, mix, planes, rectangle, shade
from .setting import jittered, pick

WALLS = ((214, 138, 112), (232, 190, 140), (176, 188, 206), (202, 170, 168), (160, 180, 172), (222, 210, 190), (146, 150, 178))


@dataclass(frozen=True)
class Street(Open):
    """House fronts, a pavement, and a road from side to side."""

    favourites: ClassVar[tuple[str, ...]] = (
        "bicycle", "car", "motorcycle", "bus", "train", "traffic light", "stop sign", "bus", "train", "dog",
    )  # fmt: skip
    horizons: ClassVar[tuple[float, float]] = (0.36, 0.46)
    grounds: ClassVar[tuple[Colour, ...]] = ((186, 184, 186), (198, 190, 178), (172, 180, 190))

    def paint(self, size: int) -> np.ndarray:
        """Sky, two rows of houses, pavement and road."""
        rng = self.generator()
        canvas = sky(self, size, rng)
        self.houses(canvas, rng, far=True)
        self.houses(canvas, rng, far=False)
        plane = ground(canvas, rng, self.horizon, self.colour, self.haze, 0.03)
        floor, t = canvas[:, plane.first :], plane.nearness
        slabs = np.maximum(plane.seams(plane.across, 0.22, 0.006), plane.seams(plane.away, 0.22, 0.006))
        shade(floor, -0.14 * slabs)
        start, end = rng.uniform(0.16, 0.24), rng.uniform(0.72, 0.9)
        road = np.clip((t - start) * size * 0.5, 0, 1) * np.clip((end - t) * size * 0.5, 0, 1)
        kerb = np.clip((t - start + 0.02) * size * 0.5, 0, 1) * np.clip((end + 0.035 - t) * size * 0.5, 0, 1)
        fill(floor, kerb, mix(self.colour, (255, 255, 255), 0.45))
        grain = plane.texture(cloud_noise(rng, (256, 256), (32, 32), 2), (0.3, 0.5))
        asphalt = planes(jittered(rng, (96, 98, 108))) * (1.1 - 0.22 * t + 0.05 * grain)
        fill(floor, road, asphalt)
        middle = (start + end) / 2
        dash = np.clip((0.012 - np.abs(t - middle)) * size * 0.6 + 0.5, 0, 1) * np.clip(plane.stripes(plane.across, 0.5) + 0.2, 0, 1)
        fill(floor, dash * 0.9, jittered(rng, (244, 236, 214)))
        return canvas

    def houses(self, canvas: np.ndarray, rng: np.random.Generator, far: bool) -> None:
        """A row of fronts with windows; the far row is taller, paler and without detail."""
        left = -rng.uniform(0, 0.1)
        while left < 1:
            width, height = rng.uniform(0.08, 0.17), rng.uniform(0.1, 0.2) + 0.14 * far
            wall = mix(jittered(rng, pick(rng, WALLS), 14), self.haze, 0.62 if far else 0.22)
            top = max(0.03, self.horizon - height)
            rectangle(canvas, (left, top, left + width, self.horizon + 0.01), wall)
            rectangle(canvas, (left, top, left + width, top + 0.012), mix(wall, (70, 60, 70), 0.3))
            rectangle(canvas, (left + width * 0.86, top, left + width, self.horizon + 0.01), mix(wall, (60, 60, 80), 0.15))
            pane = mix(pick(rng, ((120, 150, 180), (255, 226, 160))), wall, 0.55 if far else 0.25)
            columns, step = int(rng.integers(2, 4)), rng.uniform(0.038, 0.05)
            for row in np.arange(top + 0.03, self.horizon - 0.03, step):
                for column in range(columns):
                    x = left + width * 0.86 * (column + 0.5) / columns
                    rectangle(canvas, (x - 0.009, row, x + 0.009, row + step * 0.55), pane)
            left += width
