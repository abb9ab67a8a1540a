"""Queries that are a point inside the object with its distances to the object's four sides (SAP-DETR, Liu et al. 2022)."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import MLP
from .boxes import inverse_sigmoid
from .decoder import Decoder
from .geometry import FreeBoxes, Moved
from .recipe import Recipe
from .structures import Features, Prediction, Queries


class PointAndSides(FreeBoxes):
    """Anchor [..., 10]: the point; left, top, right, bottom; the grid corner where the point lives; the cell's size."""

    dims = 6

    def refine(self, anchor: Tensor, offset: Tensor) -> Tensor:
        point, sides, home, cell = anchor.split([2, 4, 2, 2], -1)
        sides = (offset[..., :4] + inverse_sigmoid(sides, 1e-3)).sigmoid()
        point = (offset[..., 4:] + inverse_sigmoid(point - home, 1e-3)).sigmoid() * cell + home
        return torch.cat([point, sides, home, cell], -1)

    def boxes(self, anchor: Tensor) -> Tensor:
        """Centre and size, up to 2 wide and high: sides may leave the picture."""
        point, (left_top, right_bottom) = anchor[..., :2], anchor[..., 2:6].chunk(2, -1)
        return torch.cat([point + (right_bottom - left_top) / 2, left_top + right_bottom], -1)

    def place(self, anchor: Tensor) -> Tensor:
        return anchor[..., :2]


class LaggingPoints:
    """Sides look forward twice; a prediction starts from the point of the layer before (so in the authors' code)."""

    def __call__(self, geometry: FreeBoxes, box_head: nn.Module, queries: Queries, live: Tensor) -> Moved:
        moved = geometry.refine(queries.anchor, box_head(queries.content))
        return moved.detach(), torch.cat([queries.anchor[..., :2], moved[..., 2:]], -1)


class GridPoints(nn.Module):
    """Points on the corners of a grid of about as many rows as columns, row by row, which never learn, with learned sides."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        rows = math.isqrt(recipe.queries)
        self.grid = -(-recipe.queries // rows), rows
        corners = torch.cartesian_prod(torch.arange(self.grid[1]) / self.grid[1], torch.arange(self.grid[0]) / self.grid[0]).flip(1)
        self.register_buffer("point", inverse_sigmoid(corners[: recipe.queries], 1e-3))
        self.sides = nn.Parameter(torch.randn(recipe.queries, 4))

    def content(self, point: Tensor, memory: Features) -> Tensor:
        """[B, Q, C] of points [B, Q, 2]: empty."""
        return memory.tokens.new_zeros(*point.shape[:2], memory.tokens.shape[-1])

    def forward(self, memory: Features) -> Queries:
        point = self.point.sigmoid()
        cell = 1 / point.new_tensor(self.grid)
        anchor = torch.cat([point, self.sides.sigmoid(), point, cell.expand_as(point)], -1).expand(len(memory.tokens), -1, -1)
        return Queries(content=self.content(anchor[..., :2], memory), anchor=anchor)


class ConvolvedPoints(GridPoints):
    """The content is what three convolutions of the memory say at the points."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        blocks = [[nn.Conv2d(recipe.width, recipe.width, 3, padding=1), nn.GroupNorm(32, recipe.width), nn.ReLU()] for _ in range(3)]
        self.transfer = nn.Sequential(*(layer for block in blocks for layer in block))

    def content(self, point: Tensor, memory: Features) -> Tensor:
        image = self.transfer(memory.tokens.transpose(1, 2).unflatten(-1, memory.shapes[0]))
        return F.grid_sample(image, 2 * point[:, :, None] - 1, align_corners=False)[..., 0].transpose(1, 2)


class PointHead(nn.Module):
    """Offsets of the four sides and of the point, both zero at first."""

    def __init__(self, recipe: Recipe, dims: int, layer: int = 0):
        super().__init__()
        self.sides, self.point = MLP(*[recipe.width] * 3, 4), MLP(*[recipe.width] * 3, 2)
        for last in (self.sides[-1], self.point[-1]):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, content: Tensor) -> Tensor:
        return torch.cat([self.sides(content), self.point(content)], -1)


class DeepClassHead(MLP):
    """Three linear layers to one independent output a class; starts at a prior of 1 %."""

    def __init__(self, recipe: Recipe):
        super().__init__(*[recipe.width] * 3, recipe.classes)
        nn.init.constant_(self[-1].bias, -math.log(99))


class PointDecoder(Decoder):
    """Besides classes and boxes every layer says its point and how well its box fits, which scales all class scores.

    `logits` are those of the product of both probabilities; `extra` has `class_logits` [B, Q, K], `objectness` [B, Q, 1]
    (a logit) and `point` [B, Q, 2]. The first layer has a class head of its own, the others share one.
    """

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.class_heads = nn.ModuleList(recipe.class_head(recipe) for _ in range(min(2, recipe.decoder_layers)))
        self.objectness = nn.Linear(recipe.width, 1)
        nn.init.constant_(self.objectness.bias, -math.log(99))

    def predict(self, layer: int, content: Tensor, anchor: Tensor) -> Prediction:
        moved = self.geometry.refine(anchor, self.head(self.box_heads, layer)(content))
        classes, objectness = self.head(self.class_heads, layer)(content), self.objectness(content)
        alike = objectness.expand_as(classes)
        logits = -torch.stack([-classes, -alike, -classes - alike]).logsumexp(0)
        return Prediction(logits, self.geometry.boxes(moved), {"class_logits": classes, "objectness": objectness, "point": moved[..., :2]})
