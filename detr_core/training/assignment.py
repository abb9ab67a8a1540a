"""Who answers for which object. An assignment takes one group's predictions and returns pairs a picture.

`multiple` tells how often each object is asked for, because losses are divided by the number of objects.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from scipy.optimize import linear_sum_assignment

from ..structures import Prediction, Targets
from .objective import Objective, Pairs


@dataclass(frozen=True)
class Hungarian:
    """One query an object, at the lowest total cost (Kuhn 1955; DETR, section 3.1)."""

    multiple: int = 1

    @torch.no_grad()
    def __call__(self, objective: Objective, prediction: Prediction, targets: Sequence[Targets]) -> Pairs:
        """Per picture: query indices, ascending, and object indices."""
        pairs, device = [], prediction.logits.device
        for picture, target in enumerate(targets):
            if not len(target):
                empty = torch.empty(0, dtype=torch.int64, device=device)
                pairs.append((empty, empty))
                continue
            cost = objective.cost(prediction.each(lambda t, picture=picture: t[picture].float()), target).cpu()
            if not torch.isfinite(cost).all():
                raise FloatingPointError("Matching met a cost that is not finite: training has diverged, lower the learning rate.")
            pairs.append(tuple(torch.as_tensor(index, dtype=torch.int64, device=device)
                               for index in linear_sum_assignment(cost.numpy())))
        return pairs


@dataclass(frozen=True)
class Known:
    """The pairs are known beforehand, as in denoising.

    `only`: the losses count the paired queries alone, the others are padding; else those should say background.
    """

    pairs: Pairs = field(compare=False, hash=False, default_factory=list)
    multiple: int = 1
    only: bool = False

    def __call__(self, objective: Objective, prediction: Prediction, targets: Sequence[Targets]) -> Pairs:
        return self.pairs


@dataclass(frozen=True)
class Repeated:
    """Every object is asked for `multiple` times (hybrid matching)."""

    assign: Hungarian = Hungarian()
    multiple: int = 6

    def __call__(self, objective: Objective, prediction: Prediction, targets: Sequence[Targets]) -> Pairs:
        repeated = [t.but(labels=t.labels.repeat(self.multiple), boxes=t.boxes.repeat(self.multiple, 1)) for t in targets]
        pairs = self.assign(objective, prediction, repeated)
        return [(query, index % max(len(t), 1)) for (query, index), t in zip(pairs, targets)]


def paired_only(prediction: Prediction, targets: Sequence[Targets], pairs: Pairs) -> tuple[Prediction, list[Targets], Pairs]:
    """The paired queries of all pictures as one picture, in which nothing else is."""
    kept = prediction.each(lambda values: torch.cat([v[query] for v, (query, _) in zip(values, pairs)])[None])
    labels = torch.cat([t.labels[index] for t, (_, index) in zip(targets, pairs)])
    objects = Targets(labels, torch.cat([t.boxes[index] for t, (_, index) in zip(targets, pairs)]))
    order = torch.arange(len(labels), device=labels.device)
    return kept, [objects], [(order, order)]
