"""Anchor DETR (2021): a query is a point of the picture with one of a few learned patterns.

Pixels and points are coded by the same small networks, so they speak one language. Attention is taken along the row
and along the column (RCDA) instead of over the whole map.
"""
from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..attention import MLP
from ..encoder import Encoder, EncoderLayer
from ..geometry import LogitBoxes
from ..heads import SigmoidHead, ZeroBoxHead
from ..necks import Pyramid, flatten, xavier_convolutions
from ..position import sine
from ..postprocess import SigmoidPostprocess
from ..recipe import Recipe, part
from ..registry import Paper, variant
from ..row_column import LevelAttention, RowColumnCross, RowColumnTokens
from ..sizes import tiny_single
from ..structures import Batch, Features, Queries
from ..training.objective import FocalObjective
from .detr import DETR


class EqualLevels(nn.Module):
    """Every map of a dilated backbone brought to stride 16: the first by a strided 3x3 convolution, the others by 1x1."""

    def __init__(self, recipe: Recipe, channels: Sequence[int]):
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, recipe.width, 1) if i else nn.Conv2d(c, recipe.width, 3, 2, 1), nn.GroupNorm(32, recipe.width))
            for i, c in enumerate(channels))
        xavier_convolutions(self)

    def forward(self, maps: Sequence[Tensor], batch: Batch) -> Features:
        return flatten([level(m) for level, m in zip(self.levels, maps)], batch)


