"""Box formats, distances and overlaps. Formats: "cxcywh" centre and size, "xyxy" corners.

All pairs of many queries with a few objects are computed coordinate by coordinate and object by object, in rows of queries: the
matcher spends its time here, and arrays whose last axis is short leave most of a processor's vectors empty.
"""
from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor
from torchvision.ops import box_convert

__all__ = ["aligned_giou", "aligned_iou", "inverse_sigmoid", "pairwise_giou", "pairwise_l1", "to_cxcywh", "to_pixels", "to_xyxy"]


def to_xyxy(boxes: Tensor) -> Tensor:
    """[..., 4] centre and size -> corners."""
    return box_convert(boxes, "cxcywh", "xyxy")


def to_cxcywh(boxes: Tensor) -> Tensor:
    """[..., 4] corners -> centre and size."""
    return box_convert(boxes, "xyxy", "cxcywh")


def to_pixels(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """[..., 4] centre and size in 0..1 -> corners in pixels of a picture of `size` (height, width)."""
    height, width = size
    return to_xyxy(boxes) * boxes.new_tensor([width, height, width, height])


def pairwise_giou(left: Tensor, right: Tensor) -> Tensor:
    """Generalised IoU of all of [..., Q, 4] with all of [..., T, 4], centre and size -> [..., Q, T] (Rezatofighi et al. 2019)."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = _lines(to_xyxy(left), -2), _lines(to_xyxy(right), -1)
    width = torch.minimum(x2, u2).sub_(torch.maximum(x1, u1))
    height = torch.minimum(y2, v2).sub_(torch.maximum(y1, v1))
    outer = ((x2 - x1) + (u2 - u1)).sub_(width).mul_(((y2 - y1) + (v2 - v1)).sub_(height))      # less than nothing in common is a gap
    inner = width.clamp_(min=0).mul_(height.clamp_(min=0))
    union = ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1)).sub_(inner)
    return inner.div_(union).add_(union.div_(outer)).sub_(1).transpose(-1, -2)


def pairwise_l1(left: Tensor, right: Tensor) -> Tensor:
    """Sum of the absolute differences of every row of [..., Q, D] and every row of [..., T, D] -> [..., Q, T]."""
    differences = (a.sub(b).abs_() for a, b in zip(_lines(left, -2), _lines(right, -1), strict=True))
    return reduce(Tensor.add_, differences).transpose(-1, -2)


def _lines(rows: Tensor, axis: int) -> tuple[Tensor, ...]:
    """[..., R, D] -> D coordinates of all rows, one after another in memory, with an axis of one put in at `axis` of them."""
    return rows.movedim(-1, 0).contiguous().unsqueeze(axis).unbind()


def aligned_giou(left: Tensor, right: Tensor) -> Tensor:
    """Generalised IoU of matching rows of [T, 4] and [T, 4], centre and size -> [T] (Rezatofighi et al. 2019)."""
    a, b = to_xyxy(left), to_xyxy(right)
    area = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    outer = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    union = area - inner
    return inner / union - (outer - union) / outer


def aligned_iou(left: Tensor, right: Tensor) -> Tensor:
    """IoU of matching rows of [T, 4] and [T, 4], centre and size -> [T]."""
    a, b = to_xyxy(left), to_xyxy(right)
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    return inner / (left[:, 2:].prod(1) + right[:, 2:].prod(1) - inner)


def inverse_sigmoid(share: Tensor, eps: float = 1e-5) -> Tensor:
    """Logit with both sides clamped to `eps`; papers differ in it (1e-5, DAB's children 1e-3) and boxes by 1e-2."""
    share = share.clamp(0, 1)
    return (share.clamp(min=eps) / (1 - share).clamp(min=eps)).log()
