"""Which way is chosen, and that there is one on every machine: without Triton, without Numba, with a broken one."""

import subprocess
import sys

import pytest
import torch
from numba.core.event import install_recorder

import kernels.operation as public
from kernels import deformable_attention, deformable_bags, deformable_numba, deformable_triton
from tests.kernels.problems import SHAPES, differentiate, problem, worst


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
