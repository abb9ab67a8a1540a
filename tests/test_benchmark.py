"""Benchmarks: what is counted is right, one budget means one budget, and an interrupted table goes on."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from detr_core import VARIANTS, build
from detr_core.benchmark import bundled, convergence, plan, result
from detr_core.benchmark.matching import official, problem
from detr_core.benchmark.plan import Entry
from detr_core.benchmark.sizes import TOLERANCE, difference, printed
from detr_core.cli import main
from detr_core.counts import count
from detr_core.recipe import Recipe
from detr_core.training import bundle
from detr_core.training.assignment import Hungarian
from detr_core.training.objective import FocalObjective
from detr_core.training.run import Run, RunFolder

ASSETS = Path(__file__).parent.parent / "assets" / "benchmark"
SMALL = dict(width=32, hidden=64, queries=10, encoder_layers=1, decoder_layers=1)


@pytest.mark.parametrize("variant", ["detr", "deformable_detr"])
def test_multiply_adds_are_those_of_the_formulas(variant: str) -> None:
    """By hand, for what the width and the number of tokens decide; the rest is the same network at another width."""
    detector = build(variant, "tiny", **SMALL, short=64, long=64)
    found = count(detector)
    tokens = 21 if variant == "deformable_detr" else 16                   # 16 + 4 + 1, or 4 x 4
    feed_forward = 2 * 2 * 32 * 64 * (tokens + 10)
    assert found.operations["addmm"] > feed_forward
    if variant == "detr":                           # self, tokens and cross: scores and weighted sums, 32 channels in all
        assert found.operations["_scaled_dot_product_flash_attention_for_cpu"] == 2 * 2 * 32 * (16 * 16 + 10 * 10 + 10 * 16)
    else:
        assert found.operations["deformable_attention"] == 2 * 5 * (21 + 10) * 3 * 4 * 32
    assert found.gmacs == found.flops / 2e9 and found.parameters == sum(p.numel() for p in detector.parameters())


def test_counting_leaves_a_detector_as_it_was() -> None:
    detector = build("dab_detr", "tiny", **SMALL, short=64, long=64).train()
    count(detector)
    assert detector.training and all(p.grad is None for p in detector.parameters()) and any(p.requires_grad for p in detector.parameters())


@pytest.mark.parametrize("variant", VARIANTS)
def test_sizes_are_the_printed_ones_or_the_table_says_why(variant: str) -> None:
    table = {row["variant"]: row for row in json.loads((ASSETS / "counts.json").read_text())["rows"]}
    with torch.device("meta"):
        detector = build(variant)
    learned = sum(p.numel() for p in detector.parameters() if p.requires_grad)
    told, row = printed()[variant], table[variant]
    assert row["parameters"] == learned and row["printed"] == told
    ours = {"parameters": learned / 1e6, "gflops": row["gmacs"]}
    apart = [name for name in ours if (difference(ours[name], told[name]) or 0) > TOLERANCE]
    assert bool(apart) == bool(row["note"])


def test_everybody_gets_the_same_pictures_and_the_same_optimizer(tmp_path: Path) -> None:
    runs = [vars(entry.run(1000)) for entry in plan.entries(tmp_path, "images", data=("scenes",), seeds=1)]
    assert [run.pop("variant") for run in runs] == list(VARIANTS)
    assert all(run == runs[0] for run in runs) and runs[0]["weights"] is None
    other = Entry("detr", "scenes", 2, "images", tmp_path).run(1000)
    assert other.seed == 2 and other.view_seed == runs[0]["view_seed"]      # another order, the same cached views


def test_what_a_variant_does_differently_is_listed() -> None:
    assert plan.deviations("detr") == {}
    assert "Denoising" in plan.deviations("dn_detr")["schemes"]


def test_another_budget_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    entry = Entry("detr", "scenes", 1, "images", tmp_path)
    convergence.prepared(entry, 80, 0, None)
    entry.folder.checkpoint.touch()
    assert convergence.prepared(entry, 80, 0, None).images == 80
    with pytest.raises(convergence.OtherBudget, match="another plan"):
        convergence.prepared(entry, 160, 0, None)


def test_the_table_holds_what_the_folders_hold(tmp_path: Path) -> None:
    entry = Entry("detr", "scenes", 1, "images", tmp_path)
    run = convergence.prepared(entry, 80, 0, None)
    numbers = {**dict.fromkeys(("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"), 0.5), "loose": {"0.1": 0.9}, "classes": {"dog": 0.1}}
    for step in (5, 10):
        terms = {"class.0.queries": 1.0, "class.2.queries": step / 10, "class.2.denoising": 3.0}
        entry.folder.append("train", step, loss=step, terms=terms)
        entry.folder.append("evaluation", step, images=step * 8, trained=1.5 * step, memory=100, pictures=200, seconds=3.0, **numbers)
    entry.folder.append("matching", 10, instability=0.25, IS=2.0)
    found = result.collect(tmp_path, "a command")
    row, = found["runs"]
    first, last = row["evaluations"]
    assert (first["matching"], last["matching"]) == (None, {"instability": 0.25, "IS": 2.0})
    assert last["losses"] == {"total": 10, "class.queries": 1.0, "class.denoising": 3.0} and last["seconds"] == 15.0
    assert row["command"] == run.command() and row["classes"] == {"dog": 0.1} and row["weights"] is None
    assert found["variants"]["detr"]["counts"]["trainable"] < found["variants"]["detr"]["counts"]["parameters"]
    assert found["policy"]["start"] == "random numbers" and found["timing"] is None


def test_seconds_come_from_trials_in_turns_where_there_are_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs made beside other work took longer than they need: all are told by paces that were timed in one go."""
    for variant in ("detr", "dab_detr"):
        entry = Entry(variant, "scenes", 1, "images", tmp_path)
        convergence.prepared(entry, 80, 0, None)
        entry.folder.set_status("finished", images=80, seconds=1000.0)
    paces = {"detr": [0.3, 0.25], "dab_detr": [0.5, 0.75]}
    monkeypatch.setattr(convergence, "trial", lambda entry, progress: paces[entry.variant].pop(0))
    convergence.time_all(tmp_path, 2, None)
    found = result.collect(tmp_path)
    assert [(row["variant"], row["seconds"]) for row in found["runs"]] == [("detr", 20.0), ("dab_detr", 40.0)]
    assert found["timing"]["rounds"] == 2
    timed = convergence.prepared(Entry("dab_detr", "scenes", 1, "seconds", tmp_path), 0, 60, None)
    assert timed.images == 120, "a budget in seconds is told in pictures by the same paces"


