"""The encoder: tokens exchange what they see."""
from __future__ import annotations

from torch import nn

from .recipe import Recipe
from .structures import Features


class EncoderLayer(nn.Module):
    """Attention, then feed-forward, each added to its input and normalised after (post-norm)."""

    def __init__(self, recipe: Recipe, layer: int):
        super().__init__()
        self.attention, self.attention_norm = recipe.token_attention(recipe, layer), nn.LayerNorm(recipe.width)
        self.feed_forward, self.feed_forward_norm = recipe.feed_forward(recipe, layer), nn.LayerNorm(recipe.width)
        self.dropout = nn.Dropout(recipe.dropout)

    def forward(self, features: Features) -> Features:
        x = self.attention_norm(features.tokens + self.dropout(self.attention(features)))
        return features.but(tokens=self.feed_forward_norm(x + self.dropout(self.feed_forward(x))))


class PreNormEncoderLayer(EncoderLayer):
    """The same with each norm before its block (DETR's `--pre_norm`)."""

    def forward(self, features: Features) -> Features:
        normed = features.but(tokens=self.attention_norm(features.tokens))
        x = features.tokens + self.dropout(self.attention(normed))
        return features.but(tokens=x + self.dropout(self.feed_forward(self.feed_forward_norm(x))))


class Encoder(nn.Module):
    """A stack of layers; pre-norm stacks end with a norm, post-norm ones have none (so in the authors' code)."""

    def __init__(self, recipe: Recipe, final_norm: bool = False):
        super().__init__()
        self.layers = nn.ModuleList(recipe.encoder_layer(recipe, i) for i in range(recipe.encoder_layers))
        self.norm = nn.LayerNorm(recipe.width) if final_norm else nn.Identity()

    def forward(self, features: Features) -> Features:
        for layer in self.layers:
            features = layer(features)
        return features.but(tokens=self.norm(features.tokens))
