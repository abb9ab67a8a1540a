"""Small problems of deformable attention and the float64 answers to them."""

from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from kernels import reference

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SHAPES = ((4, 5), (2, 3))
"""Two small levels."""


@dataclass(frozen=True)
class Problem:
    """Arguments of `deformable_attention` and a gradient of its output, in float64."""

    value: Tensor
    shapes: tuple[tuple[int, int], ...]
    locations: Tensor
    weights: Tensor
    gradient: Tensor

    def arguments(self, dtype: torch.dtype, device: str = "cpu") -> tuple:
        """Value and weights in dtype; locations in float32 at least."""
        precise = torch.promote_types(dtype, torch.float32)
        return self.value.to(device, dtype), self.shapes, self.locations.to(device, precise), self.weights.to(device, dtype)

    def answers(self, dtype: torch.dtype = torch.float64) -> list[Tensor]:
        """Output and gradients of value, locations and weights, in float64, for arguments first rounded to dtype."""
        value, shapes, locations, weights = self.arguments(dtype)
        inputs = [tensor.double().requires_grad_() for tensor in (value, locations, weights)]
        output = reference(inputs[0], shapes, *inputs[1:])
        if not output.requires_grad:
            return [output, *(torch.zeros_like(tensor) for tensor in inputs)]
        return [output.detach(), *torch.autograd.grad(output, inputs, self.gradient.to(dtype).double())]


def problem(batch, shapes, queries, heads, width, points, low=-0.3, high=1.3, seed=0) -> Problem:
    """Random numbers; locations from low to high, so some lie outside the map."""
    generator = torch.Generator().manual_seed(seed)
    tokens, levels = sum(h * w for h, w in shapes), len(shapes)

    def random(*sizes):
        return torch.randn(sizes, generator=generator).double()

    locations = torch.rand(batch, queries, heads, levels, points, 2, generator=generator).double() * (high - low) + low
    weights = random(batch, queries, heads, levels * points).softmax(-1).view(batch, queries, heads, levels, points)
    return Problem(random(batch, tokens, heads, width), shapes, locations, weights, random(batch, queries, heads * width))


def results(engine: ModuleType, task: Problem, dtype: torch.dtype, device: str = "cpu") -> list[Tensor]:
    """What `answers` gives, by an engine, in the engine's dtypes."""
    arguments = task.arguments(dtype, device)
    gradient = task.gradient.to(device, dtype)
    return [tensor.cpu() for tensor in (engine.forward(*arguments), *engine.backward(gradient, *arguments))]


def differentiate(function, task, dtype=torch.float32):
    """What Problem.answers gives, by autograd through `function`."""
    value, shapes, locations, weights = task.arguments(dtype)
    inputs = [tensor.requires_grad_() for tensor in (value, locations, weights)]
    output = function(inputs[0], shapes, *inputs[1:])
    return [output.detach(), *torch.autograd.grad(output, inputs, task.gradient.to(output.dtype))]


def worst(found: list[Tensor], wanted: list[Tensor]) -> float:
    """Largest relative error |found - wanted| / |wanted| (Euclidean), and of shapes and holes too: infinite where they differ."""
    errors = [0.0]
    for one, other in zip(found, wanted, strict=True):
        if one.shape != other.shape or not torch.isfinite(one).all():
            return torch.inf
        if other.numel():
            errors.append(((one.double() - other).norm() / other.norm().clamp(min=1e-6)).item())
    return max(errors)
