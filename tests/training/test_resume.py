"""A run that dies, is stopped or is spread over processes must come to the same numbers as one that is left alone."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from job import small_detector, small_run, small_trainer
from painted import Painted

from detr_core.training.evaluate import evaluate
from detr_core.training.files import read_json
from detr_core.training.run import RunFolder
from detr_core.training.state import restore
from detr_core.training.trainer import Trainer

JOB = Path(__file__).parent / "job.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As the jobs have: the order of additions decides the last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def here(path: Path, recipe: dict | None = None, **changes) -> RunFolder:
    """The same run in this process."""
    folder = RunFolder(path)
    folder.samples.mkdir(parents=True, exist_ok=True)
    small_trainer(small_run(**changes), folder, path.parent, **(recipe or {})).fit()
    return folder


def job(folder: Path, *arguments: str, expect: int = 0, launch: tuple[str, ...] = ()) -> RunFolder:
    done = subprocess.run([sys.executable, *launch, str(JOB), str(folder), *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                          timeout=400)
    assert done.returncode == expect, done.stderr[-3000:]
    return RunFolder(folder)


def losses(folder: RunFolder) -> dict[int, float]:
    return {line["step"]: line["loss"] for line in folder.lines() if line["kind"] == "train"}


def matching(folder: RunFolder) -> list[dict]:
    return [{name: value for name, value in line.items() if name != "time"} for line in folder.lines() if line["kind"] == "matching"]


def evaluations(folder: RunFolder) -> list[tuple[int, float]]:
    return [(line["step"], line["AP50"]) for line in folder.lines() if line["kind"] == "evaluation"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> RunFolder:
    return here(tmp_path_factory.mktemp("whole") / "run", ema=0.9)


def test_a_killed_run_resumes_to_the_same_losses_bit_for_bit(undisturbed, tmp_path):
    options = "--run", json.dumps({"ema": 0.9})
    killed = job(tmp_path / "run", *options, "--die-after", "17", expect=-signal.SIGKILL)
    assert killed.load()["step"] == 12 and max(losses(killed)) == 17
    resumed = job(tmp_path / "run", *options, "--resume")
    assert losses(resumed) == losses(undisturbed) and len(losses(resumed)) == 24
    assert evaluations(resumed) == evaluations(undisturbed) and matching(resumed) == matching(undisturbed)
    assert [line["step"] for line in matching(undisturbed)] == [24] and 0 <= matching(undisturbed)[0]["instability"] <= 1
    for name, value in undisturbed.load()["model"].items():
        assert torch.equal(value, resumed.load()["model"][name]), name


def test_sigterm_leaves_a_resumable_checkpoint(undisturbed, tmp_path):
    folder = RunFolder(tmp_path / "run")
    process = subprocess.Popen([sys.executable, str(JOB), str(folder.path), "--run", '{"images": 40000}'], env=ENVIRONMENT)
    try:
        for _ in range(3000):
            time.sleep(0.1)
            if folder.status().get("step", 0) > 2 or len(folder.lines()) > 2:
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    finally:
        process.kill()
    assert folder.status()["state"] == "stopped" and "SIGTERM" in folder.status()["reason"]
    assert folder.load()["step"] == folder.status()["step"] > 2


def test_a_stop_file_ends_the_run_between_two_steps(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.samples.mkdir(parents=True)
    trainer = small_trainer(small_run(), folder, tmp_path)
    trainer.events.on("step", lambda trainer, **_: folder.stop.touch() if trainer.step == 5 else None)
    assert trainer.fit() == "stopped"
    assert folder.load()["step"] == 5 and folder.status()["state"] == "stopped" and max(losses(folder)) == 5


AP = {3: 0.1, 6: 0.3, 9: 0.3, 12: 0.2, 15: 0.4}        # of a made-up run; what rises at step 15 comes too late


def patient(path: Path, features: Path, patience: int = 2) -> Trainer:
    """A run of 24 steps and 8 evaluations whose results are written down beforehand."""
    folder = RunFolder(path)
    folder.samples.mkdir(parents=True, exist_ok=True)
    trainer = small_trainer(small_run(evaluations=8, patience=patience), folder, features)
    trainer.data = replace(trainer.data, evaluate=lambda _: dict.fromkeys(("AP", "AP50", "AP75"), AP.get(trainer.step, 0.0)))
    return trainer


def test_a_run_that_gets_no_better_ends_early_where_a_resumed_one_does(tmp_path):
    whole = patient(tmp_path / "whole", tmp_path)
    assert whole.fit() == "finished" and whole.step == 12 and whole.best["step"] == 6
    status = whole.folder.status()
    assert status["state"] == "finished" and "not risen for 2 evaluations" in status["reason"] and status["patience_left"] == 0
    stopped = patient(tmp_path / "cut", tmp_path)
    stopped.events.on("step", lambda trainer, **_: trainer.folder.stop.touch() if trainer.step == 10 else None)
    assert stopped.fit() == "stopped" and stopped.folder.status()["patience_left"] == 1
    stopped.folder.stop.unlink()
    resumed = patient(tmp_path / "cut", tmp_path)
    restore(resumed, resumed.folder.load())
    assert resumed.fit() == "finished" and resumed.step == 12 and losses(resumed.folder) == losses(whole.folder)
    again = patient(tmp_path / "cut", tmp_path)         # killed between the last checkpoint and the end
    restore(again, again.folder.load())
    assert again.fit() == "finished" and again.step == 12
    assert patient(tmp_path / "endless", tmp_path, 0).fit() == "finished" and RunFolder(tmp_path / "endless").status()["step"] == 24


def test_two_processes_and_accumulation_give_the_losses_of_one(undisturbed, tmp_path):
    """The batch is that of the step: how it is cut must not matter."""
    recipe = {"dropout": 0.0}
    one = losses(here(tmp_path / "one", recipe))
    launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no",
              "--dynamo_backend", "no", "--main_process_port", "0")
    spread = job(tmp_path / "two", "--measure", "--recipe", json.dumps(recipe), launch=launch)
    assert spread.status()["processes"] == 2, "with --cpu Accelerate starts one, however many are asked for"
    two = losses(spread)
    pieces = losses(here(tmp_path / "pieces", recipe, accumulate=2))
    assert two.keys() == one.keys() == pieces.keys()
    assert max(abs(one[step] - two[step]) for step in one) < 1e-4 * max(one.values())
    assert max(abs(one[step] - pieces[step]) for step in one) < 1e-4 * max(one.values())
    alone = evaluate(small_detector(**recipe), Painted(10), 3)
    assert read_json(tmp_path / "two" / "measured.json") == {name: value for name, value in alone.items() if name != "seconds"}


def test_mixed_precision_learns_in_float32_weights(tmp_path):
    AcceleratorState._reset_state()
    try:
        run = here(tmp_path / "run", precision="bf16")
    finally:
        AcceleratorState._reset_state()
    first, *_, last = losses(run).values()
    assert last < first and all(v.dtype == torch.float32 for v in run.load()["model"].values() if v.is_floating_point())


def test_a_loss_that_is_no_number_ends_the_run_and_spares_the_checkpoint(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.samples.mkdir(parents=True)
    trainer, update = small_trainer(small_run(checkpoint_seconds=0), folder, tmp_path), Trainer.update

    def poisoned(batches):
        result = update(trainer, batches)
        if trainer.step == 3:
            trainer.detector.decoder.box_heads[0][-1].bias.data.fill_(float("nan"))
        return result

    trainer.update = poisoned
    with pytest.raises(FloatingPointError, match="rate"):
        trainer.fit()
    saved = folder.load()
    assert saved["step"] == 3 and all(v.isfinite().all() for v in saved["model"].values() if v.is_floating_point())
