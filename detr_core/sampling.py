"""Deformable attention (Zhu et al. 2021, section 4.1): look at a few sampled points of each level instead of all tokens."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kernels import deformable_attention, softmax_deformable_attention

from .attention import xavier
from .recipe import Recipe
from .structures import Features, Queries, Shapes
from .tape import note, wanted


class DeformableAttention(nn.Module):
    """Sampling offsets and weights come from the query alone; only `points` places a level are read from the values.

    A 2-number anchor moves points in pixels of each level, a 4-number anchor in shares of half the box (section A.4).
    """

    def __init__(self, recipe: Recipe, layer: int = 0, points: int = 4):
        super().__init__()
        self.heads, self.levels, self.points = recipe.heads, recipe.levels, points
        samples = recipe.heads * recipe.levels * points
        self.offset, self.weight = nn.Linear(recipe.width, samples * 2), nn.Linear(recipe.width, samples)
        self.value, self.out = nn.Linear(recipe.width, recipe.width), nn.Linear(recipe.width, recipe.width)
        self.reset()

    def reset(self) -> None:
        """Heads start by looking in different directions, points ever further out; weights start equal."""
        xavier(self.value, self.out)
        for constant in (self.offset.weight, self.weight.weight, self.weight.bias):
            nn.init.zeros_(constant)
        angle = torch.arange(self.heads) * (2 * math.pi / self.heads)
        compass = torch.stack([angle.cos(), angle.sin()], -1)
        compass = compass / compass.abs().amax(-1, keepdim=True)
        steps = torch.arange(1, self.points + 1).view(1, 1, -1, 1)
        with torch.no_grad():
            self.offset.bias.copy_((compass.view(-1, 1, 1, 2) * steps).expand(-1, self.levels, -1, -1).flatten())

    def offsets(self, query: Tensor, units: Tensor) -> Tensor:
        """[B, Q, C], units [L, 2] -> [B, Q, M, L, P, 2]: offsets times units, which the small matrix takes on, not the many offsets."""
        units = units[:, None].expand(self.heads, -1, self.points, -1).flatten()
        offset = F.linear(query, self.offset.weight * units[:, None], self.offset.bias * units)
        return offset.unflatten(-1, (self.heads, self.levels, self.points, 2))

    def places(self, query: Tensor, anchor: Tensor, memory: Features) -> Tensor:
        """query [B, Q, C], anchor [B, Q, 2|4] of the picture -> [B, Q, M, L, P, 2] of the padded levels."""
        if memory.padded:
            anchor = anchor[:, :, None] * memory.valid.repeat(1, 1, anchor.shape[-1] // 2)[:, None]
        else:
            anchor = anchor[:, :, None].expand(-1, -1, self.levels, -1)
        sides = [(w, h) if anchor.shape[-1] == 2 else (2 * self.points,) * 2 for h, w in memory.shapes]
        offset = self.offsets(query, 1 / torch.tensor(sides, dtype=torch.float32, device=query.device))
        # every point gets its own copy of the anchor, small beside the heads' offsets: additions of two numbers at a time are slow
        anchor = anchor[:, :, :, None].expand(-1, -1, -1, self.points, -1)[:, :, None]
        centre = anchor[..., :2].contiguous()
        return centre + offset if anchor.shape[-1] == 2 else torch.addcmul(centre, offset, anchor[..., 2:].contiguous())

    def values(self, memory: Features) -> Tensor:
        """[B, N, M, C/M] projected tokens; those of the padding are zero, so that not even the bias remains."""
        value = self.value(memory.tokens)
        if memory.padded:
            value = value.masked_fill(memory.padding[..., None], 0)
        return value.unflatten(-1, (self.heads, -1))

    def sample(self, query: Tensor, anchor: Tensor, memory: Features) -> Tensor:
        """query [B, Q, C], anchor [B, Q, 2|4] in 0..1 of the picture -> [B, Q, C]."""
        scores = self.weight(query).unflatten(-1, (self.heads, self.levels, self.points))
        locations = self.places(query, anchor, memory)
        note(self, locations=locations)
        if not wanted(self, "weights"):
            return self.out(softmax_deformable_attention(self.values(memory), memory.shapes, locations, scores))
        weights = scores.flatten(3).softmax(-1).view_as(scores)
        note(self, weights=weights)
        return self.out(deformable_attention(self.values(memory), memory.shapes, locations, weights))


class DeformableTokens(DeformableAttention):
    """Every token samples around its own place, on every level."""

    def forward(self, features: Features) -> Tensor:
        return self.sample(features.tokens + features.position, features.centres, features)


class DeformableCross(DeformableAttention):
    """Every query samples around its anchor."""

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        return self.sample(queries.content + queries.position, queries.anchor, memory)


def spread(locations: Tensor, weights: Tensor, shapes: Shapes, centre: float = 0.5) -> Tensor:
    """How much attention each token got: locations [B, Q, M, L, P, 2], weights [B, Q, M, L, P] -> [B, N].

    Each point shares its weight among the four tokens around it, as sampling does; `centre` is where a token's own
    place lies within it. What falls outside the map is lost.
    """
    maps = []
    for level, (h, w) in enumerate(shapes):
        place = locations[..., level, :, :] * locations.new_tensor([w, h]) - centre
        low, weight = place.floor(), weights[..., level, :]
        right, down = (place - low).unbind(-1)
        total = weights.new_zeros(len(weights), h * w)
        for step_x, step_y in ((0, 0), (1, 0), (0, 1), (1, 1)):
            x, y = low[..., 0] + step_x, low[..., 1] + step_y
            share = (right if step_x else 1 - right) * (down if step_y else 1 - down)
            inside = (x >= 0) & (x < w) & (y >= 0) & (y < h)
            index = (y * w + x).where(inside, 0).long()
            total.scatter_add_(1, index.flatten(1), (weight * share * inside).flatten(1))
        maps.append(total)
    return torch.cat(maps, 1)
