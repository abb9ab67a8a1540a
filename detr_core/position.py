"""Where things are: sine codes of token places and of anchors."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .recipe import Part, Recipe, part
from .structures import Features, Queries


def sine(coordinates: Tensor, width: int, temperature: float | tuple[float, ...] = 10000.0, y_first: bool = True) -> Tensor:
    """[..., D] in 0..1 -> [..., D * width / 2]: sine and cosine interleaved, y before x as DETR has it.

    `temperature` may be D numbers, one a coordinate.
    """
    half = width // 2
    channel = torch.arange(half, dtype=torch.float32, device=coordinates.device)
    base = temperature if isinstance(temperature, float) else coordinates.new_tensor(temperature)[:, None]
    angle = coordinates[..., None] * 2 * math.pi / base ** (2 * (channel // 2) / half)
    code = torch.stack([angle[..., 0::2].sin(), angle[..., 1::2].cos()], -1).flatten(-2)
    if y_first:
        code = code[..., [1, 0, *range(2, coordinates.shape[-1])], :]
    return code.flatten(-2)


class SineTokens(nn.Module):
    """Counts valid pixels along y and x, divides by the last count, and codes the share (DETR, A.4).

    `shift` counts pixel centres instead of far edges (Deformable DETR). Without padding the code depends on the
    size alone and is kept between calls.
    """

    def __init__(self, recipe: Recipe, temperature: float | tuple[float, float] = 10000.0, shift: bool = False):
        super().__init__()
        self.width, self.temperature, self.shift = recipe.width, temperature, shift
        self._kept: dict[tuple, Tensor] = {}

    def share(self, mask: Tensor) -> Tensor:
        """[B, h, w] True where the picture is -> [B, h, w, 2] (x, y)."""
        counts = [mask.cumsum(d, dtype=torch.float32) for d in (2, 1)]
        lasts = [counts[0][:, :, -1:], counts[1][:, -1:, :]]
        return torch.stack([(c - 0.5 * self.shift) / (last + 1e-6) for c, last in zip(counts, lasts)], -1)

    def level(self, mask: Tensor, level: int) -> Tensor:
        """[B, h, w] -> [B, h * w, C]"""
        return sine(self.share(mask), self.width, self.temperature).flatten(1, 2)

    def forward(self, features: Features) -> Tensor:
        if features.padded:
            return torch.cat([self.level(m, i) for i, m in enumerate(features.masks)], 1)
        key = (features.shapes, features.tokens.device)
        if key not in self._kept:
            if len(self._kept) >= 16:
                self._kept.pop(next(iter(self._kept)))
            with torch.inference_mode(False):                   # a code first needed by predict() may be needed by training later
                ones = [torch.ones(1, h, w, dtype=torch.bool, device=features.tokens.device) for h, w in features.shapes]
                self._kept[key] = torch.cat([self.level(m, i) for i, m in enumerate(ones)], 1)
        return self._kept[key]


class LearnedTokens(nn.Module):
    """A learned vector a column and a row, set side by side x before y; padding is ignored (DETR's `learned`)."""

    def __init__(self, recipe: Recipe, places: int = 50):
        super().__init__()
        self.row, self.column = (nn.Embedding(places, recipe.width // 2) for _ in range(2))
        nn.init.uniform_(self.row.weight)
        nn.init.uniform_(self.column.weight)

    def forward(self, features: Features) -> Tensor:
        codes = []
        for h, w in features.shapes:
            column = self.column.weight[:w].expand(h, -1, -1)
            row = self.row.weight[:h, None].expand(-1, w, -1)
            codes.append(torch.cat([column, row], -1).view(1, h * w, -1))
        return torch.cat(codes, 1)


class LevelTokens(nn.Module):
    """A code of the place plus a learned vector a level, so that equal places of two levels differ (Deformable DETR)."""

    def __init__(self, recipe: Recipe, code: Part = part(SineTokens, shift=True)):
        super().__init__()
        self.code = code(recipe)
        self.levels = nn.Parameter(torch.empty(recipe.levels, recipe.width).normal_())

    def forward(self, features: Features) -> Tensor:
        sizes = torch.tensor([h * w for h, w in features.shapes], device=self.levels.device)
        return self.code(features) + self.levels.repeat_interleave(sizes, 0, output_size=features.tokens.shape[1])


class LearnedPosition(nn.Module):
    """Queries came with their position and it never changes (DETR, Deformable DETR)."""

    codes_boxes = False             # whether a query's position follows from its anchor box alone, as denoising needs

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.code = recipe.token_code(recipe)

    def tokens(self, features: Features) -> Features:
        """Give every token the code of its place."""
        return features.but(position=self.code(features).to(features.tokens.dtype))

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        return queries
