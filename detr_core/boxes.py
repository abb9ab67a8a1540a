"""Box formats and overlaps. Formats: "cxcywh" centre and size, "xyxy" corners; overlaps come from torchvision."""
from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_convert, generalized_box_iou

__all__ = ["aligned_giou", "aligned_iou", "inverse_sigmoid", "pairwise_giou", "to_cxcywh", "to_pixels", "to_xyxy"]


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
    """Generalised IoU of every box of [Q, 4] with every box of [T, 4], centre and size -> [Q, T]."""
    return generalized_box_iou(to_xyxy(left), to_xyxy(right))


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
