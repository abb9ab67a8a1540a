"""DAB-DETR (2022): a query is a box that every layer moves, and its size shapes where the query looks."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..attention import MLP, xavier
from ..encoder import Encoder
from ..geometry import LogitBoxes, LookForwardTwice
from ..position import LearnedPosition, SineTokens, sine
from ..postprocess import SigmoidPostprocess
from ..queries import QueryInit
from ..recipe import Recipe, part
from ..registry import Paper, Published, variant
from ..sizes import tiny_pyramid, tiny_single
from ..structures import Features, Queries
from ..tape import note
from ..training.objective import FocalObjective
from .conditional import CONDITIONAL, ConditionalPosition
from .deformable import PROPOSING, REFINE
from .detr import HF_DECODER


class AnchorQueries(QueryInit):
    """Learned boxes, kept as logits; the content is empty (section 4.2).

    `patterns` asks every box that many times, each with a learned content of its own, pattern after pattern.
    `fixed_centres` spreads the centres evenly over the picture and lets only the sizes learn.
    """

    def __init__(self, recipe: Recipe, patterns: int = 0, fixed_centres: bool = False):
        super().__init__(recipe)
        if patterns and recipe.extra_queries:
            raise ValueError("Patterns repeat every box, so extra queries would not stand last: choose one of the two.")
        self.width, self.fixed_centres = recipe.width, fixed_centres
        self.anchor = nn.Parameter(torch.randn(self.every, 4))
        self.patterns = nn.Parameter(torch.randn(patterns, recipe.width)) if patterns else None
        if fixed_centres:
            with torch.no_grad():
                self.anchor[:, :2] = torch.rand(self.every, 2).logit(1e-3)

    def contents(self) -> Tensor:
        """[boxes, C] before any pattern."""
        return self.anchor.new_zeros(len(self.anchor), self.width)

    def patterned(self, contents: Tensor) -> Tensor:
        """[boxes, C] -> [patterns * boxes, C]"""
        return contents if self.patterns is None else (self.patterns[:, None] + contents).flatten(0, 1)

    def forward(self, memory: Features) -> Queries:
        contents, anchor = self.patterned(self.contents()[: self.count]), self.anchor[: self.count]
        if self.fixed_centres:
            anchor = torch.cat([anchor[:, :2].detach(), anchor[:, 2:]], -1)
        anchor = anchor.sigmoid().repeat(len(contents) // len(anchor), 1)
        return Queries(content=contents.expand(len(memory.tokens), -1, -1), anchor=anchor.expand(len(memory.tokens), -1, -1))


class ContentAnchors(AnchorQueries):
    """Learned boxes with a learned content each (the deformable body)."""

    def __init__(self, recipe: Recipe, patterns: int = 0, fixed_centres: bool = False):
        super().__init__(recipe, patterns, fixed_centres)
        self.content = nn.Parameter(torch.randn(self.every, recipe.width))

    def contents(self) -> Tensor:
        return self.content


class BoxPosition(ConditionalPosition):
    """Coded anew for every layer's boxes: all four numbers for self-attention, the centre for cross-attention.

    There the x half is scaled by the width the content asks for over the anchor's, the y half by the heights, so that
    attention is as wide and as high as the object (section 4.4). `modulation` on the tape holds both ratios.
    """

    codes_boxes = True

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.box_code, self.size = MLP(2 * recipe.width, recipe.width, recipe.width), MLP(recipe.width, recipe.width, 2)
        xavier(self.box_code, self.size)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        spatial = self.conditional(queries, layer)
        modulation = self.size(queries.content).sigmoid() / queries.anchor[..., 2:]
        note(self, spatial=spatial, modulation=modulation)
        modulated = spatial.unflatten(-1, (2, -1)) * modulation.flip(-1)[..., None]       # the code has y before x
        return queries.but(position=self.box_code(sine(queries.anchor, self.width)), spatial=modulated.flatten(-2), unsized=spatial)


class AnchorPosition(LearnedPosition):
    """The position is the code of the anchor box, in the frame of the padded first level, through an MLP."""

    codes_boxes = True

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.box_code, self.width = MLP(2 * recipe.width, recipe.width, recipe.width), recipe.width
        xavier(self.box_code)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        anchor = queries.anchor * memory.valid[:, :1].repeat(1, 1, 2)
        return queries.but(position=self.box_code(sine(anchor, self.width)))


class ScaledAnchorPosition(AnchorPosition):
    """The same, scaled channel by channel by the content from the second layer on (the deformable body)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.scale = MLP(recipe.width, recipe.width, recipe.width)
        xavier(self.scale)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        queries = super().forward(queries, layer, memory)
        if layer == 0:
            return queries
        scale = self.scale(queries.content)
        note(self, scale=scale)
        return queries.but(position=queries.position * scale)


