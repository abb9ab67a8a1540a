"""SAP-DETR (2022): a query is a point inside the object and its distances to the object's four sides.

Points start on a grid and never leave their cell; matching lets a query have only objects that its point lies in.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..attention import MLP, xavier
from ..encoder import Encoder
from ..gaussian import gaussian_bias
from ..points import ConvolvedPoints, DeepClassHead, LaggingPoints, PointAndSides, PointDecoder, PointHead
from ..position import LearnedPosition, sine
from ..recipe import Recipe
from ..registry import Paper, variant
from ..sizes import tiny_single
from ..structures import Features, Queries
from ..tape import note, wanted
from ..training.inside import InsideObjective
from .conditional import ConditionalCrossAttention, ConditionalSelfAttention, beside
from .dab import DAB
from .detr import DECODER


class SalientPosition(LearnedPosition):
    """Codes the point and two corners of the box; in cross-attention both are scaled by the content from the second layer on."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.point, self.box = MLP(*[recipe.width] * 3), MLP(2 * recipe.width, recipe.width, recipe.width)
        self.scale, self.width = MLP(*[recipe.width] * 3), recipe.width
        xavier(self.point, self.box, self.scale)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        point, (left_top, right_bottom) = queries.anchor[..., :2], queries.anchor[..., 2:6].chunk(2, -1)
        note(self, sides=queries.anchor[..., 2:6])
        corners = torch.cat([point - left_top, point + right_bottom], -1)
        point, box = (sine(places, self.width, 20.0, y_first=False) for places in (point, corners))
        scale = self.scale(queries.content) if layer else torch.ones_like(queries.content)
        return queries.but(position=torch.cat([self.point(point), self.box(box)], -1),
                           spatial=torch.cat([point, box], -1) * scale.repeat(1, 1, 3))


class PointAndBox(nn.Module):
    """The codes of point and box, side by side, projected apart and added."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.point, self.box = (nn.Linear(recipe.width, recipe.width) for _ in range(2))
        xavier(self)

    def forward(self, position: Tensor) -> Tensor:
        point, box = position.chunk(2, -1)
        return self.point(point) + self.box(box)


class SalientSelfAttention(ConditionalSelfAttention):
    """Conditional DETR's, with point and box."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe, layer)
        self.query_position, self.key_position = PointAndBox(recipe), PointAndBox(recipe)


class SalientCrossAttention(ConditionalCrossAttention):
    """Content, point and corners stand side by side; the tokens' places answer both of the latter (PECA, section 3.3).

    A tape that wants them gets `point_scores` and `box_scores`, whose sum is the parent's `spatial_scores`.
    """

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe, layer)
        self.query_box = nn.Linear(2 * recipe.width, recipe.width)
        xavier(self.query_box)
        if layer == 0:
            self.query_position = PointAndBox(recipe)

    def places(self, queries: Queries, memory: Features) -> tuple[Tensor, Tensor]:
        width = queries.content.shape[-1]
        point, box = self.query_spatial(queries.spatial[..., :width]), self.query_box(queries.spatial[..., width:])
        place = self.key_position(memory.position)
        if wanted(self, "point_scores") or wanted(self, "box_scores"):
            note(self, point_scores=self.scores(point, place), box_scores=self.scores(box, place))
        return beside(self.heads, point, box), beside(self.heads, place, place)

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        query, key = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (query, key))
        return query @ key.transpose(-1, -2) / math.sqrt(3 * self.out.in_features / self.heads)


class SideDirectedCross(SalientCrossAttention):
    """Every head pulls the point towards two of the sides and attends through a Gaussian around it (SDG, section 3.4)."""

    def __init__(self, recipe: Recipe, layer: int = 0):
        super().__init__(recipe, layer)
        self.gaussian = MLP(*[recipe.width] * 3, 4 * recipe.heads)
        xavier(self.gaussian)

    def bias(self, queries: Queries, memory: Features) -> Tensor:
        height, width = memory.shapes[0]
        pull, scale = self.gaussian(queries.content).unflatten(-1, (2, self.heads, 2)).unbind(2)
        point, left_top, right_bottom = queries.anchor[:, :, None, :6].chunk(3, -1)
        pull = pull.tanh()
        peak = (point + pull * torch.where(pull > 0, right_bottom, left_top)) * point.new_tensor([width, height])
        return gaussian_bias(self, peak - 0.5, scale.square(), memory.shapes[0])


