"""A scheme is whatever exists in training only. Schemes are a tuple, so they compose."""
from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ..recipe import Recipe
from ..structures import Batch, Features, Output, Queries
from ..tape import Tape


class Scheme(nn.Module):
    """Does nothing, at every place where training can be changed; a paper overrides what it needs.

    `needs` names the tape patterns that `losses` reads; the trainer runs the forward pass under a tape that keeps them.
    """

    needs: tuple[str, ...] = ()

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.refuse(recipe)

    def refuse(self, recipe: Recipe) -> None:
        """Raise ValueError with the reason when the recipe's body cannot carry this scheme."""

    def described(self) -> dict[str, Any]:
        """What it does to matching, as data with a "kind"; empty where it leaves matching alone."""
        return {}

    def prepare(self, batch: Batch) -> Batch:
        """Change the batch before the forward pass: pretext tasks and weak labels make targets."""
        return batch

    def extend(self, queries: Queries, memory: Features, batch: Batch) -> Queries:
        """Add groups of queries that only training sees."""
        return queries

    def losses(self, output: Output, batch: Batch, tape: Tape) -> dict[str, Tensor]:
        """Further loss terms, unweighted."""
        return {}

    def after_step(self, detector: nn.Module) -> None:
        """Called after every optimizer step (moving averages)."""

    def after_epoch(self, detector: nn.Module) -> None:
        """Called after every epoch (anchors that are set anew)."""
