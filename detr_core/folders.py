"""Where DETR Atlas keeps what it can make or fetch again."""
from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """$DETR_ATLAS_CACHE, or `detr_atlas` in the user's cache folder: features/ of frozen backbones, weights/ from elsewhere."""
    kept = os.environ.get("DETR_ATLAS_CACHE")
    return Path(kept) if kept else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "detr_atlas"
