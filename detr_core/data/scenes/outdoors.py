"""Backdrops in the open: a meadow and a beach."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from .scenery import (
    Colour,
    Plane,
    axis,
    below,
    cloud_noise,
    clouds,
    disc,
    fill,
    glow,
    gradient,
    mix,
    planes,
    shade,
    smoothstep,
    wave,
)
from .setting import Setting, jittered, pick


@dataclass(frozen=True)
class Light:
    """A time of day: sky colours from the top to the horizon, cloud colour, and tint of everything."""

    top: Colour
    low: Colour
    cloud: Colour
    tint: Colour


LIGHTS = (
    Light((74, 148, 226), (206, 232, 248), (255, 255, 255), (1.0, 1.0, 1.0)),
    Light((98, 178, 226), (232, 240, 236), (255, 255, 255), (1.02, 1.0, 0.97)),
    Light((128, 186, 226), (255, 232, 206), (255, 248, 240), (1.05, 1.0, 0.93)),
    Light((108, 116, 190), (255, 196, 150), (255, 214, 196), (1.04, 0.95, 0.9)),
    Light((120, 170, 206), (226, 236, 240), (250, 251, 252), (1.0, 1.0, 1.01)),
    Light((46, 56, 118), (196, 138, 170), (150, 122, 172), (0.84, 0.82, 0.98)),
)
GROUNDS = ((124, 190, 80), (100, 176, 92), (156, 196, 84), (226, 192, 104), (240, 206, 146), (230, 238, 248), (132, 200, 120))


def sky(setting: "Open", size: int, rng: np.random.Generator) -> np.ndarray:
    """Gradient, a sun at times, and clouds."""
    light = LIGHTS[setting.light]
    canvas = gradient(size, [(0, light.top), (setting.horizon, light.low), (1, light.low)])
    if rng.random() < 0.5:
        place = (rng.uniform(0.1, 0.9), setting.horizon * rng.uniform(0.2, 0.9))
        glow(canvas, place, (0.34, 0.3), mix(light.cloud, (255, 236, 190), 0.6), 0.55)
        disc(canvas, place, (0.045, 0.045), (255, 250, 232), 0.85)
    clouds(canvas, rng, setting.horizon, light.cloud)
    return canvas


def ridges(canvas: np.ndarray, rng: np.random.Generator, setting: "Open", colour: Colour) -> None:
    """Two or three ranges of hills, the farthest almost as pale as the sky."""
    size, count = canvas.shape[1], int(rng.integers(1, 4))
    rows = axis(size)[:, None]
    for number in range(count):
        nearness = (number + 1) / (count + 1)
        crest = setting.horizon - 0.13 * (1 - nearness) - 0.02 + (0.055 * (1.3 - nearness)) * wave(rng, size, 4, 0.7)
        paint = planes(mix(setting.haze, mix(colour, (70, 104, 120), 0.35), 0.25 + 0.5 * nearness))
        depth = np.clip((rows - crest[None].astype(np.float32)) * 4, 0, 1)
        fill(canvas, below(crest, size), paint * (1.08 - 0.16 * depth))


def ground(canvas: np.ndarray, rng: np.random.Generator, horizon: float, colour: Colour, haze: Colour, grain: float) -> Plane:
    """A plane that fades into the haze, with mottling in perspective; returned for further painting."""
    size = canvas.shape[1]
    plane = Plane(size, horizon)
    far, near = mix(colour, haze, 0.35), mix(colour, (60, 80, 60), 0.18)
    canvas[:, plane.first :] = gradient(size, [(horizon, far), (horizon + 0.2, colour), (1, near)])[:, plane.first :]
    tile = cloud_noise(rng, (256, 256), (6, 6), octaves=4)
    shade(canvas[:, plane.first :], plane.texture(tile, (0.22, 0.5)) * grain)
    return plane


@dataclass(frozen=True)
class Open(Setting):
    """A setting under the sky."""

    light: int
    colour: Colour
    airy: ClassVar[tuple[str, ...]] = ("airplane", "bird_1f54a", "bird_1f985")

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """Draw the time of day, the horizon and the colour of the ground."""
        light = int(rng.integers(len(LIGHTS)))
        return cls(
            seed=int(rng.integers(2**32)),
            horizon=float(rng.uniform(*cls.horizons)),
            tint=LIGHTS[light].tint,
            haze=LIGHTS[light].low,
            light=light,
            colour=jittered(rng, pick(rng, cls.grounds)),
        )

    horizons: ClassVar[tuple[float, float]] = (0.27, 0.42)
    grounds: ClassVar[tuple[Colour, ...]] = GROUNDS


@dataclass(frozen=True)
class Meadow(Open):
    """Grass, sand or snow before hills, sometimes with a path."""

    favourites: ClassVar[tuple[str, ...]] = (
        "bird", "cat", "dog", "horse", "cow", "elephant", "bear", "zebra", "giraffe", "airplane", "bear", "cow",
    )  # fmt: skip

    def paint(self, size: int) -> np.ndarray:
        """Sky, hills, ground and path."""
        rng = self.generator()
        canvas = sky(self, size, rng)
        ridges(canvas, rng, self, self.colour)
        plane = ground(canvas, rng, self.horizon, self.colour, self.haze, 0.09)
        if rng.random() < 0.5:
            rows = axis(size)[plane.first :, None]
            t = plane.nearness
            centre = rng.uniform(0.3, 0.7) + rng.uniform(-0.5, 0.5) * t * (1 - t) * 2 + rng.uniform(-0.3, 0.3) * t
            width = 0.012 + rng.uniform(0.12, 0.26) * t * t
            path = np.clip((width - np.abs(axis(size)[None] - centre)) * size / (2 + 6 * t) + 0.5, 0, 1)
            fill(canvas[:, plane.first :], path * np.clip((rows - self.horizon) * 30, 0, 1) * 0.75,
                 jittered(rng, mix((222, 196, 150), self.colour, 0.2)))  # fmt: skip
        return canvas


@dataclass(frozen=True)
class Beach(Open):
    """The sea behind a strip of sand; boats keep to the water."""

    favourites: ClassVar[tuple[str, ...]] = (
        "boat", "boat", "boat", "bird", "airplane", "umbrella", "sports ball", "chair", "backpack",
    )  # fmt: skip
    horizons: ClassVar[tuple[float, float]] = (0.28, 0.38)
    grounds: ClassVar[tuple[Colour, ...]] = ((238, 214, 168), (228, 202, 156), (242, 226, 192))
    afloat: ClassVar[tuple[str, ...]] = ("boat",)
    shore: ClassVar[float] = 0.42

    def paint(self, size: int) -> np.ndarray:
        """Sky, sea with glints, foam and sand."""
        rng = self.generator()
        canvas = sky(self, size, rng)
        deep = jittered(rng, pick(rng, ((46, 130, 178), (38, 152, 170), (66, 124, 186))))
        if rng.random() < 0.5:
            ridges(canvas, rng, self, (96, 140, 120))
        plane = ground(canvas, rng, self.horizon, deep, mix(self.haze, deep, 0.3), 0.05)
        glints = smoothstep(cloud_noise(rng, (size, size), (6, 48), 3)[plane.first :], 0.35, 1.3)
        fill(canvas[:, plane.first :], glints * 0.5, mix(self.haze, (255, 255, 255), 0.6))
        edge = self.horizon + (1 - self.horizon) * self.shore + 0.014 * wave(rng, size, 4, 1.5)
        fill(canvas, below(edge - 0.05, size) * 0.35, (122, 214, 210))
        fill(canvas, below(edge - 0.012, size) * 0.8, (250, 252, 252))
        sand = planes(self.colour) * (1 + 0.05 * cloud_noise(rng, (size, size), (12, 30), 3))
        wet = below(edge + 0.012, size) - below(edge + 0.07, size)
        fill(canvas, below(edge + 0.012, size), sand)
        fill(canvas, wet * 0.3, mix(self.colour, (120, 96, 70), 0.6))
        return canvas
