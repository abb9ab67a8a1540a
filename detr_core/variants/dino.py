"""DINO (2022): boxes come from the encoder and contents are learned; gradients look forward twice; denoising also says what is wrong."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..boxes import to_cxcywh, to_xyxy
from ..geometry import LookForwardTwice
from ..heads import ZeroBoxHead
from ..position import LevelTokens, SineTokens
from ..queries import take
from ..recipe import Recipe, part
from ..registry import Paper, variant
from ..sizes import tiny_pyramid
from ..structures import Features, Queries, Targets
from ..training.assignment import Known
from ..training.objective import Pairs
from .dab import AnchorPosition
from .deformable import OWN_HEADS, ProposalInit
from .dn import DN_DEFORMABLE, Denoising, Noise


class MixedQueries(ProposalInit):
    """Mixed query selection: the best proposals, by best class, are the anchors; content is learned, a vector for every rank.

    Only the chosen proposals have a loss, with all classes (section 3.4). Without `learned`, content is the chosen
    token's description, cut from its gradient.
    """

    def __init__(self, recipe: Recipe, learned: bool = True):
        super().__init__(recipe, by_class=True)
        self.content = nn.Parameter(torch.randn(self.every, recipe.width)) if learned else None

    def forward(self, memory: Features) -> Queries:
        boxes, described, proposals = self.propose(memory)
        content = described.detach() if self.content is None else self.content[: described.shape[1]].expand_as(described)
        proposals = proposals.but(logits=take(proposals.logits, proposals.chosen), boxes=boxes.sigmoid())
        return Queries(content=content, anchor=boxes.detach().sigmoid(), proposals=proposals)


class ContrastiveDenoising(Denoising):
    """Every object enters twice a group: near its place, to be restored, and further away, to be called background (section 3.3).

    Each side of a box moves by up to `box_noise` of half the box's size, that of the second kind by one to two times
    that. There are about `number` of either kind, so the more objects, the fewer groups. The paper's label noise of
    0.5 replaces a class in a quarter of the cases (so in the authors' code), which `label_noise` says.
    """

    roles = 2

    def __init__(self, recipe: Recipe, number: int = 100, label_noise: float = 0.25, box_noise: float = 1.0):
        super().__init__(recipe, number, label_noise, box_noise)

    def described(self) -> dict[str, Any]:
        return {**super().described(), "moves": "sides", "shared": True}

    def label_table(self, recipe: Recipe) -> nn.Parameter:
        """[classes, width] a content a class; nothing marks a denoising query."""
        return nn.Parameter(torch.randn(recipe.classes, recipe.width))

    def contents(self, labels: Tensor) -> Tensor:
        return self.labels[labels]

    def group_count(self, targets: Sequence[Targets]) -> int:
        """Twice `number`, shared among the queries of a group; a `number` below 50 is half the groups (so in the authors' code)."""
        total, most = 2 * self.groups, max(len(t) for t in targets)
        return max(total // (2 * most) if total >= 100 else total, 1)

    def draw(self, targets: Sequence[Targets], generator: torch.Generator | None = None) -> Noise:
        noise = super().draw(targets, generator)
        further = torch.arange(len(noise.boxes), device=noise.boxes.device)[:, None, None] % 2
        outwards = torch.where(noise.boxes < 0, -1.0, 1.0)
        return noise.but(boxes=noise.boxes + further * outwards)

    def move(self, boxes: Tensor, noise: Tensor) -> Tensor:
        half = boxes[:, 2:].repeat(1, 2) / 2
        return to_cxcywh((to_xyxy(boxes) + noise * half * self.box_noise).clamp(0, 1))

    def assignment(self, pairs: Pairs, groups: int) -> Known:
        """All that is not paired should say background, empty slots too (so in the authors' code)."""
        return Known(pairs, multiple=groups)


DINO = DN_DEFORMABLE.but(
    "dino", queries=900, token_code=part(LevelTokens, code=part(SineTokens, temperature=20.0)), query_init=MixedQueries,
    position=AnchorPosition, refinement=LookForwardTwice, box_head=ZeroBoxHead, final_norm=True, shared_heads=True,
    schemes=(ContrastiveDenoising,))

NAMES = (
    ("transformer.tgt_embed.weight", "query_init.content"),
    ("transformer.refpoint_embed.weight", "query_init.anchor"),                    # with ContentAnchors, the authors' `two_stage_type="no"`
    ("transformer.patterns.weight", "query_init.patterns"),
    ("transformer.enc_out_class_embed.{p}", "query_init.score.{p}"),
    ("transformer.enc_out_bbox_embed.layers.{n}.{p}", "query_init.box.{n*2}.{p}"),
    *OWN_HEADS,                                                                     # where heads are not shared
    ("{transformer.decoder.|}class_embed.{i}.{p}", "decoder.class_heads.0.{p}"),
    ("{transformer.decoder.|}bbox_embed.{i}.layers.{n}.{p}", "decoder.box_heads.0.{n*2}.{p}"),
)
variant(
    DINO, tiny_pyramid(DINO).but(schemes=(part(ContrastiveDenoising, number=50),)),
    paper=Paper("DINO: DETR with Improved DeNoising Anchor Boxes for End-to-End Object Detection", "Zhang et al.", "ICLR", 2023,
                "2203.03605", "IDEA-Research/DINO"),
    idea="Queries start from the encoder's best boxes with learned contents, and denoising also teaches which noisy boxes to reject.",
    names=NAMES, borrows=("deformable_detr_two_stage",))
