"""The public operation: which way is chosen, and that PyTorch's compiler, exporter, autograd and threads can live with it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from numba import carray, cfunc, types
from numba.core.event import install_recorder

import kernels.operation as public
from kernels import (
    deformable_attention,
    deformable_bags,
    deformable_numba,
    deformable_triton,
    reference,
    softmax_deformable_attention,
    using_reference,
)  # fmt: skip
from kernels.lanes import integers_at, ticket
from kernels.threads import portion, spread
from tests.kernels.problems import problem, worst

SHAPES = ((4, 5), (2, 3))


@pytest.fixture
def task():
    return problem(2, SHAPES, 6, 2, 8, 2)


@pytest.fixture(params=["numba", "bags", "triton"])
def engine(request, monkeypatch):
    chosen = {"numba": deformable_numba, "bags": deformable_bags, "triton": deformable_triton}[request.param]
    if chosen is deformable_triton and torch.cuda.is_available():
        pytest.skip("the interpreter is off on a machine with a GPU")
    monkeypatch.setattr(public, "engine", lambda value: chosen)
    return chosen


def differentiate(function, task, dtype=torch.float32):
    """What Problem.answers gives, by autograd through `function`."""
    value, shapes, locations, weights = task.arguments(dtype)
    inputs = [tensor.requires_grad_() for tensor in (value, locations, weights)]
    output = function(inputs[0], shapes, *inputs[1:])
    return [output.detach(), *torch.autograd.grad(output, inputs, task.gradient.to(output.dtype))]


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


def test_the_way_is_chosen_by_device_and_dtype(monkeypatch):
    value = torch.zeros(1, 1, 1, 16)
    assert public.engine(value) is deformable_numba
    assert public.engine(value.bfloat16()) is deformable_numba
    assert public.engine(value.double()) is deformable_bags
    if torch.cuda.is_available():
        assert public.engine(value.cuda()) is deformable_triton
    monkeypatch.setattr(public, "HAS_NUMBA", False)
    assert public.engine(value) is deformable_bags
    assert public.prefers_reference(value[..., :8])
    assert not public.prefers_reference(value)


def test_a_broken_numba_is_named_and_survived(task, monkeypatch):
    def fail(width):
        raise RuntimeError("no such compiler")

    monkeypatch.setattr(deformable_numba, "prepare", fail)
    public._numba.cache_clear()
    try:
        with pytest.warns(UserWarning, match="no such compiler"):
            found = differentiate(deformable_attention, task)
    finally:
        public._numba.cache_clear()
    assert worst(found, task.answers(torch.float32)) < 1e-5


def test_works_where_neither_triton_nor_numba_is_installed():
    """macOS and Windows have no Triton wheel; a new Python has no Numba for months. Nor does importing kernels import them."""
    program = """
import sys
import torch
before = set(sys.modules)
from kernels import deformable_attention
assert not {"numba", "triton"} & (set(sys.modules) - before)
sys.modules.update(triton=None, numba=None, llvmlite=None)
import kernels.operation as public
public.HAS_NUMBA = public.HAS_TRITON = False
for width in (8, 32):
    value = torch.ones(1, 4, 1, width, requires_grad=True)
    output = deformable_attention(value, ((2, 2),), torch.full((1, 3, 1, 1, 1, 2), 0.5), torch.ones(1, 3, 1, 1, 1))
    output.sum().backward()
    assert output.allclose(torch.ones(1, 3, width)) and value.grad.allclose(torch.full_like(value, 0.75)), output
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_other_image_sizes_compile_nothing():
    differentiate(deformable_attention, problem(1, SHAPES, 6, 2, 16, 2))
    with install_recorder("numba:compile") as recorder:
        for shapes, queries, points in ((((3, 4),), 5, 1), (((6, 5), (3, 2)), 9, 4), (((1, 1), (2, 2), (3, 3)), 1, 2)):
            differentiate(deformable_attention, problem(1, shapes, queries, 2, 16, points))
    assert not recorder.buffer


def test_python_threads_do_not_disturb_each_other():
    """A server answers several visitors at once."""
    tasks = [problem(1, ((16, 16), (8, 8)), 340, 4, 8, 4, seed=seed) for seed in range(8)]
    alone = [differentiate(deformable_attention, task) for task in tasks]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda task: differentiate(deformable_attention, task), tasks * 3))
    for one, other in zip(alone * 3, together, strict=True):
        assert all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_number_of_threads_changes_no_bit(threads):
    task = problem(2, ((24, 24), (8, 8)), 640, 4, 8, 4)
    found = []
    for count in (1, 3):
        threads(count)
        found.append(differentiate(deformable_attention, task))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.fixture(scope="module")
def mark():
    """The address of compiled work: writes begin, end and the thread's own count of parts for every part that it took."""

    def parts(pointer):
        task = carray(pointer, (6,))
        begin, end = portion(task)
        done = carray(integers_at(task[4]), (task[5],))
        while begin < end:
            for thing in range(begin, end):
                done[2 * thing] += 1
                done[2 * thing + 1] = begin
            for _ in range(task[3]):  # so slow that every thread comes to take some
                done[-1] = ticket(done, done.size - 2)
            begin, end = portion(task)

    return cfunc(types.void(types.CPointer(types.int64)))(parts)


@pytest.mark.parametrize("way", ["PyTorch's threads", "a pool"])
@pytest.mark.parametrize(("count", "smallest", "allowed", "parts"), [(100, 1, 1, 1), (100, 1, 3, 12), (100, 40, 3, 2), (0, 1, 3, 0)])
def test_work_is_done_once_in_as_many_parts_as_threads_can_use(way, count, smallest, allowed, parts, mark, threads, monkeypatch):
    if way == "a pool":
        monkeypatch.setattr("kernels.threads._runtime", lambda: None)
    threads(allowed)
    done = torch.zeros(2 * count + 2, dtype=torch.int64)
    spread(mark.address, count, smallest, [1000], [done])
    times, begins = done[: 2 * count].view(-1, 2).unbind(1)
    assert (times == 1).all() and len(set(begins.tolist())) == parts


def test_a_forked_child_makes_threads_of_its_own():
    """OpenMP's threads stay behind in the parent; whoever waits for them waits for ever."""
    program = """if True:
        import os, torch
        from kernels import deformable_attention
        torch.set_num_threads(2)
        arguments = torch.ones(1, 64, 8, 8), ((8, 8),), torch.rand(1, 400, 8, 1, 4, 2), torch.ones(1, 400, 8, 1, 4)
        wanted = deformable_attention(*arguments)
        child = os.fork()
        if not child:
            os._exit(0 if torch.equal(deformable_attention(*arguments), wanted) else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)


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
