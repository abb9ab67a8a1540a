"""The comparison runs from the command line and compares like with like."""

import json
import subprocess
import sys

import pytest
import torch

from kernels import bench_problems, reference
from kernels.bench_peers import candidates
from tests.kernels.problems import problem


def test_candidates_compute_the_same():
    task = problem(2, ((6, 5), (3, 2)), 7, 2, 8, 3)
    value, shapes, locations, weights = task.arguments(torch.float32)
    wanted = task.answers(torch.float32)
    for name, candidate in candidates("cpu", compiled=False).items():
        inputs = [tensor.clone().requires_grad_() for tensor in (value, locations, weights)]
        output = candidate(inputs[0], shapes, *inputs[1:])
        gradients = torch.autograd.grad(output, inputs, task.gradient.float())
        for found, other in zip([output, *gradients], wanted, strict=True):
            torch.testing.assert_close(found.double(), other, rtol=1e-4, atol=1e-4, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("name", ["encoder 320x320 width 64", "decoder 300 of 640x640"])
def test_problems_lie_on_the_map(name):
    value, shapes, locations, weights = bench_problems.inputs(name, 2, torch.bfloat16, "cpu")
    assert value.dtype == weights.dtype == torch.bfloat16
    assert locations.dtype == torch.float32
    inside = ((locations > 0) & (locations < 1)).all(-1).float().mean()
    assert inside > 0.6
    assert reference(value, shapes, locations[:, :1], weights[:, :1]).shape == (2, 1, value.shape[2] * value.shape[3])


def test_command_line(tmp_path):
    file = tmp_path / "found.json"
    command = [sys.executable, "-m", "kernels.bench", "--problems", "decoder 300 of 640x640", "--rounds", "1", "--json", file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| decoder 300 of 640x640, batch 1, float32 | ours |" in done.stdout
    found = json.loads(file.read_text())
    assert {"processor", "threads", "torch"} <= set(found["machine"])
    assert {row["candidate"] for row in found["rows"]} == {"ours", "official core", "reference", "ours, plain PyTorch"} | (
        {"ours, deterministic"} if torch.cuda.is_available() else set()
    )
    assert all(row["error"] < 1e-5 and row["forward_ms"] > 0 and row["backward_ms"] > 0 for row in found["rows"])
