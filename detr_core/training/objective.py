"""What a prediction should be: the costs that pair queries with objects, and the losses of the pairs.

Costs and losses are kept by term ("class", "l1", "giou") so that they can be drawn, weighted and logged alike.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..boxes import aligned_giou, pairwise_giou, pairwise_l1
from ..recipe import Recipe
from ..structures import Prediction, Targets

Pairs = list[tuple[Tensor, Tensor]]                 # per picture: query indices, object indices


def gather(boxes: Tensor, targets: Sequence[Targets], pairs: Pairs) -> tuple[Tensor, Tensor]:
    """[B, Q, 4] -> the paired predictions and objects, [pairs, 4] each."""
    predicted = torch.cat([b[q] for b, (q, _) in zip(boxes, pairs)])
    return predicted, torch.cat([t.boxes[i] for t, (_, i) in zip(targets, pairs)])


def _labels(shape: torch.Size, targets: Sequence[Targets], pairs: Pairs, background: int, device: torch.device) -> Tensor:
    """[B, Q] the class every query should say; `background` where it is paired with nothing."""
    labels = torch.full(shape, background, dtype=torch.int64, device=device)
    for row, target, (queries, objects) in zip(labels, targets, pairs):
        row[queries] = target.labels[objects]
    return labels


def of_labels(values: Tensor, labels: Tensor) -> Tensor:
    """What every query has for every object's label: [..., Q, K], [..., T] -> [..., Q, T], in memory by rows of queries, as in `boxes`."""
    index = labels.unsqueeze(-1).expand(*labels.shape, values.shape[-2])
    return values.transpose(-1, -2).gather(-2, index).transpose(-1, -2)


class Objective:
    """Box costs and losses are the same in the whole family; what differs is the class."""

    def __init__(self, recipe: Recipe, weights: dict[str, float], costs: dict[str, float]):
        self.classes, self.weights, self.cost_weights = recipe.classes, weights, costs

    def class_cost(self, logits: Tensor, labels: Tensor) -> Tensor:
        """[..., Q, K], [..., T] -> [..., Q, T]"""
        raise NotImplementedError

    def class_loss(self, logits: Tensor, targets: Sequence[Targets], pairs: Pairs, count: Tensor | float) -> Tensor:
        """Summed over the batch and divided as the paper divides."""
        raise NotImplementedError

    def costs(self, prediction: Prediction, target: Targets) -> dict[str, Tensor]:
        """One picture's prediction, without the axis of the batch -> unweighted cost matrices [Q, T] a term.

        Or several pictures' with as many objects each, labels [B, T] and boxes [B, T, 4] -> [B, Q, T].
        """
        return {"class": self.class_cost(prediction.logits, target.labels), "l1": pairwise_l1(prediction.boxes, target.boxes),
                "giou": -pairwise_giou(prediction.boxes, target.boxes)}

    def described(self) -> dict[str, dict[str, Any]]:
        """The same costs as data, {term: {"kind", "weight" and the kind's own numbers}}, for who computes them elsewhere."""
        kinds = {"class": self.class_kind(), "l1": {"kind": "l1", "corners": False}, "giou": {"kind": "giou"}}
        return {term: {**kind, "weight": self.cost_weights[term]} for term, kind in kinds.items()}

    def class_kind(self) -> dict[str, Any]:
        """`class_cost` as data."""
        raise NotImplementedError

    def cost(self, prediction: Prediction, target: Targets) -> Tensor:
        """The weighted sum that the assignment minimises, [Q, T] or [B, Q, T]."""
        (first, total), *others = self.costs(prediction, target).items()
        total = self.cost_weights[first] * total
        for term, matrix in others:
            total = total.add_(matrix, alpha=self.cost_weights[term])
        return total

    def losses(self, prediction: Prediction, targets: Sequence[Targets], pairs: Pairs, count: Tensor | float) -> dict[str, Tensor]:
        """A batch's prediction -> unweighted loss a term; `count` is the number of objects to divide by."""
        predicted, wanted = gather(prediction.boxes, targets, pairs)
        return {"class": self.class_loss(prediction.logits, targets, pairs, count),
                "l1": F.l1_loss(predicted, wanted, reduction="sum") / count,
                "giou": (1 - aligned_giou(predicted, wanted)).sum() / count}


class SoftmaxObjective(Objective):
    """Cross-entropy with a down-weighted "no object"; the class cost is minus the probability (DETR, A.2)."""

    def __init__(self, recipe: Recipe, weights: tuple[float, float, float] = (1, 5, 2), costs: tuple[float, float, float] = (1, 5, 2),
                 no_object: float = 0.1):
        terms = ("class", "l1", "giou")
        super().__init__(recipe, dict(zip(terms, weights)), dict(zip(terms, costs)))
        self.no_object = no_object

    def class_cost(self, logits: Tensor, labels: Tensor) -> Tensor:
        return -of_labels(logits.softmax(-1), labels)

    def class_kind(self) -> dict[str, Any]:
        return {"kind": "probability"}

    def class_loss(self, logits: Tensor, targets: Sequence[Targets], pairs: Pairs, count: Tensor | float) -> Tensor:
        labels = _labels(logits.shape[:2], targets, pairs, self.classes, logits.device)
        weight = logits.new_ones(self.classes + 1)
        weight[-1] = self.no_object
        return F.cross_entropy(logits.transpose(1, 2), labels, weight)


class FocalObjective(Objective):
    """Focal loss of independent classes, background is all zero; the class cost is its positive less its negative side.

    Lin et al. 2017; so since Deformable DETR (A.3). Deformable DETR's code and most of its children keep an alpha of 0.25
    in the cost whatever the loss has: `cost_alpha`.
    """

    def __init__(self, recipe: Recipe, weights: tuple[float, float, float] = (2, 5, 2), costs: tuple[float, float, float] = (2, 5, 2),
                 alpha: float = 0.25, gamma: float = 2.0, cost_alpha: float = 0.25):
        terms = ("class", "l1", "giou")
        super().__init__(recipe, dict(zip(terms, weights)), dict(zip(terms, costs)))
        self.alpha, self.gamma, self.cost_alpha = alpha, gamma, cost_alpha

    def class_cost(self, logits: Tensor, labels: Tensor) -> Tensor:
        share = of_labels(logits, labels).sigmoid()
        miss = 1 - share
        background = (miss + 1e-8).log_().mul_(share ** self.gamma)
        object_ = (share + 1e-8).log_().mul_(miss ** self.gamma)
        return background.mul_(1 - self.cost_alpha).sub_(object_, alpha=self.cost_alpha)

    def class_kind(self) -> dict[str, Any]:
        return {"kind": "focal", "alpha": self.cost_alpha, "gamma": self.gamma}

    def class_loss(self, logits: Tensor, targets: Sequence[Targets], pairs: Pairs, count: Tensor | float) -> Tensor:
        labels = _labels(logits.shape[:2], targets, pairs, logits.shape[-1], logits.device)
        wanted = F.one_hot(labels, logits.shape[-1] + 1)[..., :-1].to(logits.dtype)
        return focal(logits, wanted, self.alpha, self.gamma).sum() / count


def focal(logits: Tensor, wanted: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss of every output, [...] like `logits`; `wanted` is 0 or 1."""
    share = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    miss = share + wanted - 2 * share * wanted                          # 1 - p of the right answer
    balance = alpha * wanted + (1 - alpha) * (1 - wanted)
    return balance * entropy * miss ** gamma
