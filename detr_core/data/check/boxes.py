"""In which form boxes were written, and how they are brought inside their pictures."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..coco_check import TOLERANCE

KINDS = ("xywh", "xyxy", "cxcywh")
EVIDENCE = 8
"""Boxes that it takes to doubt the form of all."""
LEAST = 0.5
"""Pixels of a side below which a box is empty."""


@dataclass(frozen=True)
class Form:
    """What four numbers mean; `unit`: shares of the picture's sides instead of pixels."""

    kind: str
    unit: bool = False

    def __str__(self) -> str:
        names = {"xywh": "x, y, width, height", "xyxy": "two corners x1, y1, x2, y2", "cxcywh": "centre x, centre y, width, height"}
        return f"{names[self.kind]} in {'shares of the sides' if self.unit else 'pixels'}"


NATIVE = {"coco": Form("xywh"), "voc": Form("xyxy"), "yolo": Form("cxcywh", True)}


def to_corners(boxes: np.ndarray, form: Form, sizes: np.ndarray) -> np.ndarray:
    """[N, 4] numbers of pictures of [N, 2] width, height -> left, top, right, bottom in pixels."""
    values = boxes.astype(np.float64)
    if form.unit:
        values = values * np.concatenate([sizes, sizes], 1)
    first, second = values[:, :2], values[:, 2:]
    if form.kind == "xyxy":
        return values.copy()
    start = first if form.kind == "xywh" else first - second / 2
    return np.concatenate([start, start + second], 1)


def fitting(boxes: np.ndarray, form: Form, sizes: np.ndarray) -> np.ndarray:
    """[N] whether a box read in this form lies inside its picture and is at least a pixel large."""
    corners = to_corners(boxes, form, sizes)
    slack = np.maximum(TOLERANCE, 0.01 * sizes)
    inside = (corners[:, :2] >= -slack).all(1) & (corners[:, 2:] <= sizes + slack).all(1)
    return inside & (corners[:, 2:] - corners[:, :2] >= 1).all(1)


def form_of(boxes: np.ndarray, native: Form, sizes: np.ndarray) -> Form:
    """The form of all boxes of a split: another than the native one only where that fails for many and the other fits nearly all.

    Boxes in shares read as pixels are less than a pixel large; corners read as sizes reach beyond the picture wherever an
    object is in its right or lower half. So a wrong form fails often, and a sound set with some wrong boxes does not.
    """
    fits = fitting(boxes, native, sizes)
    usual = fits.mean() if len(boxes) else 1.0
    if len(boxes) < EVIDENCE or usual > 0.85 or (~fits).sum() < EVIDENCE // 2:
        return native
    others = [Form(kind, unit) for unit in (native.unit, not native.unit) for kind in KINDS]
    shares = [fitting(boxes, form, sizes).mean() for form in others]
    best = int(np.argmax(shares))
    return others[best] if shares[best] >= max(0.95, usual + 0.1) else native


def counted_from_one(corners: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether Pascal VOC's corners begin at 1: nothing at 0, something at 1, and something at the last pixel."""
    if not len(corners) or (corners != np.round(corners)).any():
        return False
    return bool((corners[:, :2] >= 1).all() and (corners[:, :2] == 1).any() and (corners[:, 2:] == sizes).any()
                and (corners[:, 2:] <= sizes).all())


@dataclass(frozen=True)
class Mended:
    """Boxes inside their pictures, which of them are left, and which had what fault."""

    boxes: np.ndarray                               # [N, 4] x, y, width, height in pixels
    kept: np.ndarray                                # bool [N]
    faults: dict[str, np.ndarray]                   # code: bool [N]


def mend(corners: np.ndarray, sizes: np.ndarray) -> Mended:
    """Order the corners, clip to the picture, and leave out what is empty or outside."""
    low, high = np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])
    reversed_ = (corners[:, :2] > corners[:, 2:]).any(1)
    empty = (high - low < LEAST).any(1)
    start, end = np.clip(low, 0, sizes), np.clip(high, 0, sizes)
    gone = ~empty & (end - start < LEAST).any(1)
    beyond = np.maximum(start - low, high - end).max(1, initial=0.0) > TOLERANCE
    kept = ~empty & ~gone
    faults = {"box_empty": empty, "box_gone": gone, "box_reversed": reversed_ & kept, "box_outside": beyond & kept}
    return Mended(np.concatenate([start, end - start], 1), kept, faults)


def repeated(pictures: np.ndarray, labels: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(same box and class as an earlier one, same box as an earlier one of another class), bool [N] each."""
    twice, conflict = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
    seen: dict[tuple, set[int]] = {}
    for index, (picture, label, box) in enumerate(zip(pictures.tolist(), labels.tolist(), np.round(boxes, 2).tolist())):
        classes = seen.setdefault((picture, *box), set())
        twice[index], conflict[index] = label in classes, bool(classes) and label not in classes
        classes.add(label)
    return twice, conflict
