"""Deformable DETR (2020): attend to a few sampled points of several levels; refine boxes; let the encoder propose."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..attention import xavier
from ..backbones import Backbone
from ..geometry import Iterative, LogitBoxes
from ..heads import SigmoidHead, ZeroBoxHead
from ..necks import Pyramid
from ..position import LevelTokens, sine
from ..postprocess import SigmoidPostprocess
from ..queries import QueryInit, take
from ..recipe import Recipe, part
from ..registry import Paper, Published, variant
from ..sampling import DeformableCross, DeformableTokens
from ..sizes import tiny_pyramid
from ..structures import Features, Proposals, Queries
from ..tape import note
from ..training.objective import FocalObjective
from .detr import DECODER, DETR, ENCODER, HF_DECODER, HF_ENCODER


class ReferenceQueries(QueryInit):
    """Content and position are both learned; the position predicts a reference point (section 4.1)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.table = nn.Parameter(torch.randn(self.every, 2 * recipe.width))            # position beside content
        self.point = nn.Linear(recipe.width, 2)
        xavier(self.point)

    def forward(self, memory: Features) -> Queries:
        position, content = self.table[: self.count].expand(len(memory.tokens), -1, -1).chunk(2, -1)
        return Queries(content=content, position=position, anchor=self.point(position).sigmoid())


def proposal_boxes(memory: Features) -> tuple[Tensor, Tensor]:
    """[B, N, 4] a box around every token, in logits, and [B, N, 1] which of them are usable (A.4).

    0.05 of the picture at the finest level and doubling; those of padded tokens or that leave 0.01..0.99 are infinite.
    """
    size = torch.cat([memory.tokens.new_full((h * w,), 0.05 * 2 ** level) for level, (h, w) in enumerate(memory.shapes)])
    base = torch.cat([memory.centres, size[None, :, None].expand(len(memory.centres), -1, 2)], -1)
    base = base.expand(len(memory.tokens), -1, -1)
    usable = ((base > 0.01) & (base < 0.99)).all(-1, keepdim=True)
    if memory.padded:
        usable = usable & ~memory.padding[..., None]
    return (base / (1 - base)).log().masked_fill(~usable, float("inf")), usable


class TokenProposals(QueryInit):
    """Every token proposes a box around itself and a score; the best proposals become queries.

    `by_class` ranks tokens by their best class and trains all classes; else by the first output, trained as "object".
    """

    def __init__(self, recipe: Recipe, by_class: bool = False):
        super().__init__(recipe)
        self.score, self.box, self.by_class = recipe.class_head(recipe), recipe.box_head(recipe, 4, 0), by_class

    def describe(self, memory: Features, usable: Tensor) -> Tensor:
        """[B, N, C] what the heads see of each token."""
        raise NotImplementedError

    def propose(self, memory: Features) -> tuple[Tensor, Tensor, Proposals]:
        """Chosen boxes [B, Q, 4] in logits, their descriptions [B, Q, C], and all proposals."""
        base, usable = proposal_boxes(memory)
        x = self.describe(memory, usable)
        logits, boxes = self.score(x), self.box(x) + base
        scores = logits.amax(-1) if self.by_class else logits[..., 0]
        chosen = scores.topk(min(self.count, scores.shape[1]), 1).indices
        note(self, scores=scores, chosen=chosen, proposals=boxes.sigmoid())
        proposals = Proposals(logits, boxes.sigmoid(), chosen=chosen, scores=scores, class_agnostic=not self.by_class)
        return take(boxes, chosen), take(x, chosen), proposals


class ProposalInit(TokenProposals):
    """Unusable tokens have a blank memory; they share one score and can still be chosen (so in the authors' code)."""

    def __init__(self, recipe: Recipe, by_class: bool = False):
        super().__init__(recipe, by_class)
        self.project, self.norm = nn.Linear(recipe.width, recipe.width), nn.LayerNorm(recipe.width)
        xavier(self.project)

    def describe(self, memory: Features, usable: Tensor) -> Tensor:
        return self.norm(self.project(memory.tokens.masked_fill(~usable, 0)))


