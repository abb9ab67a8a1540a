"""Turn whatever a user brings into an upright 8-bit RGB picture, or say in one sentence why that cannot be.

Memory stays bounded: JPEGs are decoded at a reduced scale where they are much larger than needed, other formats are
refused beyond 100 megapixels, and every result is brought down to 4096 pixels on its longer side. Formats that run
other programs (EPS) or carry no pixels (SVG) are not opened at all.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

LONGEST = 4096
PIXELS = 100_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "PPM", "JPEG2000", "ICO")
"""Formats that are tried, as far as this build of Pillow has them."""
READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"


class ImageError(ValueError):
    """A picture that cannot be read; the message is one sentence for the user."""


def read_image(source: bytes | str | Path | Image.Image | np.ndarray, upright: bool = True) -> Image.Image:
    """Decode a picture from bytes, a path, a Pillow image or an array into upright RGB, at most 4096 pixels a side.

    The first frame of an animation is taken; transparency is laid on white; 16-bit and floating-point values are scaled
    to 8 bits. `upright=False` ignores the EXIF orientation. Arrays are [height, width] or [height, width, 1, 3 or 4]:
    integers of 8 or 16 bits, or floats in 0..1.

    Raises:
        ImageError: for everything that is no readable picture.
    """
    if isinstance(source, np.ndarray):
        return _bounded(_from_array(source))
    if isinstance(source, Image.Image):
        image = source
    else:
        image = _reduced(_identified(_read_bytes(source) if isinstance(source, str | Path) else bytes(source)))
    try:
        return _finished(image, upright)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(f"The picture ({image.width} x {image.height}) needs more memory than there is; send a smaller copy.") from error
    except Exception as error:  # decoders of damaged files fail in many ways, and each means the same to a user
        raise ImageError("The picture is damaged or cut off and cannot be decoded; save or download it again.") from error


def probe(data: bytes) -> tuple[tuple[int, int], int]:
    """(width, height) as stored and the EXIF orientation of a picture that can be decoded to its end.

    JPEGs are decoded at an eighth of their size, which finds a file that is cut off in a fraction of the time.

    Raises:
        ImageError: where `read_image` would fail.
    """
    image = _identified(data)
    size = image.size
    _reduced(image, max(1, max(size) // 8))
    try:
        image.load()
    except Exception as error:  # as in `read_image`
        raise ImageError("The picture is damaged or cut off and cannot be decoded; save or download it again.") from error
    try:
        tag = image.getexif().get(0x0112, 1)        # after decoding: TIFF files are turned by it, and then no longer have it
    except Exception:  # as in `_orientation`
        tag = 1
    return size, tag if tag in range(1, 9) else 1


def _read_bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise ImageError(f"The picture file {Path(path).name!r} {reason}; check the path.") from error


def _identified(data: bytes) -> Image.Image:
    """Open a file without decoding it."""
    if not data:
        raise ImageError("The file is empty (0 bytes); choose another picture.")
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"<svg") or (head.startswith((b"<?xml", b"<!doctype", b"<!--")) and b"<svg" in head):
        raise ImageError("SVG is a drawing without pixels; export it as PNG first.")
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        raise ImageError(f"This is not a picture that can be read; send {READABLE}.") from error
    except Image.DecompressionBombError as error:
        raise ImageError("The picture has more pixels than is sensible to decode; send a copy under 100 megapixels.") from error
    except Exception as error:  # a damaged header fails in as many ways as there are formats
        raise ImageError("The picture's header is damaged; save or download it again.") from error


def _reduced(image: Image.Image, longest: int = LONGEST) -> Image.Image:
    """Ask for a reduced decoding where the format can do that; refuse what would still be too large."""
    image.draft(None, (longest, longest))
    if image.width * image.height > PIXELS:
        raise ImageError(f"The picture has {image.width} x {image.height} pixels; send a copy under {PIXELS // 10**6} megapixels.")
    return image


def _finished(image: Image.Image, upright: bool) -> Image.Image:
    """Decode, shrink, turn upright, convert."""
    if min(image.size) < 1:
        raise ImageError("The picture has no pixels; choose another one.")
    image.load()
    orientation = _orientation(image) if upright else None
    image = _bounded(_eight_bit(image))
    return image.transpose(orientation) if orientation is not None else image


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """How to turn a picture upright, by its EXIF tag; damaged EXIF counts as none."""
    turns = Image.Transpose
    try:
        tag = image.getexif().get(0x0112, 1)
    except Exception:  # the EXIF block is decoration: whatever is wrong with it, the pixels are fine
        return None
    return {
        2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM, 5: turns.TRANSPOSE,
        6: turns.ROTATE_270, 7: turns.TRANSVERSE, 8: turns.ROTATE_90,
    }.get(tag)  # fmt: skip


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any Pillow mode to RGB."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_array(np.asarray(image))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def _from_array(array: np.ndarray) -> Image.Image:
    """Scale an array to 8 bits; integers beyond 255 are taken for 16 bits, floats for 0..1 or, beyond that, 0..255."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or min(array.shape) < 1:
        shape = " x ".join(map(str, array.shape))
        raise ImageError(f"An array of {shape} is no picture; pass [height, width] or [height, width, 1, 3 or 4].")
    if array.dtype.kind not in "uifb":
        raise ImageError(f"An array of {array.dtype} is no picture; pass uint8, uint16 or floats in 0..1.")
    if array.dtype != np.uint8:
        values = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        top = float(values.max(initial=0.0))
        unit = array.dtype.kind in "fb" and top <= 1.0
        full = 1.0 if unit else 65535.0 if array.dtype == np.uint16 or top > 255 else 255.0
        array = np.clip(values / full * 255 + 0.5, 0, 255).astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return _eight_bit(Image.fromarray(np.ascontiguousarray(array)))


def _bounded(image: Image.Image) -> Image.Image:
    """Shrink to the longest side allowed."""
    if max(image.size) > LONGEST:
        scale = LONGEST / max(image.size)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return image
