"""Brushes that backdrops are painted with: gradients, noise, ridges, clouds and textured planes.

A canvas is a float32 array [3, size, size] of 0..255. All positions are fractions of the canvas, so a backdrop looks the
same at any size. Transcendental functions are applied to one-dimensional float64 arrays only: elsewhere nothing but
sums and products, which keeps pictures equal from machine to machine.
"""

import math
from functools import lru_cache

import numpy as np
from PIL import Image

Colour = tuple[float, float, float]


@lru_cache(maxsize=32)
def axis(size: int) -> np.ndarray:
    """Pixel centres along one side, float32 [size] in 0..1."""
    centres = ((np.arange(size) + 0.5) / size).astype(np.float32)
    centres.setflags(write=False)
    return centres


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    """Blend two colours; amount 0 gives the first."""
    return tuple(a + (b - a) * amount for a, b in zip(first, second, strict=True))


def smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Rise from 0 at `low` to 1 at `high` with flat ends."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def planes(paint: np.ndarray | Colour) -> np.ndarray:
    """Give a colour the shape [3, 1, 1]; leave a painted array [3, height, width] alone."""
    paint = np.asarray(paint, np.float32)
    return paint if paint.ndim == 3 else paint[:, None, None]


def gradient(size: int, stops: list[tuple[float, Colour]]) -> np.ndarray:
    """Vertical gradient through (position, colour) stops."""
    channels = [np.interp(axis(size), [p for p, _ in stops], [c[k] for _, c in stops]) for k in range(3)]
    return np.repeat(np.stack(channels).astype(np.float32)[..., None], size, axis=2)


def noise(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> np.ndarray:
    """Smooth noise in -1..1, float32 [height, width], from a random grid of (columns, rows) cells; it tiles."""
    grid = np.pad(rng.integers(0, 256, (cells[1], cells[0])).astype(np.float32) / 127.5 - 1, 2, mode="wrap")
    inner = (2, 2, 2 + cells[0], 2 + cells[1])
    return np.asarray(Image.fromarray(grid).resize((size[1], size[0]), Image.Resampling.BICUBIC, box=inner))


def cloud_noise(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int], octaves: int = 4) -> np.ndarray:
    """Sum of noises whose cells halve and whose strength halves: the look of clouds, plaster or stone."""
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        total += noise(rng, size, (cells[0] << octave, cells[1] << octave)) * 0.5**octave
    return total


def wave(rng: np.random.Generator, size: int, waves: int = 4, slowest: float = 1.0) -> np.ndarray:
    """A random smooth curve in about -1..1 over x, float64 [size]."""
    x = (np.arange(size) + 0.5) / size
    total = np.zeros(size)
    for number in range(waves):
        frequency = slowest * (number + 0.5 + rng.random())
        total += np.sin(2 * math.pi * (x * frequency + rng.random())) / (number + 1)
    return total / 1.6


def below(profile: np.ndarray, size: int) -> np.ndarray:
    """Coverage [size, size] of the area under a curve y = profile(x), with soft one-pixel edges."""
    return np.clip((axis(size)[:, None] - profile[None].astype(np.float32)) * size + 0.5, 0, 1)


def fill(canvas: np.ndarray, coverage: np.ndarray, paint: np.ndarray | Colour) -> None:
    """Lay paint over the canvas in place, as far as coverage [height, width] (0..1) says."""
    for channel, value in zip(canvas, planes(paint), strict=True):
        channel += coverage * (value - channel)


def window(size: int, low: float, high: float) -> slice:
    """The pixels that an extent low..high (fractions) touches."""
    return slice(max(0, math.floor(low * size)), max(0, min(size, math.ceil(high * size))))


def rectangle(canvas: np.ndarray, box: tuple[float, float, float, float], paint: Colour, opacity: float = 1.0) -> None:
    """Fill an axis-aligned rectangle (x1, y1, x2, y2 as fractions) with one-pixel soft edges."""
    size = canvas.shape[1]
    columns, rows = window(size, box[0], box[2]), window(size, box[1], box[3])
    if columns.stop <= columns.start or rows.stop <= rows.start:
        return
    across = np.ones(columns.stop - columns.start, np.float32)
    down = np.full(rows.stop - rows.start, opacity, np.float32)
    for line, part, low, high in ((across, columns, box[0], box[2]), (down, rows, box[1], box[3])):
        line[0] *= min(1.0, max(0.0, part.start + 1 - low * size))
        line[-1] *= min(1.0, max(0.0, high * size - part.stop + 1))
    fill(canvas[:, rows, columns], down[:, None] * across, paint)


