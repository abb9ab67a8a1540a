"""A painted data set on the disk, weights of a very small detector, and the losses of a run that nothing happens to."""
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from job import small_detector
from painted import painted_folder

from detr_core.jobs import Jobs, Quota
from detr_core.training.export import export
from detr_core.training.run import Run, RunFolder
from detr_core.training.session import train

ACCIDENTS = Path(__file__).parent / "accidents"


@pytest.fixture(scope="session")
def painted(tmp_path_factory) -> Path:
    """In COCO's layout: 16 pictures to learn from, 4 to judge by; beside them weights to start from."""
    root = painted_folder(tmp_path_factory.mktemp("painted"), 16)
    export(small_detector(), root / "start.safetensors", {})
    return root


@pytest.fixture(scope="session")
def plan(painted) -> Run:
    """Sixteen steps with a checkpoint after each."""
    return Run("deformable_detr_two_stage", str(painted), weights=str(painted / "start.safetensors"), images=64, batch=4, rate=1e-3,
               warmup=4, evaluations=2, device="cpu", checkpoint_seconds=0)


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory):
    """What the processes of jobs inherit: a cache of their own, one thread, and the accidents that befall them."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DETR_ATLAS_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("OMP_NUM_THREADS", "1")
    patch.setenv("CUDA_VISIBLE_DEVICES", "")
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ACCIDENTS), os.environ.get("PYTHONPATH")])))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def undisturbed(plan, surroundings, tmp_path_factory) -> RunFolder:
    """The same run in this process, from beginning to end."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)                        # as the jobs have: the order of additions decides the last bits
    AcceleratorState._reset_state()
    try:
        folder = RunFolder(tmp_path_factory.mktemp("undisturbed") / "run").create(plan)
        assert train(plan, folder) == "finished"
    finally:
        torch.set_num_threads(threads)
        AcceleratorState._reset_state()
    return folder


@pytest.fixture
def jobs(tmp_path):
    made = Jobs(tmp_path / "data", Quota(active=5), devices=("cuda:0", "cuda:1"))
    yield made
    made.close()