def test_a_dry_run_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["--data", "scenes", "--variants", "detr", "dino", "--dry-run", "--out", str(tmp_path / "b")]
    assert main(["benchmark", "--convergence", *words]) == 0
    assert capsys.readouterr().out.count("starts") == 2 and not (tmp_path / "b").exists()
    assert main(["benchmark", "--convergence", "--budget", "0"]) == 2


def test_the_same_command_makes_the_bundled_weights(tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--budget", "0", "--bundled", str(tmp_path / "w"), "--variants", "dino", "--dry-run", "--out", str(tmp_path / "b")]
    for found in ("finished", "starts"):
        assert main(["benchmark", "--convergence", *words]) == 0
        assert capsys.readouterr().out.count(found) == len(bundle.tasks(tmp_path, ("dino",))) == 4
        monkeypatch.setattr(bundle, "ASSETS", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_matcher_finds_what_the_official_form_finds() -> None:
    prediction, targets = problem(50, 7, 3)
    mine = Hungarian()(FocalObjective(Recipe("matching", classes=91)), prediction, targets)
    for ours, theirs in zip(mine, official(prediction.logits, prediction.boxes, targets)):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs))


def finished(folder: RunFolder, run: Run, points: list[tuple[int, float, float]]) -> None:
    """A run's folder as training leaves it, with evaluations (pictures, seconds, AP)."""
    folder.create(run)
    folder.set_status("finished", images=points[-1][0], seconds=points[-1][1])
    lines = [{"kind": "evaluation", "step": images // 8, "images": images, "trained": seconds, "pictures": 1, "seconds": 1.0,
              "classes": {"cat": ap}, "loose": {}, **dict.fromkeys(("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"), ap)}
             for images, seconds, ap in points]
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_the_bundled_weights_rounds_are_told_as_one_line_and_only_when_they_are_what_is_planned(tmp_path: Path) -> None:
    first, second, third = (bundle.plan("scenes", "dino", number) for number in range(3))
    finished(RunFolder(tmp_path / "scenes" / "dino"), first, [(5000, 50.0, 0.5), (10_000, 100.0, 0.55)])
    finished(RunFolder(tmp_path / "scenes" / "dino-second"), second, [(16_000, 160.0, 0.58)])
    assert not bundled.rows(tmp_path), "its last round is to come"
    finished(RunFolder(tmp_path / "scenes" / "dino-third"), third, [(24_000, 240.0, 0.6)])
    of_another_plan = replace(bundle.plan("trees", "dino"), images=8)
    finished(RunFolder(tmp_path / "trees" / "dino"), of_another_plan, [(8, 1.0, 0.1)])
    row, = bundled.rows(tmp_path)
    assert [(point["images"], point["AP"]) for point in row["evaluations"]] == [(5000, 0.5), (10_000, 0.55), (26_000, 0.58), (50_000, 0.6)]
    assert row["seconds"] is row["evaluations"][0]["seconds"] is None, "made at different hours, in different batches"
    assert row["images"] == row["planned"] == 50_000 and row["command"].count("train") == 3
    assert row["start"] == "deformable_detr_two_stage:scenes"
    told = result.collect(tmp_path / "none", further=[row])
    assert told["runs"] == [row] and set(told["variants"]) == {"dino"}


def test_a_later_rounds_card_counts_the_earlier_rounds_pictures(tmp_path: Path) -> None:
    first, second, third = bundle.tasks(tmp_path, ("dino",), ("scenes",))
    assert first.history == {} and second.history == {"images_before": 10_000, "warm_start": "deformable_detr_two_stage:scenes"}
    assert third.history == {"images_before": 26_000, "warm_start": "deformable_detr_two_stage:scenes"}
    assert bundle.seen({"images": 16_000, **second.history}) == 26_000 and bundle.seen({}) is None
