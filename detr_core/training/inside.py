"""The objective of queries that are points: an object belongs to a point that lies in it (SAP-DETR, Liu et al. 2022)."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..boxes import aligned_giou, aligned_iou, pairwise_l1, to_xyxy
from ..recipe import Recipe
from ..structures import Prediction, Targets
from .objective import FocalObjective, Pairs, focal, gather


class InsideObjective(FocalObjective):
    """A cost of `outside` keeps points from objects they do not lie in; box distances are of corners.

    Objectness learns the paired boxes' IoU, which passes gradients on. "inner" counts the pairs whose point lies
    outside; it has no gradient (so in the authors' code), the cost does the work.
    """

    def __init__(self, recipe: Recipe, outside: float = 9999.0, alpha: float = 0.25):
        super().__init__(recipe, weights=(1, 5, 2), costs=(2, 5, 2), alpha=alpha, cost_alpha=alpha)
        self.weights = {**self.weights, "objectness": 1.0, "inner": 2.0}
        self.cost_weights = {**self.cost_weights, "outside": outside}

    def costs(self, prediction: Prediction, target: Targets) -> dict[str, Tensor]:
        outside = ~inside(prediction.extra["point"].unsqueeze(-2), target.boxes.unsqueeze(-3))
        corners = pairwise_l1(to_xyxy(prediction.boxes), to_xyxy(target.boxes))
        return {**super().costs(prediction, target), "l1": corners, "outside": outside.to(corners.dtype)}

    def described(self) -> dict[str, dict[str, Any]]:
        told = super().described()
        return {**told, "l1": {**told["l1"], "corners": True}, "outside": {"kind": "outside", "weight": self.cost_weights["outside"]}}

    def losses(self, prediction: Prediction, targets: Sequence[Targets], pairs: Pairs, count: Tensor | float) -> dict[str, Tensor]:
        boxes, wanted = gather(prediction.boxes, targets, pairs)
        points, _ = gather(prediction.extra["point"], targets, pairs)
        fit = torch.zeros_like(prediction.extra["objectness"][..., 0])
        fit = fit.index_put(place(pairs), aligned_iou(boxes, wanted))
        return {"class": self.class_loss(prediction.extra["class_logits"], targets, pairs, count),
                "l1": F.l1_loss(to_xyxy(boxes), to_xyxy(wanted), reduction="sum") / count,
                "giou": (1 - aligned_giou(boxes, wanted)).sum() / count,
                "objectness": focal(prediction.extra["objectness"][..., 0], fit, self.alpha, self.gamma).sum() / count,
                "inner": (~inside(points, wanted)).sum() / count}


def inside(points: Tensor, boxes: Tensor) -> Tensor:
    """[..., 2] (x, y) and [..., 4] centre and size -> whether the point lies in the box."""
    return ((points - boxes[..., :2]).abs() < boxes[..., 2:] / 2).all(-1)


def place(pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Picture and query of every pair, one after another."""
    pictures = torch.cat([torch.full_like(queries, picture) for picture, (queries, _) in enumerate(pairs)])
    return pictures, torch.cat([queries for queries, _ in pairs])
