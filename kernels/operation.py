"""`deformable_attention` as one operation of PyTorch: chosen by device, differentiable, opaque to `torch.compile` and `torch.export`.

    device                            what runs
    CUDA and others Triton supports   kernels.deformable_triton, or deformable_bags where Triton is not installed
    CPU                               kernels.deformable_numba; deformable_bags for float64 and where Numba does not work;
                                      `reference` for narrow heads where Numba is not installed (see README.md)
    the rest                          `reference`

Inside `with using_reference():` it is `reference` everywhere: for second derivatives, and for exports to formats that know no custom
operation but know `grid_sample`.
"""

import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import ModuleType

import torch
from torch import Tensor

from kernels import deformable_bags
from kernels.deformable import Shapes, check, reference

_reference_asked: ContextVar[bool] = ContextVar("reference_asked", default=False)
HAS_NUMBA = importlib.util.find_spec("numba") is not None
HAS_TRITON = importlib.util.find_spec("triton") is not None
WHOLE = 16  # samples a query that PyTorch's softmax takes in its stride on a CPU; over others a fused one gains, see README.md
WIDE_HEAD = 16  # channels from which bags beat grid_sample on a CPU in forward and backward, measured by kernels.bench


@contextmanager
def using_reference() -> Iterator[None]:
    """Makes `deformable_attention` call `reference` in this thread, so that only PyTorch's own operations are recorded."""
    before = _reference_asked.set(True)
    try:
        yield
    finally:
        _reference_asked.reset(before)


@cache
def _numba(width: int) -> ModuleType | None:
    try:
        from kernels import deformable_numba

        deformable_numba.prepare(width)
        return deformable_numba
    except Exception as problem:  # whatever a foreign compiler trips over, the slower ways below are right
        warnings.warn(f"Numba cannot compile deformable attention ({problem}); reinstall numba to be rid of the slower way.", stacklevel=2)
        return None


def engine(value: Tensor) -> ModuleType:
    """The module whose forward() and backward() serve value's device, dtype and head width."""
    if value.device.type == "cpu":
        fused = _numba(value.shape[3]) if HAS_NUMBA and value.dtype != torch.float64 else None
        return fused or deformable_bags
    if not HAS_TRITON:
        return deformable_bags
    from kernels import deformable_triton

    return deformable_triton


def prefers_reference(value: Tensor) -> bool:
    """Whether `grid_sample` is the best there is for value's device and head width, or was asked for."""
    device = value.device.type
    narrow = device == "cpu" and not HAS_NUMBA and value.shape[3] < WIDE_HEAD
    return _reference_asked.get() or narrow or device not in ("cpu", "cuda", "xpu", "meta")


def _pairs(sides: Sequence[int]) -> Shapes:
    return tuple(zip(sides[::2], sides[1::2], strict=True))


def shares(scores: Tensor) -> Tensor:
    """The softmax of scores [B, Q, H, L, P] over each query's points of all levels."""
    return scores.flatten(3).softmax(-1).view(scores.shape)


@torch.library.custom_op("detr_atlas::deformable_attention", mutates_args=())
def operation(value: Tensor, sides: Sequence[int], locations: Tensor, weights: Tensor, softmax: bool = False) -> Tensor:
    """`deformable_attention` with shapes as one list h, w, h, w, ..., which schemas can express; `softmax`: weights are scores."""
    chosen = engine(value)
    if softmax and hasattr(chosen, "softmax"):
        return chosen.forward(value, _pairs(sides), locations, weights, softmax=True)
    return chosen.forward(value, _pairs(sides), locations, shares(weights) if softmax else weights)


@operation.register_fake
def _(value, sides, locations, weights, softmax=False):
    return value.new_empty(value.shape[0], locations.shape[1], value.shape[2] * value.shape[3])


@torch.library.custom_op("detr_atlas::deformable_attention_backward", mutates_args=())
def operation_backward(
    gradient: Tensor, value: Tensor, sides: Sequence[int], locations: Tensor, weights: Tensor, softmax: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights."""
    chosen, arguments = engine(value), (gradient, value, _pairs(sides), locations)
    if softmax and hasattr(chosen, "softmax"):
        return chosen.backward(*arguments, weights, softmax=True)
    if not softmax:
        return chosen.backward(*arguments, weights)
    weights = shares(weights)
    of_value, of_locations, of_weights = chosen.backward(*arguments, weights)
    product = weights * of_weights
    return of_value, of_locations, product - weights * product.sum((3, 4), keepdim=True)


@operation_backward.register_fake
def _(gradient, value, sides, locations, weights, softmax=False):
    return tuple(tensor.new_empty(tensor.shape) for tensor in (value, locations, weights))


def _save(ctx, inputs, output):
    value, ctx.sides, locations, weights, ctx.softmax = inputs
    ctx.save_for_backward(value, locations, weights)


def _backward(ctx, gradient):
    value, locations, weights = ctx.saved_tensors
    of_value, of_locations, of_weights = operation_backward(gradient, value, ctx.sides, locations, weights, ctx.softmax)
    return of_value, None, of_locations, of_weights, None


operation.register_autograd(_backward, setup_context=_save)


def deformable_attention(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Samples every query's points from the levels and adds them up, weighted.

    value [B, N, H, D], all levels' tokens one level after another; shapes ((h, w), ...), one pair a level; locations
    [B, Q, H, L, P, 2], (x, y) in 0..1 of the level; weights [B, Q, H, L, P]. Returns [B, Q, H * D] in value's dtype.
    Formula and precision: `kernels.deformable`. Raises ValueError when the arguments do not fit each other.
    """
    check(value, shapes, locations, weights)
    if prefers_reference(value):
        return reference(value, shapes, locations, weights)
    return operation(value, [side for shape in shapes for side in shape], locations, weights)


def softmax_deformable_attention(value: Tensor, shapes: Shapes, locations: Tensor, scores: Tensor) -> Tensor:
    """`deformable_attention` with the softmax of `scores` [B, Q, H, L, P] over a query's L * P points as weights.

    One pass on a CPU with Numba where that gains; elsewhere PyTorch's softmax comes first. Raises as `deformable_attention` does.
    """
    fused = value.device.type == "cpu" and HAS_NUMBA and scores.shape[3:].numel() % WHOLE
    if prefers_reference(value) or not fused:
        return deformable_attention(value, shapes, locations, shares(scores))
    check(value, shapes, locations, scores)
    return operation(value, [side for shape in shapes for side in shape], locations, scores, True)
