"""Pictures by key: the bundled examples, and what visitors brought (kept in memory only)."""
from __future__ import annotations

import hashlib
import hmac
import io
import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from .libraries import libraries
from .runs import AtlasError
from .store import Store

LONGEST = 2000                                      # detectors resize to 1333 at most; more would only fill the memory
SHOWN = 1600
LARGEST_FILE = 40 * 2**20


@dataclass(frozen=True)
class Picture:
    """An upright RGB picture. `width` and `height` are those of the file, boxes are told in them."""

    key: str
    name: str
    width: int
    height: int
    image: Image.Image = field(repr=False)

    @property
    def facts(self) -> dict[str, Any]:
        return {"key": self.key, "name": self.name, "width": self.width, "height": self.height}

    @property
    def size(self) -> int:
        return self.image.width * self.image.height * 3

    @cached_property
    def shown(self) -> bytes:
        """A JPEG for the page: browsers do not show every format that can be read."""
        small, out = self.image.copy(), io.BytesIO()
        small.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
        small.save(out, "JPEG", quality=90)
        return out.getvalue()


class Pictures:
    """Examples have public keys `example:<id>`; the key of a visitor's picture cannot be computed from the picture."""

    def __init__(self, folder: Path, budget: int = 256 * 2**20):
        self._secret = secrets.token_bytes(32)
        self._kept: Store[Picture] = Store(budget, lambda picture: picture.size)
        self._folder = folder
        listed = folder / "examples.json"
        self.examples: list[dict[str, Any]] = json.loads(listed.read_text()) if listed.exists() else []

    def sign(self, *parts: str) -> str:
        """An id that only this process can make and nobody can guess."""
        return hmac.new(self._secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]

    def add(self, data: bytes, name: str = "") -> Picture:
        """Decode a visitor's file. Raises AtlasError with one sentence for what is no picture."""
        if len(data) > LARGEST_FILE:
            raise AtlasError(f"The file has {len(data) >> 20} MB, more than the {LARGEST_FILE >> 20} MB taken here: send a smaller copy.")
        key = self.sign("picture", hashlib.sha256(data).hexdigest())
        return self._kept.get(key) or self._kept.put(key, _decode(data, key, name[:200]))

    def get(self, key: str) -> Picture:
        """Raises AtlasError where the picture is not (or no longer) here."""
        if (kept := self._kept.get(key)) is not None:
            return kept
        for example in self.examples:
            if key == f"example:{example['id']}":
                return self._kept.put(key, _decode((self._folder / example["file"]).read_bytes(), key, example["title"]))
        raise AtlasError("This picture is no longer on the server: add it again, or choose an example.")


def _decode(data: bytes, key: str, name: str) -> Picture:
    libraries()
    from detr_core.data.decode import ImageError, read_image  # here, because it brings torch

    try:
        image = read_image(data)
    except ImageError as error:
        raise AtlasError(str(error)) from error
    width, height = image.size
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return Picture(key, name, width, height, image)
