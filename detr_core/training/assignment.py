"""Who answers for which object. An assignment takes one group's predictions and returns pairs a picture.

`multiple` tells how often each object is asked for, because losses are divided by the number of objects.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..structures import Prediction, Targets
from .objective import Objective, Pairs

AT_ONCE = 1 << 17   # costs worked out together: so few stay in a processor's cache from one step to the next
FILLING = 0.5       # any box with an inside, where a picture has fewer objects than its neighbours


@dataclass(frozen=True)
class Hungarian:
    """One query an object, at the lowest total cost (Kuhn 1955; DETR, section 3.1)."""

    multiple: int = 1

    @torch.no_grad()
    def __call__(self, objective: Objective, prediction: Prediction, targets: Sequence[Targets]) -> Pairs:
        """Per picture: query indices, ascending, and object indices."""
        device, pairs = prediction.logits.device, []
        for pictures in portions([len(target) for target in targets], prediction.logits.shape[1]):
            some = prediction.each(lambda t, pictures=pictures: t[pictures].float())
            pairs += [solved(cost, device) for cost in costs(objective, some, targets[pictures])]
        return pairs


def portions(objects: Sequence[int], queries: int) -> Iterator[slice]:
    """Neighbouring pictures, by how many objects they have, whose costs are worked out together: `AT_ONCE` at most, or one picture's."""
    begin = most = 0
    for picture, count in enumerate(objects):
        most = max(most, count)
        if picture > begin and (picture + 1 - begin) * most * queries > AT_ONCE:
            yield slice(begin, picture)
            begin, most = picture, count
    if objects:
        yield slice(begin, len(objects))


def costs(objective: Objective, prediction: Prediction, targets: Sequence[Targets]) -> list[np.ndarray]:
    """Of each picture, [objects, queries]; raises FloatingPointError where one is not finite."""
    labels = pad_sequence([target.labels for target in targets], batch_first=True)
    boxes = pad_sequence([target.boxes for target in targets], batch_first=True, padding_value=FILLING)
    cost = objective.cost(prediction, Targets(labels, boxes)).transpose(-1, -2).contiguous().cpu()
    if not torch.isfinite(cost.sum()):
        raise FloatingPointError("Matching met a cost that is not finite: training has diverged, lower the learning rate.")
    return [matrix[:len(target)] for matrix, target in zip(cost.numpy(), targets, strict=True)]


def solved(cost: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
    """[objects, queries], the way round that SciPy is faster -> query indices, ascending, and object indices."""
    objects, queries = linear_sum_assignment(cost)
    order = queries.argsort()
    return torch.as_tensor(queries[order], device=device), torch.as_tensor(objects[order], device=device)


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
