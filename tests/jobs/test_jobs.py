"""The table of jobs: whose they are, in which order they run, how many one may have, and what cannot be done."""
from __future__ import annotations

from dataclasses import replace

import pytest

from detr_core.jobs import JobError, Jobs, Quota

from .owners import ME, OTHER, RUN


def test_nobody_reaches_what_is_anothers(jobs):
    job = jobs.add(ME, RUN)
    calls = {"get": (), "stop": (), "resume": (), "retry_smaller": (), "clone": (), "delete": (), "metrics": (), "events": (), "log": (),
             "samples": (), "sample_picture": (0,), "archive": (), "weights": ()}
    public = {name for name in vars(Jobs) if not name.startswith("_")} - {"add", "list", "close", "used"}
    assert public == set(calls), "a new method must be listed here"
    for name, rest in calls.items():
        for owner, id in ((OTHER, job.id), (ME, "0" * 16), (ME, "../../etc"), ("", job.id), (ME, "' OR 1=1 --")):
            with pytest.raises(JobError, match="no such job"):
                getattr(jobs, name)(owner, id, *rest)
    with pytest.raises(JobError, match="no such job"):
        jobs.add(OTHER, replace(RUN, weights=f"job:{job.id}"))
    assert jobs.list(OTHER) == [] and [each.id for each in jobs.list(ME)] == [job.id] and jobs.get(ME, job.id).state == "queued"


def test_the_queue_of_each_device_is_in_order_of_arrival_whatever_the_clock(tmp_path):
    clock = iter(range(1000, 0, -1))                # runs backwards
    jobs = Jobs(tmp_path, Quota(active=9), ("cuda:0", "cuda:1"), lambda: float(next(clock)))
    added = [jobs.add(ME if n % 2 else OTHER, RUN, str(n)) for n in range(6)]
    assert [job.device for job in added] == ["cuda:0", "cuda:1"] * 3 and [job.position for job in added] == [1, 1, 2, 2, 3, 3]
    jobs.stop(OTHER, added[0].id)
    assert jobs.get(OTHER, added[2].id).position == 1
    again = jobs.resume(OTHER, added[0].id)
    assert again.position == 3, "who comes back stands at the end"
    asked = jobs.add(ME, replace(RUN, device="cuda:1"))
    assert asked.device == "cuda:1" and asked.position == 4
    with pytest.raises(JobError, match="cuda:0, cuda:1, not on 'tpu'"):
        jobs.add(ME, replace(RUN, device="tpu"))
    seqs = [event["seq"] for event in jobs.events(OTHER, added[0].id)]
    assert seqs == sorted(seqs) and [event["state"] for event in jobs.events(OTHER, added[0].id)] == ["queued", "stopped", "queued"]
    jobs.close()


def test_nobody_has_more_than_their_share(tmp_path):
    jobs = Jobs(tmp_path, Quota(active=2, jobs=3, bytes=1000))
    first, second = jobs.add(ME, RUN), jobs.add(ME, RUN)
    with pytest.raises(JobError, match="2 jobs waiting or running"):
        jobs.add(ME, RUN)
    assert jobs.add(OTHER, RUN).position == 3
    jobs.stop(ME, first.id)
    jobs.stop(ME, second.id)
    third = jobs.add(ME, RUN)
    with pytest.raises(JobError, match="delete old ones"):
        jobs.clone(ME, third.id)
    jobs.delete(ME, first.id)
    jobs.table.put(second.id, bytes=1001)
    with pytest.raises(JobError, match="take 1001 bytes of the 1000 bytes that one person may have here: delete old ones"):
        jobs.resume(ME, second.id)
    jobs.delete(ME, second.id)
    assert not second.folder.exists() and jobs.clone(ME, third.id, rate=1e-5).run.rate == 1e-5
    jobs.close()


def test_data_sets_count_against_the_same_share(tmp_path):
    kept = {ME: 900, OTHER: 0}
    jobs = Jobs(tmp_path, Quota(bytes=1000), elsewhere=kept.get)
    job = jobs.add(ME, RUN)
    jobs.table.put(job.id, bytes=100)
    assert jobs.used(ME) == 100 and jobs.used(OTHER) == 0
    with pytest.raises(JobError, match="data sets and jobs take 1000 bytes of the 1000 bytes"):
        jobs.clone(ME, job.id)
    jobs.add(OTHER, RUN)
    jobs.table.move(job.id, "running")              # what runs is measured now
    assert jobs.used(ME) == sum(path.stat().st_size for path in job.folder.rglob("*") if path.is_file()) > 0
    jobs.close()


def test_a_clone_is_a_job_of_its_own_and_says_what_it_cannot_change(jobs):
    job = jobs.add(ME, RUN, "  <img src=x onerror=alert(1)> ${1}  ", label="${process.env}")
    other = jobs.clone(ME, job.id, batch=4, changes={"queries": 20})
    assert other.run == replace(RUN, batch=4, changes={"queries": 20}) and other.parent == job.id and other.name.startswith("<img src=x")
    assert other.files.run() == other.run
    for changes, message in (({"colour": 1}, "no 'colour'"), ({"batch": 0}, "at least 1"), ({"precision": "fp8"}, "fp8")):
        with pytest.raises(JobError, match=message):
            jobs.clone(ME, job.id, **changes)


def test_what_cannot_be_done_is_one_sentence(jobs):
    job = jobs.add(ME, RUN)
    with pytest.raises(JobError, match="is queued"):
        jobs.resume(ME, job.id)
    jobs.stop(ME, job.id)
    with pytest.raises(JobError, match="nothing to stop"):
        jobs.stop(ME, job.id)
    for ask in (jobs.archive, jobs.weights):
        with pytest.raises(JobError, match="first evaluation"):
            ask(ME, job.id)
    jobs.table.move(job.id, "finished")
    with pytest.raises(JobError, match="clone it"):
        jobs.resume(ME, job.id)
