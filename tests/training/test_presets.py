"""Presets and the dry run: a recipe fits the data, says what it cannot do, and its price is measured on its own steps."""
from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from job import small_detector
from painted import painted_folder

from detr_core.training.estimate import estimate, main
from detr_core.training.export import export
from detr_core.training.fields import FIELDS, checked
from detr_core.training.presets import BUDGETS, IMAGES, Facts, Wish, plan, preset
from detr_core.training.run import Run

TREES = Facts(36, 0.095)


def wished(**changes) -> Wish:
    return Wish("deformable_detr_two_stage", "trees", **{"weights": "scenes", **changes})


def test_larger_budgets_see_more_and_random_numbers_need_more():
    small, balanced, best = (preset(wished(budget=name), TREES).images for name in BUDGETS)
    assert small < balanced < best
    assert preset(wished(weights=None), TREES).images > 2 * balanced
    assert preset(wished(), Facts(2000)).images == 20 * 2000, "twenty passes, once that is more than the least"


def test_a_few_pictures_are_augmented_often_and_many_are_not():
    assert preset(wished(), TREES).views == 900 and preset(wished(), Facts(5000)).views == 0


def test_small_objects_get_larger_pictures():
    sides = [preset(wished(), Facts(100, side)).changes.get("short", IMAGES[0]) for side in (0.5, 0.13, 0.095, 0.02)]
    assert sides == sorted(sides) and sides[0] == 320 and sides[2] == 512 and sides[3] == IMAGES[-1]
    assert preset(wished(image=416), TREES).changes == {"short": 416, "long": 416}
    large = preset(wished(size="r50", image=640), TREES)
    assert large.changes == {"short": 640, "long": 1066} and large.rate < preset(wished(), TREES).rate


def test_epochs_are_epochs():
    run = preset(wished(budget="epochs", epochs=3), TREES)
    assert run.images == 108 and run.evaluations == 3


def test_changes_win_over_the_preset_and_queries_belong_to_the_detector():
    run = plan(wished(changes=checked({"batch": 4, "rate": 1e-4, "queries": 50})), TREES)
    assert (run.batch, run.rate, run.changes["queries"]) == (4, 1e-4, 50) and run.changes["short"] == 512


@pytest.mark.parametrize(("wish", "sentence"), [
    ({"budget": "endless"}, "small, balanced, best"), ({"budget": "epochs", "epochs": 0}, "above 0"), ({"image": 9}, "64 to 2000"),
])
def test_what_cannot_be_is_said(wish, sentence):
    with pytest.raises(ValueError, match=sentence):
        plan(wished(**wish), TREES)
    with pytest.raises(ValueError, match="no training pictures"):
        plan(wished(), Facts(0))


@pytest.mark.parametrize("values", [{"colour": 1}, {"batch": 0}, {"batch": 2.5}, {"batch": True}, {"rate": "fast"}, {"rate": float("nan")},
                                    {"schedule": "sawtooth"}, {"cache": 1}, {"views": 10**9}])
def test_fields_refuse_what_does_not_fit(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        checked(values)


@settings(max_examples=60, deadline=None)
@given(pictures=st.integers(1, 10**6), side=st.floats(0, 1), budget=st.sampled_from(list(BUDGETS)), size=st.sampled_from(["tiny", "r50"]),
       trained=st.booleans())
def test_every_preset_is_a_run_that_can_start(pictures, side, budget, size, trained):
    run = preset(wished(budget=budget, size=size, weights="scenes" if trained else None), Facts(pictures, side))
    assert run.budget(pictures) >= run.evaluations and run.warmup <= run.budget(pictures) and run.batch <= pictures
    assert checked({field.name: getattr(run, field.name) for field in FIELDS if field.name != "queries"})
    assert Run.read(asdict(run)) == run


@pytest.fixture(scope="module")
def small_set(tmp_path_factory) -> Path:
    """A painted set in COCO's layout with weights of a very small detector beside it."""
    root = painted_folder(tmp_path_factory.mktemp("small"), 6)
    export(small_detector(), root / "start.safetensors", {})
    return root


def test_a_dry_run_measures_the_run_and_leaves_nothing(small_set, tmp_path, monkeypatch):
    monkeypatch.setenv("DETR_ATLAS_CACHE", str(tmp_path / "cache"))
    run = Run("deformable_detr_two_stage", str(small_set), weights=str(small_set / "start.safetensors"), images=80, batch=4, views=20,
              evaluations=3, device="cpu", changes={"short": 64, "long": 64})
    before = sorted(path.name for path in small_set.iterdir())
    found = estimate(run, steps=2)
    assert (found.steps, found.views, found.pictures, found.evaluations) == (20, 24, 4, 3)
    assert min(found.step, found.view, found.picture) > 0 and found.memory > 2**26 and found.disk > 0
    assert found.json()["seconds"] == pytest.approx(found.view * 24 + found.step * 20 + found.picture * 12, abs=0.1)
    assert sorted(path.name for path in small_set.iterdir()) == before and not (tmp_path / "cache").exists()


def test_a_dry_run_that_cannot_be_says_why(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(asdict(Run("deformable_detr_two_stage", str(tmp_path / "nowhere"))))))
    assert main() == 0
    answer = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert answer["error"].startswith("There is no data set or folder 'nowhere'")
