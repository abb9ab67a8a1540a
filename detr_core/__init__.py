"""DETR Atlas core: detection transformers as recipes of parts.

>>> import detr_core
>>> detector = detr_core.load("deformable_detr_two_stage", weights="scenes")
>>> detector.predict(image)                                  # boxes in pixels, labels, scores
>>> with detr_core.Tape(detector) as tape:                   # and look inside
...     output = detector(detector.batch([image]))
"""
from . import variants as variants
from .api import build, bundled, load
from .checkpoint import CheckpointError
from .detector import Detector
from .postprocess import Detections
from .recipe import Recipe, part
from .registry import VARIANTS, Variant
from .structures import Batch, Output, Targets
from .tape import Tape

__all__ = ["Batch", "CheckpointError", "Detections", "Detector", "Output", "Recipe", "Tape", "Targets", "VARIANTS", "Variant", "build",
           "bundled", "load", "part"]
