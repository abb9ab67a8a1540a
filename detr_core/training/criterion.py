"""The loss: the objective, once for every decoder layer and every group of queries, and for the proposals."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..groups import Group, slices
from ..recipe import Recipe
from ..structures import Output, Prediction, Proposals, Targets
from .assignment import Hungarian, paired_only
from .objective import Pairs

Key = tuple[str, int | str, str]                    # term, decoder layer, "encoder" (proposals) or "encoder.<layer>", group


@dataclass
class Losses:
    """Unweighted losses by (term, layer, group), the weights of the terms, and who was matched to what."""

    weights: dict[str, float]
    terms: dict[Key, Tensor] = field(default_factory=dict)
    assignments: dict[tuple[int | str, str], Pairs] = field(default_factory=dict)

    def weight(self, term: str) -> float:
        return self.weights.get(term, 1.0)

    @property
    def total(self) -> Tensor:
        """What is minimised: the weighted sum of all terms."""
        return sum(self.weight(term) * value for (term, _, _), value in self.terms.items())

    def summed(self) -> dict[str, float]:
        """{term: weighted sum over layers and groups}, for logs."""
        sums: dict[str, float] = {}
        for (term, layer, _), value in self.terms.items():
            name = f"encoder_{term}" if str(layer).startswith("encoder") else term
            sums[name] = sums.get(name, 0.0) + self.weight(term) * float(value.detach())
        return sums


def precise(values: Tensor) -> Tensor:
    """In float32 where autocast left half precision: sums of thousands of small losses lose their digits there, or overflow."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


class Criterion:
    """Every layer gets the whole loss with an assignment of its own (DETR's auxiliary losses)."""

    def __init__(self, recipe: Recipe):
        self.objective = recipe.objective(recipe)

    def __call__(self, output: Output, targets: Sequence[Targets], count: float | None = None) -> Losses:
        """`count`: objects in the whole batch, averaged over processes; None counts these targets."""
        count = float(sum(len(t) for t in targets)) if count is None else float(count)
        losses = Losses(dict(self.objective.weights))
        groups = output.groups or (Group("queries", output.logits.shape[1], keep=True),)
        for layer, prediction in enumerate(output.layers):
            for group, place in zip(groups, slices(groups).values()):
                self.add(losses, layer, group, prediction.each(lambda t, place=place: t[:, place]), targets, count)
        for layer, prediction in enumerate(output.memory.predictions):
            self.add(losses, f"encoder.{layer}", Group("tokens", prediction.logits.shape[1]), prediction, targets, count)
        if output.proposals is not None:
            self.propose(losses, output.proposals, targets, count)
        return losses

    def add(self, losses: Losses, layer: int | str, group: Group, prediction: Prediction, targets: Sequence[Targets], count: float) -> None:
        assign, prediction = group.assign or Hungarian(), prediction.each(precise)
        pairs = assign(self.objective, prediction, targets)
        losses.assignments[layer, group.name] = pairs
        if getattr(assign, "only", False):
            prediction, targets, pairs = paired_only(prediction, targets, pairs)
        terms = self.objective.losses(prediction, targets, pairs, max(count * assign.multiple, 1.0))
        losses.terms.update({(term, layer, group.name): group.weight * value for term, value in terms.items()})

    def propose(self, losses: Losses, proposals: Proposals, targets: Sequence[Targets], count: float) -> None:
        """The encoder's proposals are matched like queries; where they only tell objects from background, all are class 0."""
        if proposals.class_agnostic:
            targets = [t.but(labels=torch.zeros_like(t.labels)) for t in targets]
        self.add(losses, "encoder", Group("proposals", proposals.logits.shape[1]), proposals, targets, count)