class ScaledEncoder(Encoder):
    """Every layer scales the tokens' position codes by their content; one MLP serves all layers (only in the code)."""

    def __init__(self, recipe: Recipe, final_norm: bool = False):
        super().__init__(recipe, final_norm)
        self.scale = MLP(recipe.width, recipe.width, recipe.width)
        xavier(self.scale)

    def forward(self, features: Features) -> Features:
        position = features.position
        for layer in self.layers:
            features = layer(features.but(position=position * self.scale(features.tokens)))
        return features.but(tokens=self.norm(features.tokens), position=position)


OBJECTIVE = part(FocalObjective, weights=(1, 5, 2))
TOP = part(SigmoidPostprocess, top=300)
DAB = CONDITIONAL.but(
    "dab_detr", dropout=0.0, query_init=AnchorQueries, token_code=part(SineTokens, temperature=20.0), position=BoxPosition,
    encoder=ScaledEncoder, activation=nn.PReLU, geometry=part(LogitBoxes, eps=1e-3), refinement=LookForwardTwice,
    objective=OBJECTIVE, postprocess=TOP)
DAB_DEFORMABLE = REFINE.but(
    "dab_deformable_detr", hidden=2048, dropout=0.0, query_init=ContentAnchors, position=ScaledAnchorPosition,
    geometry=part(LogitBoxes, eps=1e-3), objective=OBJECTIVE, postprocess=TOP)

SHARED = (
    ("refpoint_embed.weight", "query_init.anchor"),
    ("{model|transformer}.decoder.ref_point_head.layers.{n}.{p}", "position.box_code.{n*2}.{p}"),
    ("{model|transformer}.decoder.query_scale.layers.{n}.{p}", "position.scale.{n*2}.{p}"),
)
OFFICIAL = (
    *SHARED,
    ("{model|transformer}.patterns.weight", "query_init.patterns"),
    ("{model|transformer}.encoder.query_scale.layers.{n}.{p}", "encoder.scale.{n*2}.{p}"),
    ("{model|transformer}.decoder.ref_anchor_head.layers.{n}.{p}", "position.size.{n*2}.{p}"),
    ("{model|transformer}.decoder.bbox_embed.layers.{n}.{p}", "decoder.box_heads.0.{n*2}.{p}"),
    ("{model|transformer}.{m}.layers.{i}.{mlp.|}{activation|activation_fn}.weight", "{m}.layers.{i}.feed_forward.activation.weight"),
)
HF_SELF, HF_CROSS = HF_DECODER + "self_attn.self_attn_", HF_DECODER + "cross_attn.cross_attn_"
PARTS = {"query_content": "query", "key_content": "key", "value": "value", "query_pos": "query_position", "key_pos": "key_position",
         "query_pos_sine": "query_spatial"}
HUGGING_FACE = (
    ("model.query_refpoint_embeddings.weight", "query_init.anchor"),
    *((f"{HF_SELF}{old}_proj.{{p}}", f"decoder.layers.{{i}}.self_attention.{new}.{{p}}") for old, new in PARTS.items()),
    *((f"{HF_CROSS}{old}_proj.{{p}}", f"decoder.layers.{{i}}.cross_attention.{new}.{{p}}") for old, new in PARTS.items()),
    (HF_DECODER + "self_attn.self_attn.output_proj.{p}", "decoder.layers.{i}.self_attention.out.{p}"),
    (HF_DECODER + "cross_attn.cross_attn.output_proj.{p}", "decoder.layers.{i}.cross_attention.out.{p}"),
    (HF_SELF + "layer_norm.{p}", "decoder.layers.{i}.self_norm.{p}"),
    (HF_CROSS + "layer_norm.{p}", "decoder.layers.{i}.cross_norm.{p}"),
    (HF_DECODER + "mlp.final_layer_norm.{p}", "decoder.layers.{i}.feed_forward_norm.{p}"),
)
OFFICIAL_DEFORMABLE = (
    *SHARED,
    ("tgt_embed.weight", "query_init.content"),
    ("patterns_embed.weight", "query_init.patterns"),
    *PROPOSING,                                                                     # with ProposalQueries, the authors' `--two_stage`
)

PAPER = Paper("DAB-DETR: Dynamic Anchor Boxes are Better Queries for DETR", "Liu et al.", "ICLR", 2022, "2201.12329",
              "IDEA-Research/DAB-DETR")
variant(DAB, tiny_single(DAB), paper=PAPER, names=OFFICIAL + HUGGING_FACE,
        idea="A query is an anchor box: every decoder layer moves it, and its width and height shape the attention.",
        published={"coco": Published(repository="IDEA-Research/dab-detr-resnet-50")})
variant(DAB_DEFORMABLE, tiny_pyramid(DAB_DEFORMABLE), paper=PAPER, names=OFFICIAL_DEFORMABLE, borrows=("dab_detr",),
        idea="Anchor boxes as queries on the deformable body: content and box are learned apart, the position is the box's code.")
