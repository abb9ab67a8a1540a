"""What every source of queries has in common."""
from __future__ import annotations

from torch import Tensor, nn

from .recipe import Recipe


class QueryInit(nn.Module):
    """Makes object queries of a memory; `recipe.extra_queries` of them exist in training only (hybrid and group matching)."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.kept, self.every = recipe.queries, recipe.queries + recipe.extra_queries

    @property
    def count(self) -> int:
        """How many queries this mode has; the first `kept` of them are always the same ones."""
        return self.every if self.training else self.kept


def take(tokens: Tensor, chosen: Tensor) -> Tensor:
    """[B, N, C], indices [B, K] -> [B, K, C]."""
    return tokens.gather(1, chosen[..., None].expand(-1, -1, tokens.shape[-1]))
