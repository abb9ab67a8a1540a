"""What a query's anchor is, how a predicted offset moves it, and what the next layer starts from."""
from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .boxes import inverse_sigmoid
from .structures import Queries

Moved = tuple[Tensor | None, Tensor | None]         # (anchor of the next layer, anchor its prediction starts from)


class FreeBoxes:
    """No anchor: the head says the whole box (DETR)."""

    dims = 4

    def refine(self, anchor: Tensor | None, offset: Tensor) -> Tensor:
        return offset.sigmoid()

    def boxes(self, anchor: Tensor) -> Tensor:
        """Centre and size in 0..1 of an anchor."""
        return anchor

    def place(self, anchor: Tensor) -> Tensor:
        """What the tape shows of an anchor: a point [..., 2] or a box [..., 4] in 0..1."""
        return anchor


class LogitBoxes(FreeBoxes):
    """Offsets add up in logit space; a 2-number anchor (a point) moves only the centre."""

    def __init__(self, eps: float = 1e-5):
        self.eps = eps

    def refine(self, anchor: Tensor, offset: Tensor) -> Tensor:
        base = inverse_sigmoid(anchor, self.eps)
        if base.shape[-1] == 2:
            base = torch.cat([base, torch.zeros_like(base)], -1)
        return (offset + base).sigmoid()


class Still:
    """Anchors never move (DETR, Conditional DETR, plain Deformable DETR)."""

    def __call__(self, geometry: FreeBoxes, box_head: Callable, queries: Queries, live: Tensor | None) -> Moved:
        return queries.anchor, queries.anchor


class Iterative:
    """Each layer starts from the last one's boxes, cut from their gradient (Deformable DETR, section 4.2)."""

    def __call__(self, geometry: FreeBoxes, box_head: Callable, queries: Queries, live: Tensor | None) -> Moved:
        moved = geometry.refine(queries.anchor, box_head(queries.content)).detach()
        return moved, moved


class LookForwardTwice:
    """As above, but a layer's loss still reaches the offset of the one before (DINO, section 3.5; so in DAB's code)."""

    def __call__(self, geometry: FreeBoxes, box_head: Callable, queries: Queries, live: Tensor | None) -> Moved:
        moved = geometry.refine(queries.anchor, box_head(queries.content))
        return moved.detach(), moved
