"""The decoder: one loop for the whole family."""
from __future__ import annotations

from torch import nn

from .recipe import Recipe
from .structures import Features, Prediction, Queries
from .tape import note


class DecoderLayer(nn.Module):
    """Talk to the other queries, look at the picture, think; each added to its input and normalised after."""

    def __init__(self, recipe: Recipe, layer: int):
        super().__init__()
        self.self_attention, self.self_norm = recipe.self_attention(recipe, layer), nn.LayerNorm(recipe.width)
        self.cross_attention, self.cross_norm = recipe.cross_attention(recipe, layer), nn.LayerNorm(recipe.width)
        self.feed_forward, self.feed_forward_norm = recipe.feed_forward(recipe, layer), nn.LayerNorm(recipe.width)
        self.dropout = nn.Dropout(recipe.dropout)

    def forward(self, queries: Queries, memory: Features) -> Queries:
        x = self.self_norm(queries.content + self.dropout(self.self_attention(queries)))
        x = self.cross_norm(x + self.dropout(self.cross_attention(queries.but(content=x), memory)))
        return queries.but(content=self.feed_forward_norm(x + self.dropout(self.feed_forward(x))))


class PreNormDecoderLayer(DecoderLayer):
    """The same with each norm before its block (DETR's `--pre_norm`)."""

    def forward(self, queries: Queries, memory: Features) -> Queries:
        x = queries.content
        x = x + self.dropout(self.self_attention(queries.but(content=self.self_norm(x))))
        x = x + self.dropout(self.cross_attention(queries.but(content=self.cross_norm(x)), memory))
        return queries.but(content=x + self.dropout(self.feed_forward(self.feed_forward_norm(x))))


class Decoder(nn.Module):
    """Code the queries' places, run a layer, predict from its normed content, refine the anchor for the next.

    Predictions start from the live anchor; what the next layer gets is `refinement`'s business.
    """

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.layers = nn.ModuleList(recipe.decoder_layer(recipe, i) for i in range(recipe.decoder_layers))
        self.norm = nn.LayerNorm(recipe.width) if recipe.final_norm else nn.Identity()
        self.geometry, self.refinement = recipe.geometry(), recipe.refinement()
        heads = 1 if recipe.shared_heads else recipe.decoder_layers
        self.class_heads = nn.ModuleList(recipe.class_head(recipe) for _ in range(heads))
        self.box_heads = nn.ModuleList(recipe.box_head(recipe, self.geometry.dims, layer) for layer in range(heads))

    def forward(self, queries: Queries, memory: Features, position: nn.Module) -> tuple[Prediction, ...]:
        predictions, live = [], queries.anchor
        if queries.hidden is not None:
            note(self, hidden=queries.hidden)
        for i, layer in enumerate(self.layers):
            queries = position(queries, i, memory)
            if queries.anchor is not None:
                note(self, anchor=self.geometry.place(queries.anchor))
            live = queries.anchor if live is None else live         # some positions find the first anchor themselves
            queries = layer(queries, memory)
            class_head, box_head = self.class_heads[i % len(self.class_heads)], self.box_heads[i % len(self.box_heads)]
            normed = self.norm(queries.content)
            boxes = self.geometry.boxes(self.geometry.refine(live, box_head(normed)))
            predictions.append(Prediction(class_head(normed), boxes))
            note(self, boxes=boxes)
            anchor, live = self.refinement(self.geometry, box_head, queries, live)
            queries = queries.but(anchor=anchor)
        return tuple(predictions)