class LayerScaledEncoder(Encoder):
    """As DAB-DETR's, with an MLP a layer."""

    def __init__(self, recipe: Recipe, final_norm: bool = False):
        super().__init__(recipe, final_norm)
        self.scales = nn.ModuleList(MLP(*[recipe.width] * 3) for _ in self.layers)
        xavier(self.scales)

    def forward(self, features: Features) -> Features:
        position = features.position
        for layer, scale in zip(self.layers, self.scales):
            features = layer(features.but(position=position * scale(features.tokens)))
        return features.but(tokens=self.norm(features.tokens), position=position)


SAP = DAB.but(
    "sap_detr", queries=306, activation=nn.ReLU, encoder=LayerScaledEncoder, query_init=ConvolvedPoints, position=SalientPosition,
    decoder=PointDecoder, self_attention=SalientSelfAttention, cross_attention=SideDirectedCross, geometry=PointAndSides,
    refinement=LaggingPoints, class_head=DeepClassHead, box_head=PointHead, shared_heads=False, objective=InsideObjective)

SELF = {"sa_point_qpos": "query_position.point", "sa_bbox_qpos": "query_position.box",
        "sa_point_kpos": "key_position.point", "sa_bbox_kpos": "key_position.box"}
CROSS = {"ca_point_qpos": "query_position.point", "ca_bbox_qpos": "query_position.box", "ca_bbox_qpos_sine": "query_box"}
HEADS = {"bbox_embed": "sides", "point_embed": "point"}
OFFICIAL = (
    ("refpoint_embed.weight", "query_init.point"),
    ("refbbox_embed.weight", "query_init.sides"),
    ("transformer.point_transfer.{n}.{p}", "query_init.transfer.{n}.{p}"),
    ("{transformer.decoder.|}ref_point_head.layers.{n}.{p}", "position.point.{n*2}.{p}"),
    ("{transformer.decoder.|}ref_bbox_head.layers.{n}.{p}", "position.box.{n*2}.{p}"),
    ("transformer.encoder.query_scales.{i}.layers.{n}.{p}", "encoder.scales.{i}.{n*2}.{p}"),
    *((f"{DECODER}{old}_proj.{{p}}", f"decoder.layers.{{i}}.self_attention.{new}.{{p}}") for old, new in SELF.items()),
    *((f"{DECODER}{old}_proj.{{p}}", f"decoder.layers.{{i}}.cross_attention.{new}.{{p}}") for old, new in CROSS.items()),
    (DECODER + "gaussian_proj.layers.{n}.{p}", "decoder.layers.{i}.cross_attention.gaussian.{n*2}.{p}"),
    ("obj_embed.{p}", "decoder.objectness.{p}"),
    ("class_embed.0.layers.{n}.{p}", "decoder.class_heads.0.{n*2}.{p}"),
    ("class_embed.{i}.layers.{n}.{p}", "decoder.class_heads.1.{n*2}.{p}"),         # one head under many names
    ("class_embed.layers.{n}.{p}", "decoder.class_heads.{0,1}.{n*2}.{p}[:]"),
    *((f"{{transformer.decoder.|}}{old}.{{i}}.layers.{{n}}.{{p}}", f"decoder.box_heads.{place}.{new}.{{n*2}}.{{p}}")
      for old, new in HEADS.items() for place in ("{i}", "0")),                    # as many heads as layers, or one under many names
    *((f"{{transformer.decoder.|}}{old}.layers.{{n}}.{{p}}", f"decoder.box_heads.0.{new}.{{n*2}}.{{p}}")
      for old, new in HEADS.items()),
)
variant(
    SAP, tiny_single(SAP), names=OFFICIAL,
    paper=Paper("SAP-DETR: Bridging the Gap Between Salient Points and Queries-Based Transformer Detector for Fast Model Convergency",
                "Liu et al.", "CVPR", 2023, "2211.02006", "liuyang-ict/SAP-DETR"),
    idea="A query is a point that stays inside its object, with the distances to the four sides; attention is pulled towards the sides.")
