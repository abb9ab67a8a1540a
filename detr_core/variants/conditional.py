"""Conditional DETR (2021): a query says where to look apart from what to look for."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..attention import MLP, attend, dots, xavier
from ..geometry import LogitBoxes
from ..heads import SigmoidHead, ZeroBoxHead
from ..position import LearnedPosition, sine
from ..postprocess import SigmoidPostprocess
from ..recipe import Recipe
from ..registry import Paper, Published, variant
from ..sizes import tiny_single
from ..structures import Features, Queries
from ..tape import note, wanted
from ..training.objective import FocalObjective
from .detr import DECODER, DETR, LearnedQueries


class PointQueries(LearnedQueries):
    """Each query's learned position also predicts one reference point, the same for all layers (section 3.3)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.point = MLP(recipe.width, recipe.width, 2)
        xavier(self.point)

    def forward(self, memory: Features) -> Queries:
        queries = super().forward(memory)
        return queries.but(anchor=self.point(queries.position).sigmoid())


class ConditionalPosition(LearnedPosition):
    """The sine code of the reference point, scaled channel by channel by the content; not yet in the first layer."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.scale, self.width = MLP(recipe.width, recipe.width, recipe.width), recipe.width
        xavier(self.scale)

    def conditional(self, queries: Queries, layer: int) -> Tensor:
        """[B, Q, C] where to look, given what has been found so far."""
        code = sine(queries.anchor[..., :2], self.width)
        if layer == 0:
            return code
        scale = self.scale(queries.content)
        note(self, scale=scale)
        return code * scale

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        return queries.but(spatial=self.conditional(queries, layer))


class ConditionalSelfAttention(nn.Module):
    """Content and position have projections of their own, added afterwards."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__()
        self.heads, self.dropout = recipe.heads, recipe.dropout
        self.query, self.key, self.value, self.out, self.query_position, self.key_position = (
            nn.Linear(recipe.width, recipe.width) for _ in range(6))
        xavier(self)

    def forward(self, queries: Queries) -> Tensor:
        content, position = queries.content, queries.position
        query, key = self.query(content) + self.query_position(position), self.key(content) + self.key_position(position)
        return self.out(attend(self, query, key, self.value(content), self.heads, queries.hidden))


def beside(heads: int, *parts: Tensor) -> Tensor:
    """[B, N, C] each -> [B, N, len(parts) * C], side by side within every head."""
    return torch.cat([part.unflatten(-1, (heads, -1)) for part in parts], -1).flatten(-2)


class ConditionalCrossAttention(nn.Module):
    """Content meets content and place meets place: a score is the sum of two dot products (section 3.3).

    The first layer, whose content is still empty, also adds the positions to the content half. A tape that wants
    them gets both summands, `content_scores` and `spatial_scores` [B, M, Q, N], before padding is hidden, and what the
    latter were without size modulation, where there is one: `unsized_scores`.
    """

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__()
        self.heads, self.dropout = recipe.heads, recipe.dropout
        self.query, self.key, self.value, self.out, self.key_position, self.query_spatial = (
            nn.Linear(recipe.width, recipe.width) for _ in range(6))
        self.query_position = nn.Linear(recipe.width, recipe.width) if layer == 0 else None
        xavier(self)

    def places(self, queries: Queries, memory: Features) -> tuple[Tensor, Tensor]:
        """What stands beside the content: [B, Q, C] of the queries, [B or 1, N, C] of the tokens."""
        return self.query_spatial(queries.spatial), self.key_position(memory.position)

    def contents(self, queries: Queries, memory: Features) -> tuple[Tensor, Tensor]:
        """[B, Q, C] of the queries, [B, N, C] of the tokens."""
        query, key = self.query(queries.content), self.key(memory.tokens)
        if self.query_position is None:
            return query, key
        return query + self.query_position(queries.position), key + self.key_position(memory.position)

    def bias(self, queries: Queries, memory: Features) -> Tensor | None:
        """Added to the scores, broadcast to [B, M, Q, N]."""
        return None

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """One half's share of the scores: [B, Q, C], [B, N, C] -> [B, M, Q, N]."""
        return dots(query, key, self.heads, 2)

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        (what, token), (where, place) = self.contents(queries, memory), self.places(queries, memory)
        place = place.expand(len(token), -1, -1)
        if wanted(self, "content_scores") or wanted(self, "spatial_scores"):
            note(self, content_scores=self.scores(what, token), spatial_scores=self.scores(where, place))
        if queries.unsized is not None and wanted(self, "unsized_scores"):
            unsized, place = self.places(queries.but(spatial=queries.unsized), memory)
            note(self, unsized_scores=self.scores(unsized, place.expand(len(token), -1, -1)))
        query, key = beside(self.heads, what, where), beside(self.heads, token, place)
        value = self.value(memory.tokens)
        return self.out(attend(self, query, key, value, self.heads, memory.key_padding, self.bias(queries, memory)))


CONDITIONAL = DETR.but(
    "conditional_detr", queries=300, query_init=PointQueries, position=ConditionalPosition, geometry=LogitBoxes,
    self_attention=ConditionalSelfAttention, cross_attention=ConditionalCrossAttention, class_head=SigmoidHead,
    box_head=ZeroBoxHead, objective=FocalObjective, postprocess=SigmoidPostprocess)

LAYER, OURS = "{model|transformer}.decoder.layers.{i}.", "decoder.layers.{i}."        # of transformers | of the authors
SELF = {"qcontent|q_content": "query", "kcontent|k_content": "key", "v|v": "value", "qpos|q_pos": "query_position",
        "kpos|k_pos": "key_position"}
CROSS = {**SELF, "qpos_sine|q_pos_sine": "query_spatial"}
OFFICIAL = (
    ("{model|transformer}.decoder.ref_point_head.layers.{n}.{p}", "query_init.point.{n*2}.{p}"),
    ("{model|transformer}.decoder.query_scale.layers.{n}.{p}", "position.scale.{n*2}.{p}"),
    *((f"{LAYER}{{sa_|self_attn.}}{{{old}}}_proj.{{p}}", f"{OURS}self_attention.{new}.{{p}}") for old, new in SELF.items()),
    *((f"{LAYER}{{ca_|encoder_attn.}}{{{old}}}_proj.{{p}}", f"{OURS}cross_attention.{new}.{{p}}") for old, new in CROSS.items()),
    (DECODER + "cross_attn.out_proj.{p}", "decoder.layers.{i}.cross_attention.out.{p}"),
)

variant(
    CONDITIONAL, tiny_single(CONDITIONAL),
    paper=Paper("Conditional DETR for Fast Training Convergence", "Meng et al.", "ICCV", 2021, "2108.06152", "Atten4Vis/ConditionalDETR"),
    idea="Each query keeps a reference point and looks for places near it apart from looking for content.",
    names=OFFICIAL,
    published={"coco": Published(repository="microsoft/conditional-detr-resnet-50")})