class PlaneCode(nn.Module):
    """One code for the places of tokens and queries, for attention over the whole map (section 3.2)."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.plane, self.width = MLP(*[recipe.width] * 3), recipe.width

    def planes(self, places: Tensor) -> Tensor:
        """[..., 2] (x, y) in 0..1 -> [..., C]"""
        return self.plane(sine(places, self.width))

    def grid(self, x: Tensor, y: Tensor) -> Tensor:
        """Places of the columns [B, w] and of the rows [B, h] -> code of every token [B, h, w, *]."""
        places = [x[:, None].expand(-1, y.shape[1], -1), y[:, :, None].expand(-1, -1, x.shape[1])]
        return self.planes(torch.stack(places, -1))

    def tokens(self, features: Features) -> Features:
        """Give every token the code of its place; those of the padding have the last valid place (so in the authors' code)."""
        codes = []
        for mask in features.masks:
            counts = [side.cumsum(1, dtype=torch.float32) for side in (mask[:, 0], mask[:, :, 0])]
            codes.append(self.grid(*((count - 0.5) / count[:, -1:] for count in counts)).flatten(1, 2))
        return features.but(position=torch.cat(codes, 1).to(features.tokens.dtype))

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        return queries.but(position=self.planes(queries.anchor))


class RowColumnCode(PlaneCode):
    """The plane's code for talk among queries; along rows and columns one of a line, by a network that both share."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.line = MLP(*[recipe.width] * 3)

    def lines(self, place: Tensor) -> Tensor:
        """[...] in 0..1 along one axis -> [..., C]"""
        return self.line(sine(place[..., None], 2 * self.width, y_first=False))

    def grid(self, x: Tensor, y: Tensor) -> Tensor:
        """Row code beside column code, [B, h, w, 2C]."""
        along_x, along_y = self.lines(x)[:, None], self.lines(y)[:, :, None]
        return torch.cat([along_x.expand(-1, y.shape[1], -1, -1), along_y.expand(-1, -1, x.shape[1], -1)], -1)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        lines = torch.cat([self.lines(place) for place in queries.anchor.unbind(-1)], -1)
        return super().forward(queries, layer, memory).but(spatial=lines)


class PatternQueries(nn.Module):
    """Every learned point once with each learned pattern, pattern by pattern; patterns are the content (section 3.3).

    Where `queries` is no multiple of `patterns`, the last pattern has fewer points.
    """

    def __init__(self, recipe: Recipe, patterns: int = 3):
        super().__init__()
        self.count, self.pattern = recipe.queries, nn.Parameter(torch.randn(patterns, recipe.width))
        self.place(-(-recipe.queries // patterns))

    def place(self, points: int) -> None:
        self.point = nn.Parameter(torch.rand(points, 2))

    def forward(self, memory: Features) -> Queries:
        batch, patterns, points = len(memory.tokens), len(self.pattern), len(self.point)
        content, anchor = self.pattern.repeat_interleave(points, 0)[: self.count], self.point.repeat(patterns, 1)[: self.count]
        return Queries(content=content.expand(batch, -1, -1), anchor=anchor.expand(batch, -1, -1))


class GridQueries(PatternQueries):
    """The points stand still on a square grid, x by x."""

    def place(self, points: int) -> None:
        side = math.ceil(math.sqrt(points))
        places = (torch.arange(side) + 0.5) / side
        self.register_buffer("point", torch.cartesian_prod(places, places), persistent=False)


class LevelEncoder(Encoder):
    """Several levels: half of the layers look over each level, one after each of them over the levels of each place."""

    def __init__(self, recipe: Recipe):
        across = recipe.encoder_layers // 2
        super().__init__(recipe.but(encoder_layers=recipe.encoder_layers - across))
        self.across = nn.ModuleList(EncoderLayer(recipe.but(token_attention=LevelAttention), i) for i in range(across))
        self.code = nn.Parameter(torch.randn(recipe.levels, recipe.width))

    def forward(self, features: Features) -> Features:
        for i, layer in enumerate(self.layers):
            features = layer(features)
            if i < len(self.across):
                features = self.across[i](features.but(position=self.code)).but(position=features.position)
        return features


ANCHOR = DETR.but(
    "anchor_detr", queries=900, hidden=1024, dropout=0.0, neck=Pyramid, position=RowColumnCode, token_attention=RowColumnTokens,
    query_init=PatternQueries, cross_attention=RowColumnCross, geometry=LogitBoxes, final_norm=False, class_head=SigmoidHead,
    box_head=part(ZeroBoxHead, small=True), objective=FocalObjective, postprocess=SigmoidPostprocess)

SPATIAL, ACROSS, LAYER = "transformer.encoder_layers.{i}.", "transformer.encoder_layers_level.{i}.", "transformer.decoder_layers.{i}."
OFFICIAL = (
    ("backbone.body.{path}", "backbone.body.{path}"),
    ("input_proj.{i}.{n}.{p}", "neck.levels.{i}.{n}.{p}"),
    ("transformer.pattern.weight", "query_init.pattern"),
    ("transformer.position.weight", "query_init.point"),
    ("transformer.adapt_pos1d.{n}.{p}", "position.line.{n}.{p}"),
    ("transformer.adapt_pos1d.{path}", None),                                      # unused with attention over the whole map
    ("transformer.adapt_pos2d.{n}.{p}", "position.plane.{n}.{p}"),
    ("transformer.level_embed.weight", "encoder.code"),
    *((f"{theirs}{name}.{{p}}", f"encoder.{ours}.{{i}}.{part}.{{p}}")
      for theirs, ours, attention in ((SPATIAL, "layers", "self_attn"), (ACROSS, "across", "self_attn_level"))
      for name, part in ((f"{attention}.out_proj", "attention.out"), ("norm1", "attention_norm"), ("ffn.norm2", "feed_forward_norm"),
                         ("ffn.linear1", "feed_forward.expand"), ("ffn.linear2", "feed_forward.contract"))),
    (SPATIAL + "self_attn.in_proj_{p}", "encoder.layers.{i}.attention.project.{p}"),
    (ACROSS + "self_attn_level.in_proj_{p}", "encoder.across.{i}.attention.project.{p}"),
    (LAYER + "self_attn.in_proj_{p}", "decoder.layers.{i}.self_attention.{query,key,value}.{p}"),
    (LAYER + "self_attn.out_proj.{p}", "decoder.layers.{i}.self_attention.out.{p}"),
    (LAYER + "cross_attn.in_proj_{p}", "decoder.layers.{i}.cross_attention.project.{p}"),
    (LAYER + "cross_attn.out_proj.{p}", "decoder.layers.{i}.cross_attention.out.{p}"),
    (LAYER + "level_fc.{p}", "decoder.layers.{i}.cross_attention.merge.linear.{p}"),
    (LAYER + "norm2.{p}", "decoder.layers.{i}.self_norm.{p}"),
    (LAYER + "norm1.{p}", "decoder.layers.{i}.cross_norm.{p}"),
    (LAYER + "ffn.norm2.{p}", "decoder.layers.{i}.feed_forward_norm.{p}"),
    (LAYER + "ffn.linear1.{p}", "decoder.layers.{i}.feed_forward.expand.{p}"),
    (LAYER + "ffn.linear2.{p}", "decoder.layers.{i}.feed_forward.contract.{p}"),
    ("transformer.class_embed.{i}.{p}", "decoder.class_heads.0.{p}"),              # one head under many names
    ("transformer.bbox_embed.{i}.layers.{n}.{p}", "decoder.box_heads.0.{n*2}.{p}"),
)
variant(
    ANCHOR, tiny_single(ANCHOR), names=OFFICIAL,
    paper=Paper("Anchor DETR: Query Design for Transformer-Based Object Detection", "Wang et al.", "AAAI", 2021, "2109.07107",
                "megvii-research/AnchorDETR"),
    idea="A query is a point of the picture with one of a few patterns, and looks along its row and its column.")
