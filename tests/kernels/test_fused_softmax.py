"""The operation that takes scores instead of weights says what a softmax before it would."""

from dataclasses import replace

import pytest
import torch

import kernels.operation as public
from kernels import reference, softmax_deformable_attention
from tests.kernels.problems import SHAPES, differentiate, problem, worst


def scored(points: int, spread: float = 3.0):
    """A problem whose weights are scores, and the float64 answers to it."""
    task = problem(2, SHAPES, 6, 2, 8, points)
    scores = spread * torch.randn(task.weights.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    task = replace(task, weights=scores)
    inputs = [tensor.double().requires_grad_() for tensor in (task.value.float(), task.locations.float(), scores.float())]
    output = reference(inputs[0], SHAPES, inputs[1], inputs[2].flatten(3).softmax(-1).view(scores.shape))
    return task, [output.detach(), *torch.autograd.grad(output, inputs, task.gradient.float().double())]


@pytest.mark.parametrize("points", [1, 3, 8, 9])
def test_softmax_may_be_fused_in(engine, points):
    """2, 6, 16 and 18 samples a query: less than a vector of the processor, more, and PyTorch's own softmax."""
    task, wanted = scored(points)
    assert worst(differentiate(softmax_deformable_attention, task), wanted) < 1e-5


def test_fused_softmax_bears_scores_of_any_size():
    task, wanted = scored(6, spread=1e4)
    assert worst(differentiate(softmax_deformable_attention, task)[:1], wanted[:1]) < 1e-5
    value, shapes, locations, scores = task.arguments(torch.float32)
    scores[0, 0, 0, 0, 0], scores[1, 5, 1, 1, 5] = -torch.inf, torch.nan
    output = softmax_deformable_attention(value, shapes, locations, scores).unflatten(2, (2, 8))
    assert output[1, 5, 1].isnan().all(), "a broken score must show"
    assert output.isnan().sum() == 8, "and nowhere else"
    torch.testing.assert_close(output[0, 0, 0].double(), wanted[0].unflatten(2, (2, 8))[0, 0, 0], rtol=1e-4, atol=1e-4)


def test_fused_softmax_compiles_without_a_graph_break(engine):
    task, wanted = scored(3)
    torch._dynamo.reset()
    compiled = torch.compile(softmax_deformable_attention, fullgraph=True, backend="aot_eager")
    assert worst(differentiate(compiled, task), wanted) < 1e-5


def test_fused_softmax_keeps_pytorchs_rules_for_operations(engine):
    task = problem(1, ((2, 3),), 2, 1, 8, 3)
    value, _, locations, scores = task.arguments(torch.float32)
    inputs = value.requires_grad_(), [2, 3], locations.requires_grad_(), scores.requires_grad_(), True
    torch.library.opcheck(public.operation, inputs)
