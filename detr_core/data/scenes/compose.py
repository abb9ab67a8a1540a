"""Turn a setting and its placements into pixels and boxes, at any size.

All compositing happens in 8-bit integers inside Pillow, which keeps pictures the same on every machine.
"""

import math
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from . import catalogue
from .layout import Placement, Shadow
from .setting import Setting

SEEN = 96
"""Alpha from which a pixel counts as part of a thing."""
SHADE = (28, 26, 44)
HAZE = 0.38
"""How much of the haze the farthest things take on."""


def hue_rotation(degrees: float) -> np.ndarray:
    """3x3 matrix that turns hues and keeps luminance (SVG filter effects, `feColorMatrix` hueRotate)."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    luminance = np.array([[0.213, 0.715, 0.072]] * 3)
    turn = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
    return luminance + cosine * (np.eye(3) - luminance) + sine * turn


def colours(thing: Placement, haze: tuple[float, float, float]) -> tuple[float, ...]:
    """The 3x4 matrix for hue, saturation, brightness and haze of a thing, as Pillow's `convert` takes it."""
    grey = np.array([[0.299, 0.587, 0.114]] * 3)
    amount = HAZE * thing.distance**3 if thing.shadow is Shadow.GROUND else 0.0
    turn = (grey + thing.saturation * (np.eye(3) - grey)) @ hue_rotation(thing.hue)
    matrix = np.column_stack([turn * thing.brightness * (1 - amount), np.asarray(haze) * amount])
    return tuple(float(round(value, 6)) for value in matrix.ravel())


def cut_out(thing: Placement, haze: tuple[float, float, float], size: int) -> Image.Image:
    """Scale, colour, turn and flip a sprite."""
    width, height = (max(2, round(side * size)) for side in thing.extent)
    sprite = catalogue.fitting(thing.sprite, max(width, height)).resize((width, height), Image.Resampling.LANCZOS)
    sprite = Image.merge("RGBA", (*sprite.convert("RGB").convert("RGB", colours(thing, haze)).split(), sprite.getchannel("A")))
    sprite = sprite.rotate(-thing.angle if thing.flip else thing.angle, Image.Resampling.BICUBIC, expand=True)
    return sprite.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if thing.flip else sprite


def corner(thing: Placement, sprite: Image.Image, size: int) -> tuple[int, int]:
    """Upper left pixel of a cut-out sprite in the picture."""
    return round(thing.x * size - sprite.width / 2), round(thing.y * size - sprite.height / 2)


@cache
def blob() -> Image.Image:
    """A soft round spot, 64 pixels a side."""
    x = np.linspace(-1, 1, 64)
    spot = np.clip(1 - (x[None] ** 2 + x[:, None] ** 2), 0, 1) ** 1.3
    return Image.fromarray((spot * 255).astype(np.uint8))


