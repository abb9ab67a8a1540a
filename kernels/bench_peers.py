"""What `kernels.bench` compares: ours, PyTorch's own, and whatever other implementation can be imported here.

Every candidate takes (value, shapes, locations, weights) as `deformable_attention` does and differentiates. Casts that a peer needs are
part of its time, because its users pay for them; tensors of level sizes are made beforehand.
"""

import importlib
import importlib.util
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional as F

from kernels import deformable_attention, deformable_bags, reference
from kernels.deformable import Shapes
from kernels.operation import operation, shares

Candidate = Callable[[Tensor, Shapes, Tensor, Tensor], Tensor]


def official(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """The authors' pure PyTorch core (Deformable-DETR, models/ops/functions, `ms_deform_attn_core_pytorch`), all in value's dtype."""
    batch, _, heads, width = value.shape
    queries, levels, points = weights.shape[1], weights.shape[3], weights.shape[4]
    grids = 2 * locations.to(value.dtype) - 1
    sampled = []
    for level, (tokens, (h, w)) in enumerate(zip(value.split([h * w for h, w in shapes], dim=1), shapes, strict=True)):
        maps = tokens.flatten(2).transpose(1, 2).reshape(batch * heads, width, h, w)
        sampled.append(F.grid_sample(maps, grids[:, :, :, level].transpose(1, 2).flatten(0, 1), align_corners=False))
    shares = weights.transpose(1, 2).reshape(batch * heads, 1, queries, levels * points)
    output = (torch.stack(sampled, dim=-2).flatten(-2) * shares).sum(-1).view(batch, heads * width, queries)
    return output.transpose(1, 2).contiguous()


def of_engine(engine: ModuleType, deterministic: bool = False) -> Candidate:
    """One engine of ours whatever the device, with its backward pass deterministic where asked."""

    class Attention(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value, shapes, locations, weights):
            ctx.shapes = shapes
            ctx.save_for_backward(value, locations, weights)
            return engine.forward(value, shapes, locations, weights)

        @staticmethod
        def backward(ctx, gradient):
            value, locations, weights = ctx.saved_tensors
            before = torch.are_deterministic_algorithms_enabled()
            torch.use_deterministic_algorithms(deterministic or before)
            of_value, *others = engine.backward(gradient, value, ctx.shapes, locations, weights)
            torch.use_deterministic_algorithms(before)
            return of_value, None, *others

    return Attention.apply


@lru_cache
def _levels(shapes: Shapes, device: torch.device) -> tuple[Tensor, Tensor]:
    sizes = torch.tensor(shapes, device=device)
    areas = sizes.prod(1)
    return sizes, areas.cumsum(0) - areas


def _module_of_authors(module: ModuleType) -> Candidate:
    """The official CUDA extension, and Hugging Face's build of it, which has the same two functions."""

    class Attention(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value, sizes, starts, locations, weights):
            ctx.save_for_backward(value, sizes, starts, locations, weights)
            return module.ms_deform_attn_forward(value, sizes, starts, locations, weights, value.shape[0])

        @staticmethod
        def backward(ctx, gradient):
            saved = ctx.saved_tensors
            of_value, of_locations, of_weights = module.ms_deform_attn_backward(*saved, gradient.contiguous(), len(gradient))
            return of_value, None, None, of_locations, of_weights

    return _peer(Attention.apply)


def _peer(function: Callable) -> Candidate:
    """Their kernels want locations in value's dtype."""

    def candidate(value, shapes, locations, weights):
        return function(value, *_levels(tuple(shapes), value.device), locations.to(value.dtype), weights)

    return candidate


def _mmcv(module: ModuleType) -> Candidate:
    return _peer(lambda value, *others: module.MultiScaleDeformableAttnFunction.apply(value, *others, value.shape[0]))


# Hugging Face's loader is itself called `kernels`, as this package is; so its op is found by its own folder's name on the path.
PEERS = {
    "mmcv": ("mmcv.ops.multi_scale_deform_attn", _mmcv),
    "official extension": ("MultiScaleDeformableAttention", _module_of_authors),
    "Hugging Face op": ("deformable_detr", _module_of_authors),
}


def of_scores(fused: bool) -> Candidate:
    """Ours with a softmax in or before it. Its scores are the weights' logarithms, worked out in both, so that the output is the same."""

    def candidate(value, shapes, locations, weights):
        scores = weights.log()
        if not fused:
            return deformable_attention(value, shapes, locations, shares(scores))
        return operation(value, [side for shape in shapes for side in shape], locations, scores, True)

    return candidate


def candidates(device: str, compiled: bool, softmax: bool = False) -> dict[str, Candidate]:
    """By name, ours first; peers only where they can be imported and run on the device."""
    found: dict[str, Candidate] = {"ours": deformable_attention, "official core": official}
    found |= {"reference": reference, "ours, plain PyTorch": of_engine(deformable_bags)}
    if softmax:
        found |= {"softmax, then ours": of_scores(False), "ours with softmax": of_scores(True)}
    if compiled:
        found["compiled reference"] = torch.compile(reference)
    if device == "cuda" and importlib.util.find_spec("triton"):
        found["ours, deterministic"] = of_engine(importlib.import_module("kernels.deformable_triton"), deterministic=True)
    for name, (module, peer) in PEERS.items():
        if device == "cuda" and importlib.util.find_spec(module.partition(".")[0]):
            found[name] = peer(importlib.import_module(module))
    return found
