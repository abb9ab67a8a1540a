"""What the tests of kernels share."""

import pytest
import torch

import kernels.operation as public
from kernels import deformable_bags, deformable_numba, deformable_triton
from tests.kernels.problems import SHAPES, problem


def pytest_collection_modifyitems(config, items):
    """Tests marked `compile` take minutes and run when asked for: `pytest -m compile tests/kernels`."""
    if "compile" not in config.getoption("-m"):
        for item in items:
            if item.get_closest_marker("compile") and item.path.parent.name == "kernels":
                item.add_marker(pytest.mark.skip(reason="compiles every configuration; ask for it with -m compile"))


@pytest.fixture
def poisoned(monkeypatch):
    """New memory holds NaN, so that a number nobody wrote shows in the result."""

    def poison(make):
        def made(*args, **options):
            tensor = make(*args, **options)
            return tensor.fill_(torch.nan) if tensor.is_floating_point() else tensor

        return made

    monkeypatch.setattr(torch, "empty", poison(torch.empty))
    monkeypatch.setattr(torch, "empty_like", poison(torch.empty_like))
    monkeypatch.setattr(torch.Tensor, "new_empty", poison(torch.Tensor.new_empty))


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
