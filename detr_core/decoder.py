"""The decoder: one loop for the whole family."""
from __future__ import annotations

from torch import Tensor, nn

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
            predictions.append(self.predict(i, self.norm(queries.content), live))
            note(self, boxes=predictions[-1].boxes)
            anchor, live = self.refinement(self.geometry, self.head(self.box_heads, i), queries, live)
            queries = queries.but(anchor=anchor)
        return tuple(predictions)

    def head(self, heads: nn.ModuleList, layer: int) -> nn.Module:
        """A layer's own head; where there are fewer heads than layers, the last one serves the rest."""
        return heads[min(layer, len(heads) - 1)]

    def predict(self, layer: int, content: Tensor, anchor: Tensor | None) -> Prediction:
        """What a layer says from its normed content [B, Q, C] and the anchor it starts from."""
        boxes = self.geometry.boxes(self.geometry.refine(anchor, self.head(self.box_heads, layer)(content)))
        return Prediction(self.head(self.class_heads, layer)(content), boxes)
