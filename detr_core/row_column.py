"""Attention along rows and columns (Anchor DETR, Wang et al. 2022, section 3.4), and over the whole map, level by level."""
from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from kernels import row_column_attention

from .attention import attend, xavier
from .recipe import Recipe
from .structures import Features, Queries
from .tape import note


class PackedAttention(nn.Module):
    """Attention whose `kinds` projections stand in one matrix, as in the authors' checkpoints."""

    def __init__(self, recipe: Recipe, kinds: int = 3):
        super().__init__()
        self.heads, self.dropout, self.kinds = recipe.heads, recipe.dropout, kinds
        self.project, self.out = nn.Linear(recipe.width, kinds * recipe.width), nn.Linear(recipe.width, recipe.width)
        xavier(self)

    def projected(self, *inputs: Tensor) -> list[Tensor]:
        """One [..., C] a kind -> its projection by heads, [..., M, C/M]."""
        parts = zip(self.project.weight.chunk(self.kinds), self.project.bias.chunk(self.kinds))
        return [F.linear(x, weight, bias).unflatten(-1, (self.heads, -1)) for x, (weight, bias) in zip(inputs, parts)]


class LevelMerge(nn.Module):
    """What several levels said to a query, [B, L, Q, C] -> [B, Q, C]: one linear layer; nothing to merge on one level."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.linear = nn.Linear(recipe.levels * recipe.width, recipe.width) if recipe.levels > 1 else None

    def forward(self, read: Tensor) -> Tensor:
        return read[:, 0] if self.linear is None else self.linear(read.permute(0, 2, 3, 1).flatten(2))


class RowColumnAttention(PackedAttention):
    """Two softmaxes of w and h places instead of one of w * h. All levels have one size.

    Keys are averaged over the other axis, padding included (so in the authors' code); the average of projections is
    the projection of the average, so tokens are averaged first.
    """

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe, 5)
        self.drop = nn.Dropout(recipe.dropout)

    def weigh(self, query: Tensor, key: Tensor, hidden: Tensor) -> Tensor:
        """query [B, L, Q, M, d], key [B, L, w, M, d], hidden [B, L, w] -> [B, L, M, Q, w] that sums to 1."""
        scores = query.transpose(2, 3) @ key.permute(0, 1, 3, 4, 2) / math.sqrt(query.shape[-1])
        return scores.masked_fill(hidden[:, :, None, None], float("-inf")).softmax(-1)

    def look(self, along_x: Tensor, along_y: Tensor, memory: Features) -> tuple[Tensor, Tensor, Tensor]:
        """Each level's queries [B, L, Q, C] -> what they read [B, L, Q, C], row [B, L, M, Q, w] and column [B, L, M, Q, h]."""
        levels, (height, width) = len(memory.shapes), memory.shapes[0]
        tokens, code, padding = (t.unflatten(1, (levels, height, width)) for t in (memory.tokens, memory.position, memory.padding))
        code_x, code_y = code.chunk(2, -1)
        keys = (tokens + code_x).mean(2), (tokens + code_y).mean(3)
        query_x, query_y, key_x, key_y, value = self.projected(along_x, along_y, *keys, tokens)
        row, column = self.weigh(query_x, key_x, padding[:, :, 0]), self.weigh(query_y, key_y, padding[..., 0])
        read = row_column_attention(*(t.flatten(0, 1) for t in (self.drop(row), self.drop(column), value)))
        return self.out(read).unflatten(0, (-1, levels)), row, column


class RowColumnTokens(RowColumnAttention):
    """Every token looks along the rows and columns of its own level."""

    def forward(self, features: Features) -> Tensor:
        levels = len(features.shapes)
        along = (features.tokens + code for code in features.position.chunk(2, -1))
        read, row, column = self.look(*(t.unflatten(1, (levels, -1)) for t in along), features)
        note(self, row=row.transpose(1, 2).flatten(2, 3), column=column.transpose(1, 2).flatten(2, 3))      # [B, M, N, w | h]
        return read.flatten(1, 2)


class RowColumnCross(RowColumnAttention):
    """Every query looks along the rows and columns of every level."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe)
        self.merge = LevelMerge(recipe)

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        along = (queries.content + code for code in queries.spatial.chunk(2, -1))
        read, row, column = self.look(*(t[:, None].expand(-1, len(memory.shapes), -1, -1) for t in along), memory)
        row, column = (t.permute(0, 2, 3, 1, 4).flatten(3) for t in (row, column))
        note(self, row=row, column=column)                          # [B, M, Q, L * w] and [B, M, Q, L * h], each level sums to 1
        return self.merge(read)


class PlaneAttention(PackedAttention):
    """Dense attention of every level apart, for comparison with row-column attention; all levels have one size."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe)

    def look(self, query: Tensor, memory: Features) -> Tensor:
        """Each level's queries [B, L, Q, C] -> what they read, [B, L, Q, C]."""
        levels = len(memory.shapes)
        fold = (t.unflatten(1, (levels, -1)) for t in (memory.tokens + memory.position, memory.tokens))
        query, key, value = (t.flatten(-2).flatten(0, 1) for t in self.projected(query, *fold))
        hidden = memory.padding.unflatten(1, (levels, -1)).flatten(0, 1)[:, None, None] if memory.padded else None
        return self.out(attend(self, query, key, value, self.heads, hidden)).unflatten(0, (-1, levels))


class PlaneTokens(PlaneAttention):
    """Every token attends to every token of its own level."""

    def forward(self, features: Features) -> Tensor:
        placed = (features.tokens + features.position).unflatten(1, (len(features.shapes), -1))
        return self.look(placed, features).flatten(1, 2)


class PlaneCross(PlaneAttention):
    """Every query attends to every token of every level."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe)
        self.merge = LevelMerge(recipe)

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        placed = (queries.content + queries.position)[:, None].expand(-1, len(memory.shapes), -1, -1)
        return self.merge(self.look(placed, memory))


class LevelAttention(PackedAttention):
    """The tokens of one place on all levels attend to each other; `codes` tell the levels apart."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe)

    def forward(self, features: Features) -> Tensor:
        tokens = features.tokens.unflatten(1, (len(features.shapes), -1)).transpose(1, 2)                    # [B, n, L, C]
        placed = tokens + features.position.unsqueeze(0)
        query, key, value = (t.transpose(-2, -3) for t in self.projected(placed, placed, tokens))            # [B, n, M, L, d]
        read = F.scaled_dot_product_attention(query, key, value, dropout_p=self.dropout if self.training else 0.0)
        return self.out(read.transpose(-2, -3).flatten(-2)).transpose(1, 2).flatten(1, 2)
