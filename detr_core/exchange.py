"""Encoding without attention: every level is convolved and talks to its neighbours (SMCA's multi-scale form, Gao et al. 2021)."""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import Encoder
from .necks import flatten, xavier_convolutions
from .recipe import Recipe
from .structures import Batch, Features


def level_maps(tokens: Tensor, features: Features) -> list[Tensor]:
    """[B, N, C] -> [B, C, h, w] a level."""
    sizes = [h * w for h, w in features.shapes]
    return [t.transpose(1, 2).unflatten(2, shape) for t, shape in zip(tokens.split(sizes, 1), features.shapes)]


def level_tokens(maps: Sequence[Tensor]) -> Tensor:
    """[B, C, h, w] a level -> [B, N, C]."""
    return torch.cat([m.flatten(2).transpose(1, 2) for m in maps], 1)


class PlainPyramid(nn.Module):
    """A 1x1 convolution a map and one level more by a 3x3 stride-2 convolution of the raw last map; no norms.

    The padding of that level follows from the level before, not from the picture (so in the authors' code).
    """

    def __init__(self, recipe: Recipe, channels: Sequence[int]):
        super().__init__()
        if recipe.levels != len(channels) + 1:
            raise ValueError(f"This pyramid makes {len(channels) + 1} levels of {len(channels)} maps: set levels={len(channels) + 1}.")
        self.levels = nn.ModuleList(nn.Conv2d(c, recipe.width, 1) for c in channels)
        self.levels.append(nn.Conv2d(channels[-1], recipe.width, 3, 2, 1))
        xavier_convolutions(self)

    def forward(self, maps: Sequence[Tensor], batch: Batch) -> Features:
        features = flatten([project(m) for project, m in zip(self.levels, [*maps, maps[-1]])], batch)
        if not features.padded:
            return features
        last = F.interpolate((~features.masks[-2])[:, None].float(), size=features.shapes[-1]).flatten(1).bool()
        return features.but(padding=torch.cat([features.padding[:, :-last.shape[1]], last], 1))


class LevelExchange(nn.Module):
    """Stands where attention does: depthwise convolutions of each level, added to those of the next finer and coarser one.

    The 1x1 convolutions before and after serve all levels. Padded tokens take part (so in the authors' code).
    """

    def __init__(self, recipe: Recipe, layer: int = 0, kernel: int = 5):
        super().__init__()

        def depthwise(count: int, stride: int = 1) -> nn.ModuleList:
            width = recipe.width
            return nn.ModuleList(nn.Conv2d(width, width, kernel, stride, kernel // 2, groups=width) for _ in range(count))

        self.before, self.after = nn.Conv2d(recipe.width, recipe.width, 1), nn.Conv2d(recipe.width, recipe.width, 1)
        self.own = depthwise(recipe.levels)
        self.down, self.up = depthwise(recipe.levels - 1, stride=2), depthwise(recipe.levels - 1)
        xavier_convolutions(self)

    def forward(self, features: Features) -> Tensor:
        maps = level_maps(features.tokens + features.position, features)
        own = [convolve(self.before(m)) for convolve, m in zip(self.own, maps)]
        mixed = list(own)
        for fine, (down, up) in enumerate(zip(self.down, self.up)):
            mixed[fine + 1] = mixed[fine + 1] + down(own[fine])
            finer = F.interpolate(up(own[fine + 1]), size=own[fine].shape[-2:], mode="bilinear", align_corners=True)
            mixed[fine] = mixed[fine] + finer
        return level_tokens([self.after(m) for m in mixed])


class ShrinkingEncoder(Encoder):
    """Afterwards a strided convolution brings the finest level to the size, places and padding of the second."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.shrink = nn.Conv2d(recipe.width, recipe.width, 3, 2, 1)
        xavier_convolutions(self.shrink)

    def forward(self, features: Features) -> Features:
        features = super().forward(features)
        finest, *others = level_maps(features.tokens, features)
        sizes = [h * w for h, w in features.shapes]
        position, padding = (torch.cat([rest[0], *rest], 1) for rest in (
            features.position.split(sizes, 1)[1:], features.padding.split(sizes, 1)[1:]))
        tokens, shapes = level_tokens([self.shrink(finest), *others]), (features.shapes[1], *features.shapes[1:])
        return features.but(tokens=tokens, position=position, padding=padding, shapes=shapes)
