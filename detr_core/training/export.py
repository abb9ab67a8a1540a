"""Trained detectors as safetensors files that tell where they come from."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from ..backbones import BundledBackbone
from ..checkpoint import save
from ..detector import Detector
from .files import replacing


def export(detector: Detector, path: Path | str, card: dict[str, Any]) -> None:
    """Write what `detr_core.load` reads, in half precision, with `card` among the metadata.

    The bundled backbone stays out, because it comes with the project and never changes.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    detector.card = dict(card)
    with replacing(path) as unfinished:
        save(detector, unfinished, backbone=not isinstance(detector.backbone, BundledBackbone))