@cache
def strength(amount: int) -> list[int]:
    """Table that scales a mask to amount / 100."""
    return [value * amount // 100 for value in range(256)]


def shadow_behind(canvas: Image.Image, corner: tuple[int, int], alpha: Image.Image, amount: int) -> None:
    """Blur the outline and lay it a little to the lower right, on the surface that a thing lies on or hangs at."""
    pad = max(2, round(max(alpha.size) * 0.08))
    soft = Image.new("L", (alpha.width + 2 * pad, alpha.height + 2 * pad))
    soft.paste(alpha, (pad, pad))
    soft = soft.filter(ImageFilter.GaussianBlur(pad / 2)).point(strength(amount))
    canvas.paste(SHADE, (corner[0] - pad + pad // 3, corner[1] - pad + pad * 2 // 3), soft)


def shadow_on_ground(canvas: Image.Image, foot: tuple[int, int], alpha: Image.Image, amount: int, slant: float) -> None:
    """Lay the outline down on the ground, sheared away from the light; `foot` is the lower left corner of the thing."""
    fall = max(3, round(alpha.height * 0.34))
    lean, pad = slant * fall, 2 + fall // 12
    stretch = alpha.height / fall
    matrix = (1, slant, -max(lean, 0.0) - pad, 0, stretch, -pad * stretch)
    extent = (round(alpha.width + abs(lean)) + 2 * pad, fall + 2 * pad)
    cast = alpha.transform(extent, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    cast = cast.filter(ImageFilter.GaussianBlur(1 + fall / 22)).point(strength(amount))
    canvas.paste(SHADE, (foot[0] - pad + round(min(lean, 0.0)), foot[1] - fall - pad), cast)


def lay_shadow(canvas: Image.Image, setting: Setting, thing: Placement, sprite: Image.Image, slant: float) -> None:
    """Darken what lies under or behind a thing."""
    amount = round(100 * setting.shadow * (1 - 0.5 * thing.distance))
    left, top = corner(thing, sprite, canvas.width)
    if thing.shadow is Shadow.BEHIND:
        shadow_behind(canvas, (left, top), sprite.getchannel("A"), amount)
    if thing.shadow is not Shadow.GROUND:
        return
    foot = top + sprite.height + round(thing.pole * canvas.width)
    if not thing.pole:
        shadow_on_ground(canvas, (left, foot), sprite.getchannel("A"), amount * 6 // 10, slant)
    wide = max(4, round(sprite.width * (0.35 if thing.pole else 1.06)))
    tall = max(3, round(wide * 0.17))
    spot = blob().resize((wide, tall), Image.Resampling.BILINEAR).point(strength(amount))
    canvas.paste(SHADE, (left + (sprite.width - wide) // 2, foot - tall * 6 // 10), spot)


def lay_pole(canvas: Image.Image, ids: Image.Image, thing: Placement, sprite: Image.Image) -> None:
    """Stand a sign on a grey pole; the pole is no part of the sign's box."""
    size = canvas.width
    half = max(0.6, thing.size * size * 0.028)
    top, foot = thing.y * size, thing.y * size + sprite.height / 2 + thing.pole * size
    columns = np.linspace(0, 1, max(2, round(2 * half)))
    tones = (170 - 110 * np.abs(columns - 0.35)).astype(np.uint8)
    bar = Image.fromarray(np.repeat(tones[None], max(1, round(foot - top)), axis=0))
    place = (round(thing.x * size - len(tones) / 2), round(top))
    canvas.paste(Image.merge("RGB", (bar, bar, bar)), place)
    ids.paste(0, (*place, place[0] + bar.width, place[1] + bar.height))


@cache
def vignette(size: int) -> Image.Image:
    """Slightly darker corners, as an RGB picture to multiply with."""
    x = np.linspace(-1, 1, size)
    fall = 1 - 0.08 * np.clip(x[None] ** 2 + x[:, None] ** 2 - 0.5, 0, 2)
    return Image.fromarray(np.repeat((fall * 255).astype(np.uint8)[..., None], 3, axis=2))


def compose(setting: Setting, things: tuple[Placement, ...], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Render: picture uint8 [size, size, 3], boxes float32 [N, 4] (x1, y1, x2, y2 in pixels, visible parts), labels int64 [N]."""
    backdrop = np.clip(setting.paint(size) + 0.5, 0, 255).astype(np.uint8)
    canvas = Image.fromarray(np.ascontiguousarray(backdrop.transpose(1, 2, 0)))
    ids = Image.new("L", (size, size))
    slant = (setting.seed % 1000) / 500 - 1
    for number, thing in enumerate(things, start=1):
        sprite = cut_out(thing, setting.haze, size)
        lay_shadow(canvas, setting, thing, sprite, slant)
        if thing.pole:
            lay_pole(canvas, ids, thing, sprite)
        place = corner(thing, sprite, size)
        alpha = sprite.getchannel("A")
        canvas.paste(sprite, place, alpha)
        ids.paste(number, (*place, place[0] + sprite.width, place[1] + sprite.height), alpha.point(lambda a: 255 * (a > SEEN)))
    tables = [min(255, round(value * tint)) for tint in setting.tint for value in range(256)]
    canvas = ImageChops.multiply(canvas.point(tables), vignette(size))
    boxes, labels = visible_boxes(np.asarray(ids), things)
    return np.asarray(canvas), boxes, labels


def visible_boxes(ids: np.ndarray, things: tuple[Placement, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Tight boxes of what remains visible of every labelled thing."""
    boxes, labels = [], []
    for number, thing in enumerate(things, start=1):
        if thing.label < 0:
            continue
        mask = ids == number
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(rows):
            boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
            labels.append(thing.label)
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64)
