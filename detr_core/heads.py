"""Heads: from a query's content to class scores and to a box offset."""
from __future__ import annotations

import math

import torch
from torch import nn

from .attention import MLP
from .recipe import Recipe


class SoftmaxHead(nn.Linear):
    """One output a class and a last one for "no object" (DETR)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe.width, recipe.classes + 1)


class SigmoidHead(nn.Linear):
    """One independent output a class; the bias starts at a prior of 1 % (focal loss, Lin et al. 2017)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe.width, recipe.classes)
        nn.init.constant_(self.bias, -math.log(99))


class BoxHead(MLP):
    """Three linear layers to the offset of a box (DETR)."""

    def __init__(self, recipe: Recipe, dims: int, layer: int = 0):
        super().__init__(recipe.width, recipe.width, recipe.width, dims)


class ZeroBoxHead(BoxHead):
    """Starts without an offset, so that the first prediction is the anchor itself.

    `small`: the first layer's sizes start at sigmoid(-2) of the picture, because a point anchor has none.
    """

    def __init__(self, recipe: Recipe, dims: int, layer: int = 0, small: bool = False):
        super().__init__(recipe, dims)
        nn.init.zeros_(self[-1].weight)
        nn.init.zeros_(self[-1].bias)
        if small and layer == 0:
            with torch.no_grad():
                self[-1].bias[2:].fill_(-2.0)
