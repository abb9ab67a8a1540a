"""An exponential moving average of a detector's weights: smoother than the last step, and often worth a point of AP."""
from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class Average(AveragedModel):
    """Follows a model with `decay` a step; a young average forgets faster, so that the random start is gone after a few steps.

    `.module` is the averaged model. Whole-number buffers are copied as they are.
    """

    def __init__(self, model: nn.Module, decay: float):
        if not 0 < decay < 1:
            raise ValueError(f"The decay of the weight average must lie between 0 and 1, got {decay}: 0.999 is usual.")
        super().__init__(model, use_buffers=True)
        self.decay = decay
        self.module.requires_grad_(False)
        self._followed: tuple[nn.Module, list[tuple[Tensor, Tensor]]] = (model, self._pairs(model))

    def _pairs(self, model: nn.Module) -> list[tuple[Tensor, Tensor]]:
        """(averaged, current): found once, because walking through two models takes longer than following one."""
        ours, theirs = (chain(each.parameters(), each.buffers()) for each in (self.module, model))
        return list(zip(ours, theirs, strict=True))

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move one step towards `model`; the first step copies it. Its tensors may change, but not be replaced by others."""
        if self._followed[0] is not model:
            self._followed = (model, self._pairs(model))
        steps = float(self.n_averaged)              # the counter stays on the CPU: reading it waits for nothing
        decay = min(self.decay, (1 + steps) / (10 + steps)) if steps else 0.0
        pairs = self._followed[1]
        moving = [(old, new) for old, new in pairs if old.is_floating_point() and decay]
        if moving:
            torch._foreach_lerp_([old for old, _ in moving], [new for _, new in moving], 1 - decay)
        for old, new in pairs:
            if not (old.is_floating_point() and decay):
                old.copy_(new)
        self.n_averaged.add_(1)
