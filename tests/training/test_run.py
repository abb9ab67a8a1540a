"""A run's folder must survive whatever happens to the process that writes it."""
from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from detr_core.cli.train import arguments as train_arguments
from detr_core.cli.train import planned
from detr_core.training.files import read_json, replacing, write_json
from detr_core.training.run import Run, RunFolder

RUN = Run("detr", "scenes", images=80, batch=8)


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "status.json"
    write_json(path, {"step": 1})
    with pytest.raises(OSError), replacing(path) as unfinished:
        unfinished.write_text("half of i")
        raise OSError("No space left on device")
    assert read_json(path) == {"step": 1} and [p.name for p in tmp_path.iterdir()] == ["status.json"]


def test_checkpoints_load_without_running_code(tmp_path):
    folder = RunFolder(tmp_path / "run").create(RUN)
    folder.save({"step": 3, "model": {"a": torch.ones(2)}, "best": {}, "average": None})
    assert folder.load()["step"] == 3 and torch.equal(folder.load()["model"]["a"], torch.ones(2))
    folder.checkpoint.write_bytes(b"not a checkpoint")
    with pytest.raises(Exception, match=r"(?i)weights.only|pickle|magic|invalid"):
        folder.load()


def test_the_run_is_read_back_as_it_was(tmp_path):
    run = replace(RUN, changes={"queries": 20, "dropout": 0.2}, trackers=("tensorboard",), weights="trees")
    assert RunFolder(tmp_path / "run").create(run).run() == run
    with pytest.raises(FileExistsError, match="--resume"):
        RunFolder(tmp_path / "run").create(run)
    with pytest.raises(FileNotFoundError, match=r"run\.json"):
        RunFolder(tmp_path / "other").run()
    values = json.loads((tmp_path / "run" / "run.json").read_text())
    with pytest.raises(ValueError, match="colour"):
        Run.read({**values, "colour": 1})


def test_metrics_after_the_checkpoint_are_dropped_and_a_torn_line_is_ignored(tmp_path):
    folder = RunFolder(tmp_path / "run").create(RUN)
    for step in range(1, 6):
        folder.append("train", step, loss=float(step))
    with open(folder.metrics, "a") as file:
        file.write('{"kind": "train", "step": 6, "lo')
    assert [line["step"] for line in folder.lines()] == [1, 2, 3, 4, 5]
    folder.rewind(3)
    folder.append("train", 4, loss=4.5)
    assert [(line["step"], line["loss"]) for line in folder.lines()] == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.5)]


def test_the_budget_counts_pictures_whatever_the_batch():
    assert RUN.budget(10) == 10 and replace(RUN, images=81).budget(10) == 11
    assert replace(RUN, images=0, epochs=2.5).budget(16) == 5
    for wrong in ({"batch": 0}, {"images": 0, "epochs": 0}, {"precision": "fp8"}):
        with pytest.raises(ValueError):
            replace(RUN, **wrong)


@pytest.mark.parametrize("run", [
    RUN, replace(RUN, changes={"queries": 20, "dropout": 0.2}, cache=False, trackers=("tensorboard",)),
    replace(RUN, images=0, epochs=2.5, ema=0.9, weights="a file.safetensors", precision="bf16", rate=3e-4)])
def test_the_command_line_of_a_run_asks_for_that_run(run):
    import argparse
    import shlex

    from detr_core.cli.common import changes_of

    parser = argparse.ArgumentParser()
    train_arguments(parser)
    given = vars(parser.parse_args(shlex.split(run.command("out"))[4:]))
    asked = {name: value for name, value in given.items() if value is not None and name not in ("out", "resume", "changes")}
    if given["changes"]:
        asked["changes"] = changes_of(given["changes"])
    assert planned(asked) == run
