"""DN-DETR (2022): matching is unstable early on, so some queries start from noisy objects and need no matching."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..boxes import inverse_sigmoid
from ..groups import Group
from ..recipe import Recipe
from ..registry import Paper, variant
from ..sizes import tiny_pyramid, tiny_single
from ..structures import Batch, Bundle, Features, Queries, Targets
from ..tape import note
from ..training.assignment import Known
from ..training.objective import Pairs
from ..training.schemes import Scheme
from .dab import DAB, DAB_DEFORMABLE, AnchorQueries


class LabelledAnchors(AnchorQueries):
    """Learned boxes whose content says "label unknown" and, in its last number, "not a denoising query" (section 4.5)."""

    def __init__(self, recipe: Recipe, patterns: int = 0, fixed_centres: bool = False):
        super().__init__(recipe, patterns, fixed_centres)
        self.unknown = nn.Parameter(torch.randn(1, recipe.width - 1))

    def contents(self) -> Tensor:
        return F.pad(self.unknown.expand(len(self.anchor), -1), (0, 1))


class IndicatedAnchors(AnchorQueries):
    """Learned boxes with a learned content each, whose last number says "not a denoising query" (the deformable body)."""

    def __init__(self, recipe: Recipe, patterns: int = 0, fixed_centres: bool = False):
        super().__init__(recipe, patterns, fixed_centres)
        self.content = nn.Parameter(torch.randn(self.every, recipe.width - 1))

    def contents(self) -> Tensor:
        return F.pad(self.content, (0, 1))


@dataclass(frozen=True)
class Noise(Bundle):
    """All that is random about one batch's denoising: T objects of all pictures one after another, in `copies` copies.

    Copies of one group stand together; DN-DETR has one copy a group.
    """

    flip: Tensor                                    # [copies, T] bool: this copy pretends another class
    labels: Tensor                                  # [copies, T] which one
    boxes: Tensor                                   # [copies, T, 4] share of the largest allowed shift, -1..1


@dataclass(frozen=True)
class Noised(Bundle):
    """Denoising queries, copy after copy; each copy has as many slots as the fullest picture has objects."""

    content: Tensor                                 # [B, D, C] zero in empty slots
    anchor: Tensor                                  # [B, D, 4] centre and size in 0..1; the middle in empty slots
    labels: Tensor                                  # [B, D] what the content says; -1 in empty slots
    objects: Tensor                                 # [B, D] index of the object it was made from; -1 in empty slots
    pairs: Pairs                                    # which queries should restore which object


class Denoising(Scheme):
    """`groups` noisy copies of every object join the queries and should restore label and box (sections 4.3 and 4.4).

    A class is replaced with probability `label_noise` by any class; centres move by up to `box_noise` of half the
    size, sizes by up to `box_noise` of themselves. Groups cannot see each other, the matched queries see none of
    them, and they see the matched queries. `batch.hints["denoising"]` may carry the `Noise` to use.
    """

    roles = 1                                       # copies a group; the first one restores its object

    def __init__(self, recipe: Recipe, groups: int = 5, label_noise: float = 0.2, box_noise: float = 0.4):
        super().__init__(recipe)
        self.groups, self.label_noise, self.box_noise, self.classes = groups, label_noise, box_noise, recipe.classes
        self.labels = self.label_table(recipe)

    def refuse(self, recipe: Recipe) -> None:
        if not getattr(recipe.position.make, "codes_boxes", False):
            raise ValueError(f"{recipe.name!r} cannot carry denoising: its queries' positions ({recipe.position!r}) do not follow from a "
                             "box, so a noisy box has none; take a body with anchor boxes, such as 'dab_detr', or another position part.")

    def described(self) -> dict[str, Any]:
        """`moves`: what the noise shifts, the box's "centre" and size or its "sides"; `shared`: `groups` counts pairs of all objects."""
        return {"kind": "denoising", "groups": self.groups, "label_noise": self.label_noise, "box_noise": self.box_noise,
                "roles": self.roles, "moves": "centre", "shared": False}

    def label_table(self, recipe: Recipe) -> nn.Parameter:
        """[classes, width - 1] a content a class; the last number is left to the indicator."""
        return nn.Parameter(torch.randn(recipe.classes, recipe.width - 1))

    def contents(self, labels: Tensor) -> Tensor:
        """Class indices [...] -> content [..., C]"""
        return F.pad(self.labels[labels], (0, 1), value=1.0)

    def group_count(self, targets: Sequence[Targets]) -> int:
        """How many groups this batch gets."""
        return self.groups

    def draw(self, targets: Sequence[Targets], generator: torch.Generator | None = None) -> Noise:
        """Fresh noise for these objects."""
        device, shape = targets[0].boxes.device, (self.group_count(targets) * self.roles, sum(len(t) for t in targets))
        flip = torch.rand(shape, device=device, generator=generator) < self.label_noise
        labels = torch.randint(self.classes, shape, device=device, generator=generator)
        return Noise(flip, labels, torch.rand((*shape, 4), device=device, generator=generator) * 2 - 1)

    def move(self, boxes: Tensor, noise: Tensor) -> Tensor:
        """[T, 4] centre and size, [copies, T, 4] -> [copies, T, 4]"""
        reach = torch.cat([boxes[:, 2:] / 2, boxes[:, 2:]], -1)
        return (boxes + noise * reach * self.box_noise).clamp(0, 1)

    def apply(self, noise: Noise, targets: Sequence[Targets]) -> Noised:
        """The queries that `noise` makes of these objects."""
        counts, copies = [len(t) for t in targets], len(noise.labels)
        slots, device = max(counts), noise.labels.device
        labels = torch.where(noise.flip, noise.labels, torch.cat([t.labels for t in targets]))
        boxes = self.move(torch.cat([t.boxes for t in targets]), noise.boxes)
        objects = torch.cat([torch.arange(n, device=device) for n in counts]).expand(copies, -1)
        picture = torch.arange(len(counts), device=device).repeat_interleave(torch.tensor(counts, device=device)).expand(copies, -1)
        where = picture, objects + torch.arange(copies, device=device)[:, None] * slots
        content, size = self.contents(labels), (len(targets), copies * slots)
        restored = [torch.arange(n, device=device).repeat(copies // self.roles) for n in counts]
        starts = torch.arange(0, copies, self.roles, device=device) * slots
        return Noised(
            content=content.new_zeros(*size, content.shape[-1]).index_put(where, content),
            anchor=boxes.new_full((*size, 4), 0.5).index_put(where, inverse_sigmoid(boxes, 1e-3).sigmoid()),
            labels=labels.new_full(size, -1).index_put(where, labels),
            objects=objects.new_full(size, -1).index_put(where, objects),
            pairs=[(index + starts.repeat_interleave(n), index) for index, n in zip(restored, counts)])

    def assignment(self, pairs: Pairs, groups: int) -> Known:
        """Empty slots count for nothing; losses are divided by objects times groups."""
        return Known(pairs, multiple=groups, only=True)

    def extend(self, queries: Queries, memory: Features, batch: Batch) -> Queries:
        if not batch.targets or not any(len(t) for t in batch.targets):
            return queries.but(content=queries.content + 0 * self.labels.sum())             # every parameter keeps a gradient
        noise = batch.hints.get("denoising") or self.draw(batch.targets)
        noised, groups = self.apply(noise, batch.targets), len(noise.labels) // self.roles
        note(self, boxes=noised.anchor, labels=noised.labels, objects=noised.objects)
        others = queries.groups or (Group("queries", queries.content.shape[1], keep=True),)
        matched = tuple(group.name for group in others if group.keep)
        own = Group("denoising", noised.anchor.shape[1], matched, self.assignment(noised.pairs, groups), parts=groups)
        return queries.but(content=torch.cat([noised.content.to(queries.content.dtype), queries.content], 1),
                           anchor=torch.cat([noised.anchor.to(queries.anchor.dtype), queries.anchor], 1), groups=(own, *others))


DN = DAB.but("dn_detr", query_init=LabelledAnchors, schemes=(Denoising,))
DN_DEFORMABLE = DAB_DEFORMABLE.but("dn_deformable_detr", query_init=IndicatedAnchors, schemes=(Denoising,))

PAPER = Paper("DN-DETR: Accelerate DETR Training by Introducing Query DeNoising", "Li et al.", "CVPR", 2022, "2203.01305",
              "IDEA-Research/DN-DETR")
variant(DN, tiny_single(DN), paper=PAPER,
        names=(("label_enc.weight", "{schemes.0.labels[:-1],query_init.unknown[-1:]}"),),
        idea="In training, noisy copies of the objects enter as queries and are restored without any matching.")
variant(DN_DEFORMABLE, tiny_pyramid(DN_DEFORMABLE), paper=PAPER, borrows=("dn_detr",),
        names=(("label_enc.weight", "schemes.0.labels[:-1]"),),                     # the last row goes unused on this body
        idea="Denoising on the deformable body: noisy copies of the objects enter as queries and are restored without matching.")
