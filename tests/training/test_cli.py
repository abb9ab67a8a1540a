"""The command line as a user meets it: helpful, never a traceback, and what it writes can be read back."""
from __future__ import annotations

import json

import pytest
import torch
from job import small_detector
from painted import Painted, painted_folder
from PIL import Image

import detr_core
from detr_core import api
from detr_core.cli import COMMANDS, main
from detr_core.training import bundle
from detr_core.training.bundle import card_of, tasks
from detr_core.training.export import export
from detr_core.training.run import RunFolder

VARIANT = "--variant", "deformable_detr_two_stage"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "painted.safetensors"
    export(small_detector(), path, {"data": "painted", "AP": 0.5})
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A painted data set on the disk, in COCO's layout."""
    return painted_folder(tmp_path_factory.mktemp("data"), 6)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0 and "examples:" in text and len(text) > 400


def test_the_overview_names_every_command(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    assert all(f"  {command} " in text for command in COMMANDS)
    assert main(["paint"]) == 2 and "choose one of train" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "message"), [
    (["predict", "nothing.jpg", "--variant", "detr", "--weights", "nothing.pth"], "nothing.pth"),
    (["predict", "nothing.jpg", "--variant", "yolo", "--weights", "x"], "choose one of detr"),
    (["evaluate", "--variant", "detr", "--weights", "coco"], "--data"),
    (["evaluate", "--variant", "detr"], "--weights"),
    (["evaluate", "--weights", "coco"], "--variant"),
    (["train", "--out", "run", "--variant", "detr"], "--data"),
    (["train", "--out", "run", "--data", "scenes"], "--variant"),
    (["train", "--out", "run", "--variant", "detr", "--data", "scenes", "--images", "9", "--epochs", "1"], "either"),
    (["train", "--out", "run", "--variant", "detr", "--data", "scenes", "--set", "queries=many"], "whole number"),
    (["train", "--out", "run", "--variant", "detr", "--data", "scenes", "--set", "colour=1"], "FIELD=VALUE"),
    (["train", "--out", "run", "--variant", "detr", "--data", "scenes", "--set", "queries=0"], "queries must be"),
    (["train", "--out", "run", "--variant", "detr", "--data", "scenes", "--device", "toaster"], "--device cpu"),
    (["train", "--out", "run", "--variant", "detr", "--data", "scenes", "--batch", "0"], "at least 1"),
    (["train", "--out", "run", "--resume"], "run.json"),
    (["train", "--out", "run", "--resume", "--rate", "1"], "leave out --rate"),
    (["convert", "--variant", "detr", "--weights", "a.pth", "--out", "b.onnx"], "safetensors"),
    (["convert", "--variant", "detr", "--weights", "scenes", "--out", "b.safetensors", "--names", "nowhere.txt"], "cannot be read"),
    (["predict", "a.png", "--variant", "detr", "--weights", "scenes", "--set", "queries=0"], "queries must be"),
    (["weights", "--share", "0"], "above 0"),
])
def test_mistakes_get_one_sentence(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert message in text and text.startswith("error: ") and "Traceback" not in text and text.strip().count("\n") == 0
    assert not (tmp_path / "run").exists()


def test_list_shows_all_variants(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert all(id in text for id in detr_core.VARIANTS)
    assert main(["list", "--json"]) == 0
    assert [v["id"] for v in json.loads(capsys.readouterr().out)] == list(detr_core.VARIANTS)


def test_predict_prints_and_draws(weights, tmp_path, capsys):
    Painted(1)[0][0].resize((200, 150)).save(tmp_path / "picture.png")
    asked = ["predict", str(tmp_path / "picture.png"), *VARIANT, "--weights", str(weights), "--device", "cpu"]
    assert main([*asked, "--threshold", "0", "--json", "--out", str(tmp_path / "found")]) == 0
    (picture,) = json.loads(capsys.readouterr().out)
    assert (picture["width"], picture["height"]) == (200, 150) and {o["name"] for o in picture["objects"]} <= set(Painted.names)
    assert Image.open(tmp_path / "found" / "picture.png").size == (200, 150)
    assert main([*asked, "--threshold", "0.999"]) == 0 and "0 objects" in capsys.readouterr().out
    (tmp_path / "picture.png").write_bytes(b"no picture")
    assert main(asked) == 2


def test_exported_weights_come_back_as_they_were(weights):
    original, loaded = small_detector().eval(), detr_core.load("deformable_detr_two_stage", weights)
    assert loaded.names == Painted.names and loaded.card == {"data": "painted", "AP": 0.5} and loaded.recipe.queries == 20
    assert weights.stat().st_size < 1_000_000, "the bundled backbone is not stored again"
    picture = Painted(1)[0][0]
    with torch.inference_mode():
        a, b = (detector(detector.batch([picture])) for detector in (original, loaded))
    assert torch.allclose(a.boxes, b.boxes, atol=2e-2)


def test_convert_writes_what_load_reads(weights, tmp_path, capsys):
    detector = small_detector()
    torch.save({"model": detector.state_dict()}, tmp_path / "theirs.pth")
    sizes = [part for name, value in detector.recipe.sizes().items() for part in ("--set", f"{name}={value}")]
    (tmp_path / "names.txt").write_text("\n".join(Painted.names))
    asked = ["convert", *VARIANT, "--size", "tiny", "--device", "cpu", "--weights", str(tmp_path / "theirs.pth"), *sizes,
             "--out", str(tmp_path / "ours.safetensors")]
    assert main([*asked, "--names", str(tmp_path / "names.txt")]) == 0
    assert detr_core.load("deformable_detr_two_stage", tmp_path / "ours.safetensors").names == Painted.names
    (tmp_path / "names.txt").write_text("one\ntwo")
    assert main([*asked, "--names", str(tmp_path / "names.txt")]) == 2 and "3 class names" in capsys.readouterr().err


def test_fine_tuning_a_folder_from_the_command_line(weights, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DETR_ATLAS_CACHE", str(tmp_path / "cache"))
    run = RunFolder(tmp_path / "run")
    asked = ["train", *VARIANT, "--data", str(folder), "--weights", str(weights), "--images", "12", "--batch", "4", "--evaluations", "1",
             "--device", "cpu", "--out", str(run.path)]
    assert main(asked) == 0
    assert run.status()["state"] == "finished" and run.status()["step"] == 3
    assert {path.name for path in run.samples.iterdir()} >= {"pictures.json", "picture-0.jpg", "00000003.json"}
    assert [line["kind"] for line in run.lines()] == ["train"] * 3 + ["evaluation"]
    seen = json.loads((run.samples / "00000003.json").read_text())
    assert len(seen) == 4 and all(set(one["matches"].values()) <= set(range(20)) for one in seen)
    assert main(asked) == 2 and "--resume" in capsys.readouterr().err
    assert main(["evaluate", *VARIANT, "--weights", str(run.last), "--data", str(folder), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["AP"] == pytest.approx(run.lines()[-1]["AP"], abs=0.02)
    assert main(["evaluate", *VARIANT, "--weights", str(run.last), "--data", str(folder)]) == 0
    assert "AP50" in capsys.readouterr().out


def test_the_table_of_the_readme_measures_every_bundled_file(weights, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(api, "ASSETS", tmp_path)
    target = tmp_path / "weights" / "scenes" / f"{VARIANT[1]}.safetensors"
    target.parent.mkdir(parents=True)
    target.write_bytes(weights.read_bytes())
    assert main(["evaluate", "--markdown", "--data", str(folder), "--device", "cpu"]) == 0
    header, line, row = capsys.readouterr().out.strip().splitlines()
    assert header.startswith("| variant") and set(line) == {"|", "-"} and row.startswith(f"| {VARIANT[1]} |") and "random numbers" in row


def test_a_failed_run_says_so_in_its_folder(tmp_path, capsys):
    run = RunFolder(tmp_path / "run")
    assert main(["train", "--variant", "detr", "--data", str(tmp_path / "nowhere"), "--device", "cpu", "--out", str(run.path)]) == 2
    assert run.status()["state"] == "failed" and "nowhere" in run.status()["reason"] and "nowhere" in capsys.readouterr().err


def test_bundled_weights_are_planned_published_and_skipped(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "ASSETS", tmp_path)
    scenes, trees = (tasks(tmp_path / "runs", VARIANT[1:], data=(name,), share=0.1)[0] for name in bundle.DATA)
    assert scenes.run.weights is None and trees.run.weights == "scenes" and not scenes.finished and not scenes.begun
    scenes.folder.create(scenes.run)
    export(small_detector(), scenes.folder.best, {"command": scenes.run.command(), "AP": 0.1})
    assert scenes.publish()["AP"] == 0.1 and scenes.finished and card_of(scenes.target)["AP"] == 0.1
    assert not tasks(tmp_path / "runs", VARIANT[1:], data=("scenes",), share=0.2)[0].finished, "another budget is another run"
    first, second = tasks(tmp_path / "runs", (bundle.BODY,), data=("scenes",), share=0.1)
    second.folder.create(second.run)
    export(small_detector(), second.folder.best, {"command": second.run.command(), "AP": 0.2})
    assert second.publish()["AP"] == 0.2 and first.finished and second.finished, "after the second round the first is done too"
    planned = tasks(tmp_path / "runs")
    starts = [(task.run.variant, task.run.data) for task in planned]
    for number, task in enumerate(planned):
        if task.run.weights:
            elder, _, data = task.run.weights.rpartition(":")
            assert (elder or task.run.variant, data) in starts[:number], "weights to start from must be made before"
