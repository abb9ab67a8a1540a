"""What the Train and Jobs pages are told, without a browser: plans, estimates, the example, and nothing of anybody else's."""
from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app import job_words
from app.estimates import Estimates
from app.runs import AtlasError
from app.workshop import Workshop
from detr_core.data.store import Datasets
from detr_core.jobs import JobError, Jobs
from detr_core.training.make_demo import LARGEST
from detr_core.training.run import Run

ROOT = Path(__file__).resolve().parents[2]
WISH = {"dataset": "trees", "variant": "deformable_detr_two_stage", "start": "scenes", "budget": "small", "epochs": 12, "image": 0,
        "changes": {}}


@pytest.fixture
def shop(tmp_path) -> Workshop:
    jobs = Jobs(tmp_path)
    yield Workshop(jobs, Datasets(tmp_path), ROOT / "assets", tmp_path)
    jobs.close()


def test_every_variant_can_start_from_something(shop):
    offer = shop.planning.offer("me")
    assert all(each["starts"][-1]["kind"] == "scratch" for each in offer["variants"])
    suggested = next(each for each in offer["variants"] if each["id"] == offer["suggested"])
    assert suggested["starts"][0]["id"] == "scenes" and suggested["starts"][0]["AP50"] > 0
    json.dumps(offer)


def test_a_plan_says_what_will_be_done_and_which_fields_were_changed(shop):
    told = shop.planning.plan("me", {**WISH, "changes": {"batch": 4}})
    assert told["steps"] == told["images"] / 4 and told["preset"]["batch"] == 8 and told["short"] == 512
    assert told["command"].startswith("python -m detr_core train --variant deformable_detr_two_stage --data trees --weights scenes")
    assert set(told["preset"]) == {field["name"] for field in shop.planning.offer("me")["fields"]}


def test_trackers_are_a_setting_of_the_server(shop, tmp_path):
    tracked = Workshop(shop.jobs, shop.datasets, ROOT / "assets", tmp_path, ("tensorboard",))
    assert "--track tensorboard" in tracked.planning.plan("me", WISH)["command"]
    assert shop.jobs.get("me", tracked.planning.start("me", WISH)).run.trackers == ("tensorboard",)
    assert shop.jobs.get("me", shop.planning.start("me", WISH)).run.trackers == ()


