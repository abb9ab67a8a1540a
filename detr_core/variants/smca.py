"""SMCA (2021): each query guesses where its object is, and every head attends through a Gaussian around that place."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..attention import MLP, CrossAttention, attend, dots, xavier
from ..backbones import Backbone
from ..exchange import LevelExchange, PlainPyramid, ShrinkingEncoder
from ..gaussian import gaussian_bias, log_gaussian
from ..geometry import FreeBoxes
from ..heads import SigmoidHead
from ..position import LearnedPosition, LevelTokens, SineTokens
from ..postprocess import SigmoidPostprocess
from ..recipe import Recipe, part
from ..registry import Paper, variant
from ..sizes import tiny_single
from ..structures import Features, Queries
from ..tape import note, wanted
from ..training.objective import FocalObjective
from .detr import DECODER, DETR, ENCODER


class CentreLogits(FreeBoxes):
    """The anchor is a point in logits: it moves the centre, the size stands for itself."""

    def refine(self, anchor: Tensor, offset: Tensor) -> Tensor:
        return torch.cat([offset[..., :2] + anchor, offset[..., 2:]], -1).sigmoid()

    def place(self, anchor: Tensor) -> Tensor:
        return anchor.sigmoid()


class GaussianPosition(LearnedPosition):
    """Where each query and each head looks, told from the content before self-attention (section 3.2).

    The first layer finds a centre that serves all layers; every layer adds an offset a head, in cells of `stride` pixels
    (32 in the authors' code, dilated backbone or not), and how narrow the Gaussian is: `scales` numbers a head, squared.
    0 is a fixed width, 1 a round Gaussian, 2 one number along x and one along y, 3 also one for the product of both
    distances (the authors' types 1 to 4). `spatial` carries them on: [B, Q, M, 2 + scales].
    """

    def __init__(self, recipe: Recipe, scales: int = 2, stride: int | tuple[int, ...] = 32):
        super().__init__(recipe)
        layers, self.heads = recipe.decoder_layers, recipe.heads
        self.register_buffer("stride", torch.tensor(stride, dtype=torch.float32).reshape(-1, 1), persistent=False)
        self.norms = nn.ModuleList(nn.LayerNorm(recipe.width) for _ in range(layers))
        self.centre = MLP(recipe.width, recipe.width, recipe.width, 2)
        self.offsets = nn.ModuleList(nn.Linear(recipe.width, recipe.heads * 2) for _ in range(layers))
        self.scales = nn.ModuleList(nn.Linear(recipe.width, recipe.heads * scales) for _ in range(layers if scales else 0))
        xavier(self.centre, self.offsets)
        for scale in self.scales:
            nn.init.zeros_(scale.weight)
            nn.init.ones_(scale.bias)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        content = self.norms[layer](queries.content + queries.position)
        anchor = queries.anchor if layer else self.centre(content)
        cells = (anchor.sigmoid() * memory.extent[:, None])[:, :, None] / self.stride
        parts = [cells + self.offsets[layer](content).unflatten(-1, (self.heads, 2))]
        if self.scales:
            parts.append(self.scales[layer](content).unflatten(-1, (self.heads, -1)).square())
        return queries.but(anchor=anchor, spatial=torch.cat(parts, -1))


class GaussianCross(CrossAttention):
    """Dense attention through the Gaussians (equation 4)."""

    def __init__(self, recipe: Recipe, layer: int = 0, smooth: float = 8.0):
        super().__init__(recipe, layer)
        self.smooth = smooth

    def bias(self, queries: Queries, memory: Features) -> Tensor:
        """[B, M, Q, N], at most zero; distances count from the corners of the tokens' cells."""
        centre, scale = queries.spatial.split([2, queries.spatial.shape[-1] - 2], -1)
        return gaussian_bias(self, centre, scale if scale.shape[-1] else torch.ones_like(centre), memory.shapes[0], self.smooth)

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        query, key = self.query(queries.content + queries.position), self.key(memory.tokens + memory.position)
        value = self.value(memory.tokens)
        if wanted(self, "content_scores"):
            note(self, content_scores=dots(query, key, self.heads))
        return self.out(attend(self, query, key, value, self.heads, memory.key_padding, self.bias(queries, memory)))


class LevelGaussians(GaussianPosition):
    """Every head has a Gaussian on every level, and a query says how much of each level it wants (multi-scale form).

    `spatial` is [B, Q, L, M, 3 + scales], the level's share first. The authors trained one picture a process, and their
    code gives a whole batch the first picture's shares; here every picture has its own.
    """

    def __init__(self, recipe: Recipe, scales: int = 2, strides: tuple[int, ...] = (16, 16, 32, 64)):
        super().__init__(recipe.but(heads=recipe.levels * recipe.heads), scales, tuple(s for s in strides for _ in range(recipe.heads)))
        self.levels = recipe.levels
        self.shares = nn.ModuleList(nn.Linear(recipe.width, recipe.levels) for _ in range(recipe.decoder_layers))
        xavier(self.shares)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        share = self.shares[layer](self.norms[layer](queries.content + queries.position)).softmax(-1)
        queries = super().forward(queries, layer, memory)
        centre, scale = queries.spatial.split([2, queries.spatial.shape[-1] - 2], -1)
        spatial = torch.cat([centre, scale * self.stride / 32], -1).unflatten(2, (self.levels, -1))
        share = share[..., None, None].expand(*spatial.shape[:-1], 1)
        return queries.but(spatial=torch.cat([share, spatial], -1))


class LevelGaussianCross(GaussianCross):
    """One softmax a level, weighted by the query's share of the level. The tape gets no single centre of a head: there are L."""

    def bias(self, queries: Queries, memory: Features) -> Tensor:
        levels = zip(queries.spatial[..., 1:].unbind(2), memory.shapes)
        return torch.cat([log_gaussian(*s.split([2, s.shape[-1] - 2], -1), shape, self.smooth) for s, shape in levels], -1)

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        parts = (self.query(queries.content + queries.position), self.key(memory.tokens + memory.position), self.value(memory.tokens))
        query, key, value = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in parts)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + self.bias(queries, memory)
        if memory.padded:
            scores = scores.masked_fill(memory.key_padding, float("-inf"))
        shares = queries.spatial[..., 0].permute(2, 0, 3, 1)[..., None]                                      # [L, B, M, Q, 1]
        levels = scores.split([h * w for h, w in memory.shapes], -1)
        weights = torch.cat([level.softmax(-1) * share for level, share in zip(levels, shares)], -1)
        note(self, weights=weights)
        read = F.dropout(weights, self.dropout, self.training) @ value
        return self.out(read.transpose(1, 2).flatten(2))


class SpareHead(SigmoidHead):
    """One output more than classes; it is trained as background everywhere (so in the authors' code)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe.but(classes=recipe.classes + 1))


class SparePostprocess(SigmoidPostprocess):
    """Leaves the spare output out."""

    def scores(self, logits: Tensor) -> Tensor:
        return logits[..., :-1].sigmoid()


SMCA = DETR.but(
    "smca", queries=300, position=GaussianPosition, cross_attention=GaussianCross, geometry=CentreLogits, class_head=SpareHead,
    objective=FocalObjective, postprocess=SparePostprocess)
MULTI_SCALE = SMCA.but(
    levels=4, encoder_layers=5, hidden=1024, backbone=part(Backbone, strides=(8, 16, 32)), neck=PlainPyramid,
    token_code=part(LevelTokens, code=part(SineTokens)), token_attention=LevelExchange, encoder=ShrinkingEncoder,
    position=LevelGaussians, cross_attention=LevelGaussianCross)

EXCHANGE = {"conv_1": "before", "conv_2": "after", **{f"self_attn_{8 << i}": f"own.{i}" for i in range(4)},
            **{f"{theirs}_{i + 1}": f"{ours}.{i}" for theirs, ours in (("high_to_low", "down"), ("low_to_high", "up")) for i in range(3)}}
OFFICIAL = (
    (DECODER + "norm4.{p}", "position.norms.{i}.{p}"),
    (DECODER + "point1.layers.{n}.{p}", "position.centre.{n*2}.{p}"),
    (DECODER + "point2.{p}", "position.offsets.{i}.{p}"),
    (DECODER + "point3.{p}", "position.scales.{i}.{p}"),
    (DECODER + "point4.{p}", "position.shares.{i}.{p}"),
    *((f"input_proj_{name}.{{p}}", f"neck.levels.{i}.{{p}}") for i, name in enumerate(("512", "1024", "2048", "2048_3"))),
    *((f"{ENCODER}{theirs}.{{p}}", f"encoder.layers.{{i}}.attention.{ours}.{{p}}") for theirs, ours in EXCHANGE.items()),
    ("transformer.conv.{p}", "encoder.shrink.{p}"),
    ("transformer.level_embed", "position.code.levels"),
)
variant(
    SMCA, tiny_single(SMCA).but(position=part(GaussianPosition, stride=16)), names=OFFICIAL,
    paper=Paper("Fast Convergence of DETR with Spatially Modulated Co-Attention", "Gao et al.", "ICCV", 2021, "2101.07448",
                "gaopengcuhk/SMCA-DETR"),
    idea="Each query first guesses where its object is, and its attention is weighted by a Gaussian around the guess.")