def glow(canvas: np.ndarray, centre: tuple[float, float], radius: tuple[float, float], paint: Colour, opacity: float) -> None:
    """Add a soft elliptic spot of colour, brightest at its centre."""
    size = canvas.shape[1]
    columns, rows = (window(size, c - 2.3 * r, c + 2.3 * r) for c, r in zip(centre, radius, strict=True))
    x = ((np.arange(size)[columns] + 0.5) / size - centre[0]) / radius[0]
    y = ((np.arange(size)[rows] + 0.5) / size - centre[1]) / radius[1]
    across, down = (np.clip(np.exp(-t * t) - 0.005, 0, 1).astype(np.float32) for t in (x, y))
    fill(canvas[:, rows, columns], (down * opacity)[:, None] * across, paint)


def disc(canvas: np.ndarray, centre: tuple[float, float], radius: tuple[float, float], paint: Colour, opacity: float = 1.0) -> None:
    """Fill an ellipse with a soft edge."""
    size = canvas.shape[1]
    edge = 2.0 / (size * min(radius))
    columns, rows = (window(size, c - r * (1 + edge), c + r * (1 + edge)) for c, r in zip(centre, radius, strict=True))
    x, y = axis(size)[columns][None], axis(size)[rows][:, None]
    squared = ((x - centre[0]) / radius[0]) ** 2 + ((y - centre[1]) / radius[1]) ** 2
    fill(canvas[:, rows, columns], np.clip((1 + edge - squared) / (2 * edge), 0, 1) * np.float32(opacity), paint)


def shade(canvas: np.ndarray, amount: np.ndarray) -> None:
    """Multiply the canvas by 1 + amount, amount [height, width]."""
    canvas *= 1 + amount


def clouds(canvas: np.ndarray, rng: np.random.Generator, horizon: float, paint: Colour) -> None:
    """Soft clouds between the top and the horizon, flatter and denser towards the horizon."""
    size = canvas.shape[1]
    rows = max(8, int(size * horizon))
    texture = cloud_noise(rng, (rows, size), (3, 4), octaves=5)
    amount = smoothstep(texture, rng.uniform(0.05, 0.35), 1.1)
    envelope = smoothstep(axis(rows), 1.15, 0.55)
    fill(canvas[:, :rows], amount * (envelope[:, None] * np.float32(0.9)), paint)


class Plane:
    """A horizontal plane seen in perspective, from the horizon down to the lower edge.

    `across` [rows, size] and `away` [rows, 1] are coordinates on the plane (away shrinks towards the viewer),
    `pixel` [rows, 1] is the width of a picture pixel on the plane.
    """

    def __init__(self, size: int, horizon: float, tilt: float = 0.12) -> None:
        self.first = int(horizon * size)
        y = axis(size)[self.first :, None]
        distance = 1 / (y - horizon + tilt)
        self.nearness = np.clip((y - horizon) / (1 - horizon), 0, 1)
        self.across = (axis(size)[None] - 0.5) * distance
        self.away = distance
        self.pixel = distance / size

    def stripes(self, coordinate: np.ndarray, width: float, softness: float = 0.7) -> np.ndarray:
        """Alternate -1 and 1 along a coordinate, blending to 0 where stripes get thinner than a pixel."""
        phase = coordinate / width
        triangle = 1 - 4 * np.abs(phase - np.floor(phase + 0.5))
        footprint = softness * 4 * self.pixel / width
        return np.clip(triangle / footprint, -1, 1) * np.clip(1.6 - footprint, 0, 1)

    def seams(self, coordinate: np.ndarray, width: float, line: float) -> np.ndarray:
        """1 on thin lines at every multiple of `width`, else 0."""
        phase = coordinate / width
        distance = np.abs(phase - np.floor(phase + 0.5)) * width
        return np.clip((line - distance) / self.pixel + 0.5, 0, 1) * np.clip(line / self.pixel, 0, 1)

    def texture(self, tile: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
        """Read a square noise tile at (across, away) * scale; the grain fades with distance."""
        side = tile.shape[0]
        column = (self.across * scale[0] * side).astype(np.int32) % side
        row = (self.away * scale[1] * side).astype(np.int32) % side
        return tile.ravel()[row * side + column] * np.clip(0.5 + self.nearness, 0, 1)
