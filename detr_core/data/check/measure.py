"""Look into every picture: can it be decoded, how large is it, how is it turned, and is it a copy of another one?"""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..decode import ImageError, probe

WORKERS = 2
TURNED = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""


@dataclass(frozen=True)
class Measured:
    """A picture file; `error` says why it cannot be used."""

    width: int = 0                                  # as stored
    height: int = 0
    orientation: int = 1                            # EXIF
    digest: str = ""                                # SHA-256 of the file
    bytes: int = 0
    error: str = ""

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height of the pixels in the file."""
        return self.width, self.height

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after turning by the EXIF orientation."""
        return (self.height, self.width) if self.orientation in TURNED else (self.width, self.height)


def measure(paths: Sequence[Path], largest: int, progress: Callable[[int, int], None]) -> list[Measured]:
    """Read every file once; decoding runs beside the reading."""
    found = []
    with ThreadPoolExecutor(WORKERS, "measure") as workers:
        for done, one in enumerate(workers.map(lambda path: look(path, largest), paths)):
            found.append(one)
            progress(done + 1, len(paths))
    return found


def look(path: Path, largest: int) -> Measured:
    """One file."""
    try:
        size = path.stat().st_size
        if size > largest:
            return Measured(error=f"it has {size >> 20} MB, more than {largest >> 20}")
        data = path.read_bytes()
        (width, height), orientation = probe(data)
    except ImageError as error:
        return Measured(error=str(error))
    except OSError as error:
        return Measured(error=f"it cannot be opened ({error.strerror})")
    return Measured(width, height, orientation, hashlib.sha256(data).hexdigest(), size)
