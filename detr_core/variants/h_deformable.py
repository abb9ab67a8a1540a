"""H-Deformable-DETR (2022): matching one query to an object gives few positives, so further queries are matched to six copies."""
from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..geometry import LookForwardTwice
from ..groups import Group
from ..queries import QueryInit
from ..recipe import Recipe
from ..registry import Paper, Published, variant
from ..sizes import tiny_pyramid
from ..structures import Batch, Features, Queries
from ..training.assignment import Repeated
from ..training.schemes import Scheme
from .deformable import TWO_STAGE, ProposalQueries


class MixedProposals(ProposalQueries):
    """Mixed selection: anchor and position are the proposals', content is learned, a vector for every rank."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.table = nn.Parameter(torch.randn(self.every, recipe.width))

    def forward(self, memory: Features) -> Queries:
        queries = super().forward(memory)
        return queries.but(content=self.table[: queries.content.shape[1]].expand_as(queries.content))


class HybridMatching(Scheme):
    """Queries beyond the recipe's own are matched to every object `repeat` times (section 3.2, "hybrid branch scheme").

    Both parts pass the same decoder at once and cannot see each other; inference has the first part only.
    """

    def __init__(self, recipe: Recipe, repeat: int = 6, weight: float = 1.0):
        super().__init__(recipe)
        self.kept, self.further, self.repeat, self.weight = recipe.queries, recipe.extra_queries, repeat, weight

    def refuse(self, recipe: Recipe) -> None:
        if not recipe.extra_queries:
            raise ValueError("Hybrid matching needs queries of its own: give the recipe extra_queries (the paper has 1500).")
        if not recipe.query_init.is_a(QueryInit):
            raise ValueError(f"Hybrid matching needs extra queries, which {recipe.query_init!r} cannot make: derive it from QueryInit.")

    def described(self) -> dict[str, Any]:
        return {"kind": "repeats", "repeat": self.repeat, "kept": self.kept, "further": self.further}

    def extend(self, queries: Queries, memory: Features, batch: Batch) -> Queries:
        groups = []
        for group in queries.groups or (Group("queries", queries.content.shape[1], keep=True),):
            many = Group("many", group.size - self.kept, assign=Repeated(multiple=self.repeat), weight=self.weight)
            split = group.keep and many.size > 0
            groups += [Group("queries", self.kept, group.sees, group.assign, keep=True), many] if split else [group]
        return queries.but(groups=tuple(groups))


H_DEFORMABLE = TWO_STAGE.but("h_deformable_detr", hidden=2048, dropout=0.0, extra_queries=1500, query_init=MixedProposals,
                             refinement=LookForwardTwice, schemes=(HybridMatching,))

RELEASED = ("https://github.com/HDETR/H-Deformable-DETR/releases/download/v0.1/r50_hybrid_branch_lambda1_group6_t1500_dp0_mqs_lft_"
            "deformable_detr_plus_iterative_bbox_refinement_plus_plus_two_stage_{}eps.pth")
variant(
    H_DEFORMABLE, tiny_pyramid(H_DEFORMABLE).but(extra_queries=200),
    paper=Paper("DETRs with Hybrid Matching", "Jia et al.", "CVPR", 2023, "2207.13080", "HDETR/H-Deformable-DETR"),
    idea="In training a second set of queries is matched to every object six times; inference throws it away.",
    published={f"coco{name}": Published(RELEASED.format(epochs)) for name, epochs in (("", 36), ("-12", 12))})
