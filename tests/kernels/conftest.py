"""What the tests of kernels share."""

import pytest
import torch


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
