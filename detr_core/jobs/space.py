"""Cached features can be made again, so they may be thrown away: the longest unused first."""
from __future__ import annotations

import shutil
import time
from pathlib import Path

MOST = 40 * 2**30
YOUNG = 24 * 3600.0


def sweep(folder: Path, most: int = MOST, young: float = YOUNG) -> list[str]:
    """Delete caches until those left take at most `most` bytes, but none used in the last `young` seconds; returns their names."""
    caches = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    sizes = {path: sum(file.stat().st_size for file in path.iterdir() if file.is_file()) for path in caches}
    used, gone = sum(sizes.values()), []
    for path in sorted(caches, key=lambda each: each.stat().st_mtime):
        if used > most and time.time() - path.stat().st_mtime > young:
            shutil.rmtree(path, ignore_errors=True)
            used -= sizes[path]
            gone.append(path.name)
    return gone
