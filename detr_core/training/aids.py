"""Aids: what makes a detector learn sooner without being part of its paper.

A run names those it uses, and so does the command on the card of its weights. They change where training starts from or add a loss;
the detector that comes out has the same parts and the same tensors as without them.
"""
from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..geometry import FreeBoxes
from ..recipe import Recipe
from ..structures import Batch, Features, Output, Prediction, Targets
from ..tape import Tape
from .schemes import Scheme

CONTRAST = 1.5
"""Weights of aligned queries and keys are so much larger than fresh ones, so that near places stand out from far ones."""


def centres(shape: tuple[int, int], like: Tensor) -> Tensor:
    """[h * w, 4] every cell of a map as a box in 0..1."""
    h, w = shape
    y, x = torch.meshgrid((torch.arange(h) + 0.5) / h, (torch.arange(w) + 0.5) / w, indexing="ij")
    return torch.stack([x, y, torch.full_like(x, 1 / w), torch.full_like(y, 1 / h)], -1).view(-1, 4).to(like)


def owners(cells: Tensor, target: Targets) -> Tensor:
    """[N] the smallest object that holds a cell's centre, or whose own centre lies in the cell; -1 where there is none."""
    if not len(target):
        return torch.full(cells.shape[:1], -1, device=cells.device)
    apart = (cells[:, None, :2] - target.boxes[:, :2]).abs()
    reach = torch.maximum(target.boxes[:, 2:], cells[:, None, 2:]) / 2
    area = target.boxes[:, 2:].prod(-1).expand(apart.shape[:2])
    smallest, owner = area.masked_fill((apart > reach).any(-1), torch.inf).min(1)
    return owner.masked_fill(smallest.isinf(), -1)


class TokenReading(Scheme):
    """The decoder's heads also read the memory: a token says the class and the box of the object that it lies in, or its own cell.

    A query of DETR says its box from contents alone, and contents are sums of memory tokens, in which a frozen backbone leaves little of
    where they are. Without help the encoder learns to write it there only through the decoder, after tens of thousands of pictures.
    The idea is that of the encoder's loss in two-stage detectors (Zhu et al. 2021, A.4).
    """

    def __init__(self, detector: nn.Module, elsewhere: float = 0.2):
        super().__init__(detector.recipe)
        decoder, self.elsewhere = detector.decoder, elsewhere
        self._heads = decoder.class_heads[-1], decoder.box_heads[-1]        # a tuple: they stay the decoder's alone
        self.objective = detector.recipe.objective(detector.recipe)

    def refuse(self, recipe: Recipe) -> None:
        if recipe.geometry.make is not FreeBoxes:
            raise ValueError(f"Token reading needs heads that say whole boxes; those of {recipe.name!r} correct an anchor. Leave it out.")

    def losses(self, output: Output, batch: Batch, tape: Tape) -> dict[str, Tensor]:
        memory: Features = output.memory
        classes, boxes = self._heads
        read = Prediction(classes(memory.tokens), boxes(memory.tokens).sigmoid())
        cells = torch.cat([centres(shape, read.boxes) for shape in memory.shapes])
        owner = [owners(cells, target) for target in batch.targets]
        pairs = [(each.ge(0).nonzero().flatten(), each[each.ge(0)]) for each in owner]
        count = max(1, sum(len(tokens) for tokens, _ in pairs))
        terms = self.objective.losses(read, batch.targets, pairs, count)
        empty = torch.stack(owner).lt(0) & ~memory.padding
        own = F.l1_loss(read.boxes, cells.expand_as(read.boxes), reduction="none").sum(-1)
        terms["l1"] = terms["l1"] + self.elsewhere * (own * empty).sum() / count
        return {f"token_{term}": self.objective.weights[term] * value for term, value in terms.items()}


def read_tokens(detector: nn.Module) -> None:
    """Train with `TokenReading`."""
    detector.schemes.append(TokenReading(detector))


@torch.no_grad()
def place_queries(detector: nn.Module) -> None:
    """Learned queries start as the codes of places on a grid, and look there: keys begin as the queries' own projection."""
    table = getattr(detector.query_init, "position", None)
    if not isinstance(table, nn.Parameter):
        raise ValueError(f"The queries of {detector.recipe.name!r} have no learned position that could start on a grid. Leave it out.")
    side = math.isqrt(detector.recipe.queries - 1) + 1
    grid = Features(table.new_zeros(1, side * side, table.shape[1]), torch.zeros(1, side * side, dtype=torch.bool, device=table.device),
                    ((side, side),), False, extent=table.new_full((1, 2), side))
    codes = detector.position.tokens(grid).position[0]
    table.copy_(codes[torch.arange(len(table), device=table.device) % len(codes)])
    for layer in detector.decoder.layers:
        attention = layer.cross_attention
        attention.query.weight.mul_(CONTRAST)
        attention.key.weight.copy_(attention.query.weight)


AIDS: dict[str, Callable[[nn.Module], None]] = {"tokens": read_tokens, "places": place_queries}
"""By the name that `--aid` takes."""


def aid(detector: nn.Module, names: tuple[str, ...]) -> None:
    """Give a detector the aids of those names.

    Raises:
        ValueError: there is no such aid, or the detector cannot use it.
    """
    for name in names:
        if name not in AIDS:
            raise ValueError(f"There is no aid {name[:40]!r}: one of {', '.join(AIDS)}.")
        AIDS[name](detector)