@pytest.mark.parametrize(("change", "sentence"), [
    ({"dataset": "nobody's"}, "no such data set"), ({"variant": "yolo"}, "no variant"), ({"start": "job:0123456789abcdef"}, "gone"),
    ({"changes": {"batch": 0}}, "batch must be"), ({"budget": "endless"}, "small, balanced, best"), ({"image": 7}, "64 to 2000"),
])
def test_a_wish_that_cannot_be_is_told_why(shop, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        shop.planning.plan("me", {**WISH, **change})


def test_a_started_plan_is_a_job_of_its_owner_alone(shop):
    id = shop.planning.start("me", {**WISH, "name": "Mine"})
    news = shop.desk.news("me", id, {id: 0})
    assert [row["name"] for row in news["jobs"]] == ["Mine", "Tree crowns from the air"] and news["job"]["state"] == "queued"
    assert news["job"]["start"] == "scenes" and news["job"]["base"] == "scenes" and news["job"]["pictures"] == 36
    assert str(shop.root) not in json.dumps(news) and str(Path.home()) not in json.dumps(news)
    strange = shop.desk.news("you", id, {id: 0})
    assert [row["id"] for row in strange["jobs"]] == ["demo"] and strange["job"] is None and strange["missing"] and not strange["runs"]
    for action in ("stop", "resume", "smaller", "clone", "delete"):
        with pytest.raises(JobError, match="no such job"):
            shop.desk.act("you", id, {"action": action})
    with pytest.raises(JobError, match="no such job"):
        shop.desk.log("you", id, "", 10)


def test_actions_reach_the_job(shop):
    id = shop.planning.start("me", WISH)
    assert shop.desk.act("me", id, {"action": "stop"}) == id and shop.jobs.get("me", id).state == "stopped"
    clone = shop.desk.act("me", id, {"action": "clone", "changes": {"batch": 2, "queries": 60}, "name": "Smaller"})
    run = shop.jobs.get("me", clone).run
    assert (run.batch, run.changes["queries"], run.changes["short"]) == (2, 60, 512)
    form = shop.desk.form("me", clone)
    assert form["values"]["queries"] == 60 and form["values"]["batch"] == 2
    with pytest.raises(AtlasError, match="choose stop"):
        shop.desk.act("me", id, {"action": "explode"})
    with pytest.raises(ValueError, match="rate"):
        shop.desk.act("me", id, {"action": "clone", "changes": {"rate": "fast"}})
    assert shop.desk.act("me", clone, {"action": "delete"}) == "" and len(shop.jobs.list("me")) == 1


def test_the_example_is_whole_small_and_nobodys_to_change(shop):
    size = sum(path.stat().st_size for path in (ROOT / "assets" / "demo_job").rglob("*") if path.is_file())
    assert size <= LARGEST
    news = shop.desk.news("me", "demo", {"demo": 0})
    assert news["job"]["state"] == "finished" and news["job"]["weights"] == "job:demo" and news["job"]["alert"] is None
    assert len([line for line in news["runs"]["demo"]["lines"] if isinstance(line, list)]) > 100
    assert not shop.desk.news("me", "demo", {"demo": news["runs"]["demo"]["seq"]})["runs"]["demo"]["lines"], "only what is new"
    found = shop.desk.samples("me", "demo", set())
    assert len(found["pictures"]) == 8 and len(found["all"]) == news["job"]["samples"] >= 6
    assert not shop.desk.samples("me", "demo", set(found["all"]))["steps"]
    assert all(shop.demo.sample_picture("me", "demo", number).is_file() for number in range(8))
    for action in ("stop", "delete", "resume"):
        with pytest.raises(AtlasError, match="belongs to everybody"):
            shop.desk.act("me", "demo", {"action": action})
    mine = shop.desk.act("me", "demo", {"action": "clone", "changes": {}})
    assert shop.jobs.get("me", mine).run == shop.demo.get("me", "demo").run


def test_no_word_of_the_machine_leaves_it(shop, tmp_path):
    run = Run("detr", str(tmp_path / "datasets" / "abc" / "coco"), weights="/somewhere/else/mine.safetensors")
    command = job_words.command(run, shop.root)
    assert "--data datasets/abc/coco" in command and "--weights mine.safetensors" in command
    assert job_words.plain(f"cannot read {tmp_path}/jobs/1/x and {ROOT}/app", shop.root) == "cannot read jobs/1/x and app"


def waited(estimates: Estimates, run: Run) -> dict:
    while (answer := estimates.ask(run, "me"))["state"] == "measuring":
        time.sleep(0.02)
    return answer


def test_estimates_are_made_once_and_a_process_that_dies_is_told():
    run = Run("detr", "trees")
    script = "import sys, json; print('noise'); print(json.dumps({'seconds': json.load(sys.stdin)['batch'], 'memory': 1}))"
    estimates = Estimates((sys.executable, "-c", script))
    answer = waited(estimates, run)
    assert answer["seconds"] == 8 and answer["available"] > 0 and answer["room"] > 0
    estimates.command = (sys.executable, "-c", "raise SystemExit(1)")
    assert estimates.ask(run, "me")["seconds"] == 8, "kept"
    assert "smaller" in waited(estimates, Run("detr", "trees", batch=4))["error"]


def test_a_dry_run_gives_way_even_while_it_is_being_started(monkeypatch):
    """Who clicks through quickly starts the run before the dry run has a process."""
    started, real = threading.Event(), subprocess.Popen

    def slow(*words, **options):
        started.wait(10)
        return real(*words, **options)

    monkeypatch.setattr(subprocess, "Popen", slow)
    estimates, run = Estimates((sys.executable, "-c", "import time; time.sleep(60)")), Run("detr", "trees")
    assert estimates.ask(run, "me")["state"] == "measuring"
    estimates.drop("me")
    begun = time.monotonic()
    started.set()
    estimates._worker.shutdown(wait=True)
    assert time.monotonic() - begun < 30


def test_a_dry_run_gives_way_to_the_run_itself():
    estimates, run = Estimates((sys.executable, "-c", "import time; time.sleep(60)")), Run("detr", "trees")
    while estimates._process is None:
        assert estimates.ask(run, "me")["state"] == "measuring"
    start = time.monotonic()
    estimates.drop("me")
    estimates._process.wait(10)
    assert time.monotonic() - start < 10 and not estimates._asked
