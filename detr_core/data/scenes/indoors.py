"""Backdrops under a roof: a room, and a table before a room out of focus."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from .scenery import Colour, Plane, axis, cloud_noise, disc, fill, glow, gradient, mix, planes, rectangle, shade
from .setting import Setting, jittered, pick

PASTELS = (
    (236, 208, 196), (206, 222, 232), (214, 228, 206), (240, 228, 196), (222, 208, 232), (196, 214, 214), (232, 232, 228),
    (120, 146, 164), (146, 164, 138), (196, 140, 120),
)  # fmt: skip
VIVID = (
    (240, 128, 112), (64, 160, 170), (246, 190, 84), (166, 148, 214), (112, 174, 228), (240, 160, 178), (126, 190, 140), (70, 96, 150),
    (236, 222, 204), (250, 236, 226),
)  # fmt: skip
WOODS = ((196, 146, 98), (168, 116, 76), (214, 176, 132), (132, 92, 68), (224, 202, 172))
TINTS = ((1.0, 1.0, 1.0), (1.04, 1.0, 0.94), (0.96, 0.99, 1.03), (1.02, 0.98, 1.0))
HOUSEHOLD = ("cup", "banana", "apple", "pizza", "laptop", "book", "clock", "potted plant")


@dataclass(frozen=True)
class Indoor(Setting):
    """A setting under a roof, with a colour for its wall and one for its floor."""

    wall: Colour
    floor: Colour
    clutter: ClassVar[str] = "indoor"
    horizons: ClassVar[tuple[float, float]] = (0.38, 0.5)
    walls: ClassVar[tuple[Colour, ...]] = PASTELS
    floors: ClassVar[tuple[Colour, ...]] = WOODS

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """Draw the colours, the light and the height of the horizon."""
        wall = jittered(rng, pick(rng, cls.walls), 12)
        return cls(
            seed=int(rng.integers(2**32)),
            horizon=float(rng.uniform(*cls.horizons)),
            tint=pick(rng, TINTS),
            haze=wall,
            wall=wall,
            floor=jittered(rng, pick(rng, cls.floors), 12),
        )


def planks(canvas: np.ndarray, rng: np.random.Generator, plane: Plane, colour: Colour, width: float) -> None:
    """Boards that run away from the viewer, each with its own tone and grain."""
    floor = canvas[:, plane.first :]
    board = np.floor(plane.across / width).astype(np.int32)
    tones = rng.uniform(-0.06, 0.06, 64).astype(np.float32)
    tile = cloud_noise(rng, (256, 256), (48, 3), 3)
    fade = 1.1 - 0.25 * plane.nearness
    floor[:] = planes(colour) * ((1 + tones[board % 64] + 0.05 * plane.texture(tile, (0.4, 0.15))) * fade)
    shade(floor, -0.3 * plane.seams(plane.across, width, 0.005))


def checker(canvas: np.ndarray, plane: Plane, colour: Colour, side: float, contrast: float) -> None:
    """Square tiles: white ones and coloured ones, blended to a contrast of 0..1."""
    floor = canvas[:, plane.first :]
    pattern = plane.stripes(plane.across, 2 * side) * plane.stripes(plane.away, 2 * side)
    light = mix(colour, (255, 252, 246), 0.75)
    fill(floor, np.ones_like(pattern), light)
    fill(floor, (0.5 + 0.5 * pattern) * contrast, colour)
    shade(floor, -0.12 * plane.nearness)


@dataclass(frozen=True)
class Room(Indoor):
    """A wall with a window or pictures, and a floor."""

    favourites: ClassVar[tuple[str, ...]] = (
        "chair", "potted plant", "clock", "cat", "dog", "book", "backpack", "laptop", "umbrella", "bicycle", "pizza", "motorcycle",
    )  # fmt: skip
    airy: ClassVar[tuple[str, ...]] = ("clock_1f55", "clock_23f2")

    def paint(self, size: int) -> np.ndarray:
        """Wall, window or pictures, skirting board, floor and rug."""
        rng = self.generator()
        upper, lower = mix(self.wall, (255, 255, 255), 0.12), mix(self.wall, (90, 80, 90), 0.1)
        canvas = gradient(size, [(0, upper), (self.horizon, lower), (1, self.wall)])
        if rng.random() < 0.4:
            phase = axis(size) * rng.integers(8, 16)
            canvas *= (1 + 0.025 * np.clip((np.abs(phase - np.floor(phase) - 0.5) - 0.25) * 40, -1, 1)).astype(np.float32)
        self.window(canvas, rng) if rng.random() < 0.6 else self.pictures(canvas, rng)
        plane = Plane(size, self.horizon)
        if rng.random() < 0.65:
            planks(canvas, rng, plane, self.floor, rng.uniform(0.16, 0.3))
        else:
            checker(canvas, plane, jittered(rng, pick(rng, PASTELS + VIVID), 15), rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.6))
        rectangle(canvas, (0, self.horizon - 0.03, 1, self.horizon + 0.004), mix(self.wall, (255, 255, 255), 0.6))
        rectangle(canvas, (0, self.horizon + 0.002, 1, self.horizon + 0.012), mix(self.floor, (30, 20, 20), 0.6), 0.5)
        if rng.random() < 0.5:
            centre = (rng.uniform(0.3, 0.7), self.horizon + (1 - self.horizon) * rng.uniform(0.45, 0.65))
            rug, wide = jittered(rng, pick(rng, PASTELS), 20), rng.uniform(0.3, 0.45)
            for ring, paint in ((1.0, mix(rug, (80, 70, 90), 0.25)), (0.93, rug), (0.7, mix(rug, (255, 255, 255), 0.25)), (0.64, rug)):
                disc(canvas, centre, (wide * ring, wide * 0.3 * ring), paint)
        glow(canvas, (rng.uniform(0, 1), 0.1), (0.7, 0.6), (255, 246, 226), 0.18)
        return canvas

    def window(self, canvas: np.ndarray, rng: np.random.Generator) -> None:
        """A bright window with a cross bar."""
        width, left, top = rng.uniform(0.2, 0.32), rng.uniform(0.05, 0.6), rng.uniform(0.04, 0.12)
        bottom = min(self.horizon - 0.1, top + width * 1.2)
        frame = mix(self.wall, (255, 255, 255), 0.8)
        glow(canvas, (left + width / 2, (top + bottom) / 2), (0.3, 0.3), (255, 252, 240), 0.35)
        rectangle(canvas, (left, top, left + width, bottom), frame)
        outside = pick(rng, ((170, 212, 240), (255, 226, 190), (196, 226, 214)))
        for column in range(2):
            for row in range(2):
                x, y = left + 0.014 + column * width / 2, top + 0.014 + row * (bottom - top) / 2
                pane = (x, y, x + width / 2 - 0.021, y + (bottom - top) / 2 - 0.021)
                rectangle(canvas, pane, mix(outside, (255, 255, 255), 0.35 - 0.25 * row))
        rectangle(canvas, (left - 0.02, bottom, left + width + 0.02, bottom + 0.018), mix(frame, (90, 90, 100), 0.12))

    def pictures(self, canvas: np.ndarray, rng: np.random.Generator) -> None:
        """A few framed blocks of colour."""
        left = rng.uniform(0.06, 0.3)
        for _ in range(int(rng.integers(1, 4))):
            width, height, top = rng.uniform(0.1, 0.18), rng.uniform(0.1, 0.2), rng.uniform(0.06, 0.14)
            art = jittered(rng, pick(rng, PASTELS), 25)
            rectangle(canvas, (left + 0.006, top + 0.01, left + width + 0.006, top + height + 0.01), (40, 36, 40), 0.25)
            rectangle(canvas, (left, top, left + width, top + height), mix(self.floor, (60, 40, 30), 0.3))
            rectangle(canvas, (left + 0.01, top + 0.01, left + width - 0.01, top + height - 0.01), (246, 244, 238))
            rectangle(canvas, (left + 0.025, top + 0.025, left + width - 0.025, top + height - 0.025), art)
            left += width + 0.06


@dataclass(frozen=True)
class Table(Indoor):
    """A table before a room out of focus."""

    favourites: ClassVar[tuple[str, ...]] = HOUSEHOLD
    horizons: ClassVar[tuple[float, float]] = (0.26, 0.4)
    shadow: ClassVar[float] = 0.5

    def paint(self, size: int) -> np.ndarray:
        """Blurred lights, then the table top."""
        rng = self.generator()
        canvas = gradient(size, [(0, mix(self.wall, (40, 40, 60), 0.25)), (self.horizon, self.wall), (1, self.wall)])
        for _ in range(int(rng.integers(5, 12))):
            place, radius = (rng.random(), rng.uniform(0, self.horizon)), rng.uniform(0.05, 0.2)
            glow(canvas, place, (radius, radius), jittered(rng, pick(rng, PASTELS), 30), 0.5)
        for _ in range(int(rng.integers(3, 9))):
            place, radius = (rng.random(), rng.uniform(0, self.horizon)), rng.uniform(0.015, 0.045)
            disc(canvas, place, (radius, radius), (255, 244, 220), rng.uniform(0.1, 0.3))
        plane = Plane(size, self.horizon, 0.2)
        if rng.random() < 0.7:
            planks(canvas, rng, plane, self.floor, rng.uniform(0.3, 0.7))
        else:
            checker(canvas, plane, jittered(rng, pick(rng, VIVID), 20), rng.uniform(0.14, 0.24), rng.uniform(0.35, 0.7))
        rectangle(canvas, (0, self.horizon - 0.002, 1, self.horizon + 0.008), mix(self.floor, (255, 240, 220), 0.5), 0.6)
        glow(canvas, (rng.uniform(0.2, 0.8), self.horizon + 0.25), (0.5, 0.3), (255, 250, 236), 0.22)
        return canvas
