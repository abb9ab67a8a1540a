"""Necks: backbone maps become tokens of one width, with their padding."""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .recipe import Recipe
from .structures import Batch, Features


def flatten(maps: Sequence[Tensor], batch: Batch) -> Features:
    """Maps [B, C, h, w] of all levels -> tokens; masks shrink to the nearest pixel, as in the authors' code."""
    shapes = tuple((m.shape[2], m.shape[3]) for m in maps)
    if batch.padded:
        mask = batch.padding[:, None].float()
        padding = torch.cat([F.interpolate(mask, size=s).flatten(1) for s in shapes], 1).bool()
    else:
        padding = torch.zeros(len(batch), sum(h * w for h, w in shapes), dtype=torch.bool, device=maps[0].device)
    levels = [m.flatten(2).transpose(1, 2) for m in maps]
    tokens = torch.cat(levels, 1) if len(levels) > 1 else levels[0]
    return Features(tokens, padding, shapes, batch.padded, extent=batch.extent.float())


def xavier_convolutions(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)


class SingleLevel(nn.Module):
    """A 1x1 convolution of the last map (DETR)."""

    def __init__(self, recipe: Recipe, channels: Sequence[int]):
        super().__init__()
        self.project = nn.Conv2d(channels[-1], recipe.width, 1)

    def forward(self, maps: Sequence[Tensor], batch: Batch) -> Features:
        return flatten([self.project(maps[-1])], batch)


class FusedLevel(nn.Module):
    """The last map at twice its resolution on top of the one before: one level with both maps' meaning.

    The tiny single-level detectors use it; it stands where the papers dilate the last stage (DC5).
    """

    def __init__(self, recipe: Recipe, channels: Sequence[int]):
        super().__init__()
        self.fine, self.coarse = (nn.Conv2d(c, recipe.width, 1) for c in channels[-2:])
        self.norm = nn.GroupNorm(recipe.width // 8, recipe.width)
        xavier_convolutions(self)

    def forward(self, maps: Sequence[Tensor], batch: Batch) -> Features:
        fine = self.fine(maps[-2])
        coarse = F.interpolate(self.coarse(maps[-1]), size=fine.shape[-2:], mode="bilinear", align_corners=False)
        return flatten([self.norm(fine + coarse)], batch)


class Pyramid(nn.Module):
    """A 1x1 convolution and group norm a map; further levels are 3x3 stride-2 convolutions (Deformable DETR, A.2).

    The first further level reads the raw last map, not its projection. `groups` are those of every group norm.
    """

    def __init__(self, recipe: Recipe, channels: Sequence[int], groups: int = 32):
        super().__init__()
        if recipe.levels < len(channels):
            raise ValueError(f"The backbone gives {len(channels)} maps, more than the {recipe.levels} levels of the recipe: choose "
                             f"levels={len(channels)} or more, or fewer strides of the backbone.")
        inputs = [*channels, *([channels[-1]] + [recipe.width] * recipe.levels)[: recipe.levels - len(channels)]]
        self.own = len(channels)
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, recipe.width, 1) if i < self.own else nn.Conv2d(c, recipe.width, 3, 2, 1),
                          nn.GroupNorm(groups, recipe.width))
            for i, c in enumerate(inputs))
        xavier_convolutions(self)

    def forward(self, maps: Sequence[Tensor], batch: Batch) -> Features:
        levels = [project(m) for project, m in zip(self.levels, maps)]
        source = maps[-1]
        for project in self.levels[self.own:]:
            levels.append(project(source))
            source = levels[-1]
        return flatten(levels, batch)
