"""An exponential moving average of a detector's weights: smoother than the last step, and often worth a point of AP."""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class Average(AveragedModel):
    """Follows a model with `decay` a step; a young average forgets faster, so that the random start is gone after a few steps.

    `.module` is the averaged model. Frozen parameters and whole-number buffers are copied as they are.
    """

    def __init__(self, model: nn.Module, decay: float):
        if not 0 < decay < 1:
            raise ValueError(f"The decay of the weight average must lie between 0 and 1, got {decay}: 0.999 is usual.")
        super().__init__(model, multi_avg_fn=self._follow, use_buffers=True)
        self.decay = decay
        self.module.requires_grad_(False)

    @torch.no_grad()
    def _follow(self, averaged: list[Tensor], current: list[Tensor], _: Tensor) -> None:
        steps = float(self.n_averaged)              # the counter stays on the CPU: reading it waits for nothing
        decay = min(self.decay, (1 + steps) / (10 + steps))
        moving = [(old, new) for old, new in zip(averaged, current) if old.is_floating_point()]
        if moving:
            torch._foreach_lerp_([old for old, _ in moving], [new for _, new in moving], 1 - decay)
        for old, new in zip(averaged, current):
            if not old.is_floating_point():
                old.copy_(new)
