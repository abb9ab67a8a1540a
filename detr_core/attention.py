"""Attention with explicit projections, and the blocks made of it."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .recipe import Recipe
from .structures import Features, Queries
from .tape import note, wanted


class MLP(nn.Sequential):
    """Linear layers with ReLU between them; `sizes` runs from input to output."""

    def __init__(self, *sizes: int):
        layers: list[nn.Module] = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        super().__init__(*layers[:-1])


def xavier(*modules: nn.Module) -> None:
    """Xavier-uniform matrices and zero biases, as every DETR initialises its transformer."""
    for module in modules:
        for parameter in module.parameters():
            nn.init.xavier_uniform_(parameter) if parameter.ndim > 1 else nn.init.zeros_(parameter)


def _mask(hidden: Tensor | None, bias: Tensor | None, like: Tensor) -> Tensor | None:
    if hidden is None:
        return bias
    blocked = torch.zeros(hidden.shape, dtype=like.dtype, device=like.device).masked_fill(hidden, float("-inf"))
    return blocked if bias is None else bias + blocked


def dots(query: Tensor, key: Tensor, heads: int, parts: int = 1) -> Tensor:
    """Scaled dot products of one of `parts` equal parts of a head: query [B, Q, C], key [B, N, C] -> [B, M, Q, N]."""
    query, key = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (query, key))
    return query @ key.transpose(-1, -2) / math.sqrt(parts * query.shape[-1])


def attend(owner: nn.Module, query: Tensor, key: Tensor, value: Tensor, heads: int,
           hidden: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention: query [B, Q, M*d], key [B, N, M*d], value [B, N, C] -> [B, Q, C].

    `hidden` (bool, True = may not be seen) and `bias` (added to the scores) broadcast to [B, M, Q, N]. The weights
    are computed explicitly when a tape wants `owner`'s, else by the fused kernel: same numbers either way. The tape
    also gets `normaliser` [B, M, Q], with which a score is the logarithm of its weight plus the normaliser.
    """
    dropout = owner.dropout if owner.training else 0.0
    query, key, value = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (query, key, value))
    mask = _mask(hidden, bias, query)
    if wanted(owner, "weights"):
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        scores = scores if mask is None else scores + mask
        weights = scores.softmax(-1)
        note(owner, weights=weights, normaliser=scores.logsumexp(-1))
        out = F.dropout(weights, dropout) @ value if dropout else weights @ value
    else:
        out = _fused(query, key, value, mask, dropout)
    return out.transpose(1, 2).flatten(2)


def _fused(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
    """PyTorch's attention; its fast kernel for CPUs wants values as wide as queries, so zeros fill narrower ones."""
    width, missing = value.shape[-1], query.shape[-1] - value.shape[-1]
    if missing > 0 and not dropout and value.device.type == "cpu":
        return F.scaled_dot_product_attention(query, key, F.pad(value, (0, missing)), attn_mask=mask)[..., :width]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)


class Attention(nn.Module):
    """Query, key and value projected apart from each other; the output projected once more."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__()
        self.heads, self.dropout = recipe.heads, recipe.dropout
        self.query, self.key, self.value, self.out = (nn.Linear(recipe.width, recipe.width) for _ in range(4))
        xavier(self)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, hidden: Tensor | None = None) -> Tensor:
        return self.out(attend(self, self.query(query), self.key(key), self.value(value), self.heads, hidden))


class TokenAttention(Attention):
    """Every token attends to every token; places are added to query and key, never to the value (DETR, A.4)."""

    def forward(self, features: Features) -> Tensor:
        placed = features.tokens + features.position
        return self.attend(placed, placed, features.tokens, features.key_padding)


class SelfAttention(Attention):
    """Queries talk to each other."""

    def forward(self, queries: Queries) -> Tensor:
        placed = queries.content + queries.position
        return self.attend(placed, placed, queries.content, queries.hidden)


class CrossAttention(Attention):
    """Queries look at every token of the memory."""

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        return self.attend(queries.content + queries.position, memory.tokens + memory.position, memory.tokens, memory.key_padding)


class FeedForward(nn.Module):
    """Two linear layers a token or query on its own; the caller adds and normalises."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__()
        self.expand, self.contract = nn.Linear(recipe.width, recipe.hidden), nn.Linear(recipe.hidden, recipe.width)
        self.activation, self.dropout = recipe.activation(), nn.Dropout(recipe.dropout)
        xavier(self.expand, self.contract)

    def forward(self, x: Tensor) -> Tensor:
        return self.contract(self.dropout(self.activation(self.expand(x))))
