"""A run that goes wrong says so while it goes: once among its events, and on the page for as long as it holds."""
from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from detr_core.jobs import Jobs, Supervisor, process
from detr_core.jobs.signs import UNMATCHED, flat, scarce, unmatched, unseen
from detr_core.structures import Targets
from detr_core.training.criterion import Criterion
from detr_core.training.record import family_terms
from detr_core.training.run import Run

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from job import small_detector
from painted import Painted

ME = "visitor:me"
RUN = Run("detr", "trees", images=800, batch=8, evaluations=6)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def going(tmp_path, monkeypatch):
    """A job that runs, as far as its server knows: (jobs, the job's id, say(kind, step, ...) and look on)."""
    free = [2**40]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**41, 2**40, free[0]))
    monkeypatch.setattr(process, "alive", lambda pid, started: pid is not None)
    monkeypatch.setattr(process, "start", lambda *_: 1)
    jobs = Jobs(tmp_path)
    job, supervisor = jobs.add(ME, RUN), Supervisor(jobs)
    supervisor.tick()
    job.files.set_status("running")
    yield jobs, job, supervisor, free
    jobs.close()


def warned(jobs, job) -> list[str]:
    return [event["reason"] for event in jobs.events(ME, job.id) if event["state"] == "warning"]


def evaluation(step: int, AP: float, **predicted: int) -> dict:
    return {"kind": "evaluation", "step": step, "AP": AP, "classes": dict.fromkeys(predicted, AP), "predicted": predicted}


def test_pictures_without_objects_are_noticed_by_their_losses(going):
    """What the losses say of a batch without any object is what the sign looks for."""
    jobs, job, supervisor, _ = going
    detector = small_detector()
    output = detector(detector.batch([Painted(1)[0][0]]))
    criterion = Criterion(detector.recipe)
    none, some = (family_terms([criterion(output, [Targets(labels, boxes)])]) for labels, boxes in (
        (torch.zeros(0, dtype=torch.long), torch.zeros(0, 4)), (torch.tensor([1]), torch.tensor([[0.4, 0.6, 0.3, 0.2]]))))
    for step in range(1, UNMATCHED + 1):
        job.files.append("train", step, loss=1.0, terms={name: float(value) for name, value in none.items()})
    supervisor.tick()
    assert warned(jobs, job) == [f"No object has been matched for {UNMATCHED} steps: the pictures of these steps have no boxes. Stop the "
                                 "run and look at the data set."]
    sign, = jobs.get(ME, job.id).warnings
    assert (sign.kind, sign.action, sign.facts) == ("unmatched", "stop", {"steps": UNMATCHED})
    job.files.append("train", UNMATCHED + 1, loss=1.0, terms={name: float(value) for name, value in some.items()})
    supervisor.tick()
    assert jobs.get(ME, job.id).warnings == () and len(warned(jobs, job)) == 1, "the card goes, the event stays"


def test_each_is_told_once_and_only_while_it_holds(going):
    jobs, job, supervisor, free = going
    for step, AP in ((10, 0.1), (20, 0.1), (30, 0.09), (40, 0.1)):
        job.files.append(**evaluation(step, AP, tree=5))
    for _ in range(3):
        supervisor.tick()
    assert len(warned(jobs, job)) == 1 and "best is 10.0 at step 10" in warned(jobs, job)[0]
    free[0] = 2**29
    supervisor.tick()
    free[0] = 3 * 2**29                             # hovers above the limit: no new word each time
    supervisor.tick()
    assert [sign.kind for sign in jobs.get(ME, job.id).warnings] == ["flat", "scarce"] and "512.0 MB left" in warned(jobs, job)[1]
    free[0] = 2**40
    job.files.append(**evaluation(50, 0.2, tree=5))
    supervisor.tick()
    assert jobs.get(ME, job.id).warnings == () and len(warned(jobs, job)) == 2
    assert jobs.get(ME, job.id).state == "running", "a warning is no state"


def test_of_a_run_that_is_over_only_missed_classes_are_told(going, monkeypatch):
    jobs, job, supervisor, free = going
    for step in range(10, 70, 10):
        job.files.append(**evaluation(step, 0.1, cat=4, dog=0))
    free[0] = 0
    job.files.set_status("finished")
    monkeypatch.setattr(process, "alive", lambda pid, started: False)
    supervisor.tick()
    ended = jobs.get(ME, job.id)
    assert ended.state == "finished" and [(sign.kind, sign.facts["classes"]) for sign in ended.warnings] == [("unseen", ["dog"])]
    assert "'dog' has never been predicted" in warned(jobs, job)[0]


@pytest.mark.parametrize(("values", "warns"), [
    ([0.1, 0.1, 0.1], False), ([0.1, 0.1, 0.1, 0.1], True), ([0, 0, 0, 0], True), ([None, None, None, None], True),
    ([0.1, 0.12, 0.14, 0.16], False), ([0.3, 0.1, 0.2, 0.25], True), ([0.1, 0.05, 0.05, 0.11], False)])
def test_flat_is_three_evaluations_without_a_gain(values, warns):
    found = flat([{"step": step, "AP": value} for step, value in enumerate(values)])
    assert bool(found) == warns and (not warns or found.facts["AP"] == max(value or 0 for value in values))


def test_a_class_is_missed_only_where_it_could_have_been_seen():
    told = [evaluation(step, 0.1, cat=1, dog=0) for step in (1, 2, 3)]
    assert unseen(told, RUN).facts == {"classes": ["dog"], "count": 1} and unseen(told[:2], RUN) is None
    assert unseen([*told, evaluation(4, 0.1, cat=1, dog=2)], RUN) is None
    absent = [{**line, "classes": {"cat": 0.1, "dog": None}} for line in told]
    assert unseen(absent, RUN) is None, "the validation pictures have none of it"
    silent = [evaluation(step, 0.0, cat=0, dog=0) for step in (1, 2, 3)]
    assert unseen(silent, RUN).facts["count"] == 2 and "2 classes have, 'cat' among them," in unseen(silent, RUN).sentence
    assert unseen(silent, Run("detr", "trees", evaluations=10)) is None, "a young detector says nothing at all"
    assert unseen([{"step": 1, "AP": 0.1, "classes": {"cat": 0.1}}] * 5, RUN) is None, "written before classes were counted"


def test_short_runs_and_free_disks_are_no_news():
    assert unmatched([{"step": 1, "terms": {"l1.0.queries": 0.0}}] * (UNMATCHED - 1)) is None
    assert scarce(2**30) is None and scarce(2**30 - 1).facts == {"free": 2**30 - 1}


def test_a_record_of_an_earlier_version_is_brought_up_to_date(tmp_path):
    jobs = Jobs(tmp_path)
    job = jobs.add(ME, RUN)
    jobs.close()
    with sqlite3.connect(tmp_path / "jobs.sqlite") as old:
        old.execute("ALTER TABLE jobs DROP COLUMN warnings")
        old.execute("UPDATE jobs SET run = ?", (json.dumps({k: v for k, v in vars(RUN).items() if k != "patience"}),))
        old.execute("PRAGMA user_version = 1")
    old.close()
    jobs = Jobs(tmp_path)
    assert jobs.get(ME, job.id).warnings == () and jobs.get(ME, job.id).run == RUN
    jobs.close()
