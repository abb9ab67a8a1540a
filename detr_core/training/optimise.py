"""Parameter groups and learning-rate schedules of the papers.

DETR (Carion et al. 2020, A.4) trains the backbone ten times slower than the rest and clips gradients at 0.1. Deformable
DETR (Zhu et al. 2021, A.2) slows down the projections that say where to look as well: they start from a hand-made
pattern and a fast rate throws it away.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.optim import AdamW


@dataclass(frozen=True)
class Policy:
    """How a detector's parameters are trained. Rates are for `batch` pictures a step and do not scale with it."""

    rate: float = 1e-4
    backbone: float = 0.1                           # share of `rate` for parameters named `backbone.*`
    slow: str = r"\.offset\.|query_init\.point\."  # regular expression on names; matches train at `slow_rate` x `rate`
    slow_rate: float = 0.1
    weight_decay: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = 0.1                               # largest gradient norm; 0 turns clipping off

    def share(self, name: str) -> float:
        """The part of the rate that the parameter called `name` gets."""
        if name.startswith("backbone."):
            return self.backbone
        return self.slow_rate if self.slow and re.search(self.slow, name) else 1.0


def parameter_groups(model: nn.Module, policy: Policy) -> list[dict]:
    """Trainable parameters by their share of the rate, in the model's own order: [{params, names, share, lr}, ...]."""
    groups: dict[float, dict] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            share = policy.share(name)
            group = groups.setdefault(share, {"params": [], "names": [], "share": share, "lr": policy.rate * share})
            group["params"].append(parameter)
            group["names"].append(name)
    if not groups:
        raise ValueError("Every parameter is frozen: there is nothing to train.")
    return list(groups.values())


def optimizer(model: nn.Module, policy: Policy) -> AdamW:
    """AdamW over the policy's parameter groups, in one pass over each tensor where the device has that."""
    groups = [{key: value for key, value in group.items() if key != "names"} for group in parameter_groups(model, policy)]
    fused = {parameter.device.type for group in groups for parameter in group["params"]} <= FUSED_DEVICES
    return AdamW(groups, lr=policy.rate, betas=policy.betas, weight_decay=policy.weight_decay, fused=fused or None)


def _step(progress: float) -> float:
    return 1.0 if progress < 0.8 else 0.1


def _linear(progress: float) -> float:
    return min(1.0, (1 - progress) / 0.4)


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


FUSED_DEVICES = {"cpu", "cuda"}

SCHEDULES: dict[str, Callable[[float], float]] = {
    "step": _step,                                  # the papers': a tenth for the last fifth
    "linear": _linear,                              # flat, then straight to zero over the last 40 %
    "cosine": _cosine,
    "constant": lambda progress: 1.0,
}


@dataclass(frozen=True)
class Schedule:
    """The share of the learning rate at each step, a function of the step alone, so that nothing needs restoring."""

    kind: str
    steps: int
    warmup: int = 0

    def __post_init__(self) -> None:
        if self.kind not in SCHEDULES:
            raise ValueError(f"There is no schedule {self.kind!r}: choose one of {', '.join(SCHEDULES)}.")

    def __call__(self, step: int) -> float:
        rise = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        return rise * SCHEDULES[self.kind](min(1.0, step / max(1, self.steps)))
