"""How big a detector is and how much it computes: parameters, and multiply-adds of one picture.

Papers call a multiply-add one FLOP; so do we where a number stands beside theirs (`gmacs`), and `flops` counts both
halves. Counted are convolutions and matrix products, attention's included, and our own operations, for which formulas
are registered here; element-wise arithmetic is left out, as in fvcore, which most papers used.
"""
from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, register_flop_formula, sdpa_flop_count

from kernels import operation  # noqa: F401  (registers the operation that has a formula here)

from .detector import Detector
from .structures import Batch

SIZE = (800, 1128)
"""Authors print means over pictures of COCO val2017 and not their size; here DETR computes what it is printed with, 86.0."""


@register_flop_formula(torch.ops.detr_atlas.deformable_attention)
def _deformable_flops(value: Any, sides: Any, locations: Any, weights: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """Every sampled point reads four corners of its head's channels, blends them and weighs the result.

    Four multiply-adds for the blend and one for the weight, a point and a channel.
    """
    batch, queries, heads, levels, points = weights[:5]
    return 2 * 5 * batch * queries * heads * levels * points * value[3]


@register_flop_formula(torch.ops.aten._scaled_dot_product_flash_attention_for_cpu)
def _attention_flops(query: Any, key: Any, value: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """Queries times keys, weights times values."""
    return sdpa_flop_count(query, key, value)


@dataclass(frozen=True)
class Counts:
    """`parameters` of the whole detector; `trainable` and `backbone` are parts of it. `flops` for one picture of `size`."""

    parameters: int
    trainable: int
    backbone: int
    flops: int
    size: tuple[int, int]
    operations: dict[str, int]                      # FLOPs by operation

    @property
    def millions(self) -> float:
        return self.parameters / 1e6

    @property
    def gmacs(self) -> float:
        """10^9 multiply-adds: what papers print as GFLOPs."""
        return self.flops / 2e9

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "size": list(self.size), "gmacs": round(self.gmacs, 3)}


def parameters(detector: torch.nn.Module) -> int:
    """All numbers a detector learns or was given learned: parameters, without buffers such as frozen statistics."""
    return sum(parameter.numel() for parameter in detector.parameters())


@torch.no_grad()
def count(detector: Detector, size: tuple[int, int] | None = None) -> Counts:
    """Parameters and FLOPs of a built detector for one picture of `size` (height, width) pixels, nothing padded.

    Without `size`: 800 x 1128, or the square that a tiny recipe was made for. The forward pass of a copy really runs,
    on the detector's own device.
    """
    recipe = detector.recipe
    height, width = size or (SIZE if recipe.long > recipe.short else (recipe.short, recipe.long))
    batch = Batch.of([torch.zeros(3, height, width)], multiple=detector.preprocess.multiple).to(detector.device)
    counter, frozen = FlopCounterMode(display=False), copy.deepcopy(detector).eval().requires_grad_(False)
    with counter:                                   # it hooks into gradients, which parameters passed as inputs would trip
        frozen(batch)
    by_operation = {str(name).rpartition(".")[2].strip("'>)"): number for name, number in counter.get_flop_counts()["Global"].items()}
    return Counts(parameters(detector), sum(p.numel() for p in detector.parameters() if p.requires_grad), parameters(detector.backbone),
                  counter.get_total_flops(), (height, width), by_operation)
