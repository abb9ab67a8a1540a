"""Pictures to look at, and the bytes of their files."""
from __future__ import annotations

import io

import numpy as np
from PIL import Image

from .fake import OBJECTS


def painted(width: int = 320, height: int = 240, shift: float = 0.0) -> Image.Image:
    """Bright patches where the fake runner finds its objects."""
    pixels = np.full((height, width, 3), (205, 214, 196), np.uint8)
    for label, cx, cy, w, h in OBJECTS:
        x0, x1 = (int(np.clip(cx + shift + side * w / 2, 0, 1) * width) for side in (-1, 1))
        y0, y1 = (int((cy + side * h / 2) * height) for side in (-1, 1))
        pixels[max(0, y0):y1, x0:x1] = (40 * label, 120, 220 - 40 * label)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()