class ProposalQueries(ProposalInit):
    """The best proposals become anchors; content and position are projected from the code of their boxes."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.mix, self.mix_norm, self.width = nn.Linear(2 * recipe.width, 2 * recipe.width), nn.LayerNorm(2 * recipe.width), recipe.width
        xavier(self.mix)

    def forward(self, memory: Features) -> Queries:
        boxes, _, proposals = self.propose(memory)
        anchor = boxes.detach().sigmoid()
        position, content = self.mix_norm(self.mix(sine(anchor, self.width, y_first=False))).chunk(2, -1)
        return Queries(content=content, position=position, anchor=anchor, proposals=proposals)


DEFORMABLE = DETR.but(
    "deformable_detr", queries=300, levels=4, hidden=1024, backbone=part(Backbone, strides=(8, 16, 32)), neck=Pyramid,
    token_code=LevelTokens, token_attention=DeformableTokens, cross_attention=DeformableCross, query_init=ReferenceQueries,
    geometry=LogitBoxes, final_norm=False, class_head=SigmoidHead, box_head=part(ZeroBoxHead, small=True),
    objective=FocalObjective, postprocess=SigmoidPostprocess)
REFINE = DEFORMABLE.but("deformable_detr_refine", refinement=Iterative, shared_heads=False)
TWO_STAGE = REFINE.but("deformable_detr_two_stage", query_init=ProposalQueries, box_head=ZeroBoxHead)

SAMPLING = {"sampling_offsets": "offset", "attention_weights": "weight", "value_proj": "value", "output_proj": "out"}
OFFICIAL = (
    ("transformer.level_embed", "position.code.levels"),
    ("backbone.1.row_embed.weight", "position.code.code.row.weight"),
    ("backbone.1.col_embed.weight", "position.code.code.column.weight"),
    ("input_proj.{i}.{n}.{p}", "neck.levels.{i}.{n}.{p}"),
    ("query_embed.weight", "query_init.table"),
    ("transformer.reference_points.{p}", "query_init.point.{p}"),
    *((f"{ENCODER}self_attn.{old}.{{p}}", f"encoder.layers.{{i}}.attention.{new}.{{p}}") for old, new in SAMPLING.items()),
    *((f"{DECODER}cross_attn.{old}.{{p}}", f"decoder.layers.{{i}}.cross_attention.{new}.{{p}}") for old, new in SAMPLING.items()),
    (DECODER + "norm1.{p}", "decoder.layers.{i}.cross_norm.{p}"),                  # numbered by age, not by order
    (DECODER + "norm2.{p}", "decoder.layers.{i}.self_norm.{p}"),
    ("class_embed.{i}.{p}", "decoder.class_heads.0.{p}"),                          # one head under many names
    ("bbox_embed.{i}.layers.{n}.{p}", "decoder.box_heads.0.{n*2}.{p}"),
)
HUGGING_FACE = (
    ("model.level_embed", "position.code.levels"),
    ("model.{backbone.|}position_embedding.row_embeddings.weight", "position.code.code.row.weight"),
    ("model.{backbone.|}position_embedding.column_embeddings.weight", "position.code.code.column.weight"),
    ("model.input_proj.{i}.{n}.{p}", "neck.levels.{i}.{n}.{p}"),
    ("model.query_position_embeddings.weight", "query_init.table"),
    ("model.reference_points.{p}", "query_init.point.{p}"),
    *((f"{HF_ENCODER}self_attn.{old}.{{p}}", f"encoder.layers.{{i}}.attention.{new}.{{p}}") for old, new in SAMPLING.items()),
    *((f"{HF_DECODER}encoder_attn.{old}.{{p}}", f"decoder.layers.{{i}}.cross_attention.{new}.{{p}}") for old, new in SAMPLING.items()),
)
OWN_HEADS = (
    ("{model|transformer}.decoder.class_embed.{i}.{p}", "decoder.class_heads.{i}.{p}"),
    ("{model|transformer}.decoder.bbox_embed.{i}.layers.{n}.{p}", "decoder.box_heads.{i}.{n*2}.{p}"),
    ("class_embed.{i}.{p}", "decoder.class_heads.{i}.{p}"),
    ("bbox_embed.{i}.layers.{n}.{p}", "decoder.box_heads.{i}.{n*2}.{p}"),
)
PROPOSING = (
    ("{model|transformer}.enc_output.{p}", "query_init.project.{p}"),
    ("{model|transformer}.enc_output_norm.{p}", "query_init.norm.{p}"),
    ("{model|transformer}.pos_trans.{p}", "query_init.mix.{p}"),
    ("{model|transformer}.pos_trans_norm.{p}", "query_init.mix_norm.{p}"),
    ("{model|transformer}.decoder.class_embed.{@decoder_layers}.{p}", "query_init.score.{p}"),
    ("{model|transformer}.decoder.bbox_embed.{@decoder_layers}.layers.{n}.{p}", "query_init.box.{n*2}.{p}"),
    ("class_embed.{@decoder_layers}.{p}", "query_init.score.{p}"),
    ("bbox_embed.{@decoder_layers}.layers.{n}.{p}", "query_init.box.{n*2}.{p}"),
)

PAPER = Paper("Deformable DETR: Deformable Transformers for End-to-End Object Detection", "Zhu et al.", "ICLR", 2021, "2010.04159",
              "fundamentalvision/Deformable-DETR")
variant(DEFORMABLE, tiny_pyramid(DEFORMABLE), paper=PAPER, names=OFFICIAL + HUGGING_FACE,
        idea="Each query looks at a few learned sampling points around its reference point, on several feature levels.",
        published={"coco": Published(repository="SenseTime/deformable-detr")})
variant(REFINE, tiny_pyramid(REFINE), paper=PAPER, names=OWN_HEADS,
        idea="Every decoder layer corrects the box of the one before, and the sampling points follow the box.",
        published={"coco": Published(repository="SenseTime/deformable-detr-with-box-refine")})
variant(TWO_STAGE, tiny_pyramid(TWO_STAGE), paper=PAPER, names=PROPOSING,
        idea="The encoder's tokens propose boxes, and the best of them become the queries.",
        published={"coco": Published(repository="SenseTime/deformable-detr-with-box-refine-two-stage")})
