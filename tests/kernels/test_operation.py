"""The public operation: PyTorch's compiler, exporter, autograd and autocast can live with it, and wrong arguments are named."""

import pytest
import torch

import kernels.operation as public
from kernels import deformable_attention, reference, using_reference
from tests.kernels.problems import SHAPES, differentiate, problem, worst


def test_autograd(engine, task):
    assert worst(differentiate(deformable_attention, task), task.answers(torch.float32)) < 1e-5


def test_autograd_of_an_empty_batch(engine):
    empty = problem(0, SHAPES, 6, 2, 8, 2)
    assert [tuple(found.shape) for found in differentiate(deformable_attention, empty)] == [
        (0, 6, 16), (0, 26, 2, 8), (0, 6, 2, 2, 2, 2), (0, 6, 2, 2, 2),
    ]  # fmt: skip


def test_compiles_without_a_graph_break(engine, task):
    torch._dynamo.reset()
    compiled = torch.compile(deformable_attention, fullgraph=True, backend="aot_eager")
    assert worst(differentiate(compiled, task), task.answers(torch.float32)) < 1e-5


def test_exports_with_any_batch_and_number_of_queries(engine, task):
    class Model(torch.nn.Module):
        def forward(self, value, locations, weights):
            return deformable_attention(value, SHAPES, locations, weights)

    value, shapes, locations, weights = task.arguments(torch.float32)
    batch, queries = torch.export.Dim("batch", min=1, max=64), torch.export.Dim("queries", min=1, max=1000)
    sizes = ({0: batch}, {0: batch, 1: queries}, {0: batch, 1: queries})
    program = torch.export.export(Model(), (value, locations, weights), dynamic_shapes=sizes)
    small = value[:1], locations[:1, :3], weights[:1, :3]
    torch.testing.assert_close(program.module()(*small), reference(small[0], shapes, *small[1:]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_keeps_pytorchs_rules_for_operations(engine, dtype):
    task = problem(1, ((2, 3),), 2, 1, 8, 1)
    value, shapes, locations, weights = task.arguments(dtype)
    sides = [side for shape in shapes for side in shape]
    torch.library.opcheck(public.operation, (value.requires_grad_(), sides, locations.requires_grad_(), weights.requires_grad_()))
    inputs = task.gradient.to(dtype), value.detach(), sides, locations.detach(), weights.detach()
    torch.library.opcheck(public.operation_backward, inputs)


def test_under_autocast_locations_stay_float32(task):
    value, shapes, locations, weights = task.arguments(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        output = deformable_attention(value.bfloat16(), shapes, locations, weights)
    assert output.dtype == torch.bfloat16
    assert worst([output], task.answers()[:1]) < 5e-3


def test_reference_when_asked(task, monkeypatch):
    """Second derivatives, and exporters that know no custom operation, need PyTorch's own operations."""
    monkeypatch.setattr(public, "engine", lambda value: pytest.fail("not asked for"))
    value, shapes, locations, weights = task.arguments(torch.float64)
    with using_reference():
        function = lambda weights: deformable_attention(value, shapes, locations, weights)  # noqa: E731
        assert torch.autograd.gradgradcheck(function, weights.requires_grad_())
        compiled = torch.compile(lambda *inputs: deformable_attention(*inputs), fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(value, shapes, locations, weights), reference(value, shapes, locations, weights))
    with pytest.raises(pytest.fail.Exception):
        deformable_attention(value, shapes, locations, weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": torch.zeros(2, 26, 16)}, "split its last axis into heads"),
        ({"shapes": ((4, 5),)}, "26 tokens"),
        ({"locations": torch.zeros(2, 6, 2, 2, 2)}, "locations must be"),
        ({"weights": torch.zeros(2, 6, 2, 4)}, "weights must have shape"),
    ],
)
def test_errors_name_the_argument(task, change, message):
    arguments = dict(zip(("value", "shapes", "locations", "weights"), task.arguments(torch.float32), strict=True))
    with pytest.raises(ValueError, match=message):
        deformable_attention(**{**arguments, **change})
