"""A job's record misses and doubles nothing, is its owner's to read, and can be taken elsewhere."""
from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detr_core
from detr_core.jobs import Job, JobError, Jobs
from detr_core.jobs.worker import resolved
from detr_core.training.run import RunFolder
from detr_core.training.session import train

from .owners import ME, RUN

LINE = st.tuples(st.sampled_from(["train", "evaluation", "samples", "rewind"]), st.integers(0, 20))


@settings(max_examples=25)
@given(st.lists(st.lists(LINE, max_size=6), max_size=8), st.data())
def test_every_line_of_metrics_is_taken_over_exactly_once(tmp_path_factory, blocks, data):
    """However the writing is cut into pieces, and however often the server starts anew, the table says what the file says."""
    folder = tmp_path_factory.mktemp("metrics")
    jobs = Jobs(folder)
    job = jobs.add(ME, RUN)
    written, number = b"", 0
    seen: list[int] = []
    for block in blocks:
        for kind, step in block:
            written += json.dumps({"kind": kind, "step": step, "number": (number := number + 1)}).encode() + b"\n"
        job.files.metrics.write_bytes(written[:data.draw(st.integers(job.files.metrics.stat().st_size if job.files.metrics.exists() else 0,
                                                                     len(written)))])
        if data.draw(st.booleans()):
            jobs.close()
            jobs = Jobs(folder)
        jobs.table.read_metrics(job.id)
        seen += [line["seq"] for line in jobs.metrics(ME, job.id, max(seen, default=0))]
    job.files.metrics.write_bytes(written + b'{"kind": "train", "ste')
    jobs.table.read_metrics(job.id)
    jobs.table.read_metrics(job.id)
    held = [{k: v for k, v in line.items() if k != "seq"} for line in jobs.metrics(ME, job.id) if line["kind"] != "rewind"]
    assert held == job.files.lines() and seen == sorted(set(seen))
    jobs.close()


@pytest.fixture(scope="module")
def finished(plan, undisturbed, tmp_path_factory) -> tuple[Jobs, Job]:
    """A job whose run has ended, without the minute that it would take."""
    jobs = Jobs(tmp_path_factory.mktemp("finished"))
    job = jobs.add(ME, plan, "Parrots / ä", label="my parrots")
    for path in (*undisturbed.path.glob("*.*"), *undisturbed.samples.glob("*")):
        target = job.folder / path.relative_to(undisturbed.path)
        target.write_bytes(path.read_bytes())
    (job.folder / "log.txt").write_text(f"opening {job.folder}/run.json\nstep 1\rstep 2\nevaluation AP 0.1\n")
    jobs.table.read_metrics(job.id)
    jobs.table.move(job.id, "finished")
    yield jobs, jobs.get(ME, job.id)
    jobs.close()


def test_the_archive_is_all_that_is_needed_elsewhere(finished, plan, tmp_path):
    jobs, job = finished
    with zipfile.ZipFile(jobs.archive(ME, job.id)) as archive:
        names = set(archive.namelist())
        text = "".join(archive.read(name).decode() for name in names if not name.endswith(".safetensors"))
        archive.extractall(tmp_path)
    assert names == {"best.safetensors", "weights.safetensors", "run.json", "classes.json", "metrics.jsonl", "evaluations.json",
                     "README.txt"}
    assert str(job.folder) not in text and plan.data not in text and "my parrots" in text
    detector = detr_core.load(plan.variant, tmp_path / "best.safetensors")
    assert list(detector.names) == json.loads((tmp_path / "classes.json").read_text()) == ["red", "green", "blue"]
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == len(jobs.metrics(ME, job.id))


def test_a_jobs_record_is_read_by_its_owner(finished):
    jobs, job = finished
    assert jobs.log(ME, job.id) == [f"opening jobs/{job.id}/run.json", "step 1", "step 2", "evaluation AP 0.1"]
    assert jobs.log(ME, job.id, "EVAL", 1) == ["evaluation AP 0.1"]
    samples = jobs.samples(ME, job.id)
    assert list(samples["steps"]) == [8, 16] and len(samples["pictures"]) == 4
    assert jobs.sample_picture(ME, job.id, 0).read_bytes()[:2] == b"\xff\xd8"
    with pytest.raises(JobError, match="no such picture"):
        jobs.sample_picture(ME, job.id, 99)
    started = jobs.add(ME, replace(job.run, weights=job.weights))
    assert resolved(started.run, started.folder).weights == str(job.files.best)


def test_tensorboard_events_are_a_setting(plan, painted, tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = replace(plan, images=8, evaluations=1, trackers=("tensorboard",))
    folder = RunFolder(tmp_path / "run").create(run)
    assert train(run, folder) == "finished"
    events = reader.EventAccumulator(str(folder.path / "detr_atlas")).Reload()
    told = {event.step: event.value for event in events.Scalars("loss")}
    assert told == pytest.approx({line["step"]: line["loss"] for line in folder.lines() if line["kind"] == "train"}) and len(told) == 2
    with pytest.raises(ValueError, match="python -m pip install aim"):
        train(replace(run, trackers=("aim",)), RunFolder(tmp_path / "other").create(run))
