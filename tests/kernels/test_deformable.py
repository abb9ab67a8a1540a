"""Every way of computing deformable attention, and every gradient of it, is the formula's, on the shapes that break kernels."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import deformable_bags, deformable_numba, deformable_triton, reference
from tests.kernels.problems import DEVICE, Problem, problem, results, worst

ENGINES = {"bags": (deformable_bags, "cpu"), "numba": (deformable_numba, "cpu"), "triton": (deformable_triton, DEVICE)}
CASES = {  # batch, shapes, queries, heads, head width, points
    "63 queries": (2, ((7, 9), (3, 4)), 63, 2, 8, 2),
    "100 tokens": (1, ((10, 10),), 100, 1, 16, 2),
    "one query": (1, ((5, 6), (2, 3), (1, 2)), 1, 3, 32, 1),
    "one token": (2, ((1, 1),), 3, 1, 64, 1),
    "wide head": (1, ((3, 5),), 5, 2, 128, 2),
    "odd head": (1, ((3, 5),), 7, 2, 12, 1),
    "narrow head": (1, ((3, 5),), 7, 2, 3, 1),
    "empty batch": (0, ((3, 5),), 7, 2, 8, 1),
    "no query": (2, ((3, 5),), 0, 2, 8, 1),
    "no point": (1, ((3, 5),), 4, 2, 8, 0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ENGINES)
def test_float32_is_exact_to_a_hundred_thousandth(name, case, poisoned):
    task, (engine, device) = problem(*CASES[case]), ENGINES[name]
    assert worst(results(engine, task, torch.float32, device), task.answers(torch.float32)) < 1e-5


@pytest.mark.parametrize(("dtype", "bound"), [(torch.bfloat16, 5e-3), (torch.float16, 7e-4), (torch.float64, 1e-12)])
@pytest.mark.parametrize("name", ENGINES)
def test_other_dtypes_are_exact_to_their_rounding(name, dtype, bound, poisoned):
    if name == "numba" and dtype == torch.float64:
        pytest.skip("float64 goes to bags")
    task, (engine, device) = problem(2, ((6, 7), (3, 4)), 9, 2, 16, 2), ENGINES[name]
    found = results(engine, task, dtype, device)
    assert [tensor.dtype for tensor in found] == [dtype, dtype, torch.promote_types(dtype, torch.float32), dtype]
    assert worst(found, task.answers(dtype)) < bound


@pytest.mark.parametrize("name", ENGINES)
def test_borders_of_the_map_are_those_of_grid_sample(name):
    """Edges, corners, token centres, the last place that still touches the map and the first that does not, each exactly."""
    ticks = torch.arange(-3, 20, dtype=torch.float64) / 16  # an 8 x 8 map: centres and edges are multiples of 1/16
    places = torch.stack(torch.meshgrid(ticks, ticks, indexing="ij"), dim=-1).view(1, -1, 1, 1, 1, 2)
    whole = problem(1, ((8, 8),), places.shape[1], 1, 8, 1)
    task, (engine, device) = Problem(whole.value, whole.shapes, places, whole.weights, whole.gradient), ENGINES[name]
    assert worst(results(engine, task, torch.float32, device), task.answers(torch.float32)) < 1e-5


@pytest.mark.parametrize("name", ENGINES)
def test_locations_far_away_or_undefined_read_nothing(name, poisoned):
    whole, (engine, device) = problem(1, ((4, 5),), 4, 1, 8, 1), ENGINES[name]
    far = torch.tensor([1e30, -torch.inf, torch.nan, 3.0]).double().view(1, 4, 1, 1, 1, 1).expand(-1, -1, -1, -1, -1, 2)
    task = Problem(whole.value, whole.shapes, far, whole.weights, whole.gradient)
    output, *gradients = results(engine, task, torch.float32, device)
    assert output.count_nonzero() == 0
    assert all(gradient.count_nonzero() == 0 for gradient in gradients)


@pytest.mark.parametrize("queries", [3, 24])
@pytest.mark.parametrize("name", ENGINES)
def test_backward_repeats_to_the_last_bit(name, queries):
    """MOT and detection users compare runs; Triton's sums are atomic unless PyTorch is told to be deterministic."""
    task, (engine, device) = problem(2, ((4, 5), (2, 3)), queries, 2, 8, 2, low=0.2, high=0.6), ENGINES[name]
    torch.use_deterministic_algorithms(True)
    try:
        first, second = (results(engine, task, torch.float32, device) for _ in range(2))
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert worst(first, task.answers(torch.float32)) < 1e-5


@pytest.mark.parametrize("name", ENGINES)
def test_strided_arguments(name):
    """Models pass views: a value whose heads were split from a larger projection, transposed locations."""
    task, (engine, device) = problem(2, ((4, 5), (2, 3)), 6, 2, 8, 2), ENGINES[name]
    value, shapes, locations, weights = task.arguments(torch.float32, device)
    gradient = task.gradient.to(device, torch.float32)

    def strided(tensor):
        return torch.stack([tensor, tensor], dim=-1)[..., 0].transpose(1, 2).contiguous().transpose(1, 2)

    views = strided(value), shapes, strided(locations), strided(weights)
    found = [tensor.cpu() for tensor in (engine.forward(*views), *engine.backward(gradient, *views))]
    assert worst(found, task.answers(torch.float32)) < 1e-5


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 3), st.integers(1, 40), st.integers(1, 3)),
    shapes=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
def test_any_small_problem(sizes, shapes, seed):
    batch, queries, heads, width, points = sizes
    task = problem(batch, tuple(shapes), queries, heads, width, points, seed=seed)
    wanted = task.answers(torch.float32)
    for engine in (deformable_bags, deformable_numba):
        assert worst(results(engine, task, torch.float32), wanted) < 2e-5


def test_reference_differentiates():
    """Numerically: everything else here is compared with it."""
    task = problem(2, ((3, 4), (2, 2)), 2, 2, 3, 2)
    inputs = [tensor.clone().requires_grad_() for tensor in (task.value, task.locations, task.weights)]
    assert torch.autograd.gradcheck(lambda value, locations, weights: reference(value, task.shapes, locations, weights), inputs)


def test_reference_is_the_formula():
    """Summed by hand, token by token."""
    task = problem(1, ((3, 4), (2, 2)), 3, 2, 3, 2)
    wanted = torch.zeros(1, 3, 2, 3, dtype=torch.float64)
    start = 0
    for level, (h, w) in enumerate(task.shapes):
        for y in range(h):
            for x in range(w):
                place = task.locations[:, :, :, level] * torch.tensor([w, h]) - 0.5
                near = (1 - (place - torch.tensor([x, y])).abs()).clamp(min=0).prod(-1)  # the bilinear share
                share = (near * task.weights[:, :, :, level]).sum(-1)
                wanted += share.unsqueeze(-1) * task.value[:, start + y * w + x].unsqueeze(1)
        start += h * w
    torch.testing.assert_close(reference(task.value, task.shapes, task.locations, task.weights), wanted.flatten(2))
