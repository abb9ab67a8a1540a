"""The table of jobs: whose they are, in which order they run, and that its record misses and doubles nothing."""
from __future__ import annotations

import errno
import json
import os
import sys
import time
import zipfile
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import detr_core
from detr_core.jobs import Job, JobError, Jobs, Launch, Quota, Supervisor
from detr_core.jobs.alerts import alert_of
from detr_core.jobs.process import of_folder
from detr_core.jobs.space import sweep
from detr_core.jobs.worker import resolved
from detr_core.training.causes import TrainingDiverged, cause_of
from detr_core.training.run import Run, RunFolder
from detr_core.training.session import train

RUN = Run("detr", "trees", images=80, batch=8)
ME, OTHER = "visitor:me", "visitor:other"


@pytest.fixture
def jobs(tmp_path):
    made = Jobs(tmp_path / "data", Quota(active=5), devices=("cuda:0", "cuda:1"))
    yield made
    made.close()


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


def test_lack_of_memory_is_answered_with_half_the_batch(jobs):
    job = jobs.add(ME, RUN)
    alert = alert_of(cause_of(torch.OutOfMemoryError("CUDA out of memory")).kind, "", RUN)
    assert alert.kind == "memory" and alert.action == "smaller" and "half the batch" in alert.sentence
    for pieces in (2, 4, 8):
        jobs.table.move(job.id, "failed")
        smaller = jobs.retry_smaller(ME, job.id)
        assert smaller.run.accumulate == pieces and smaller.run.batch == 8 and smaller.state == "queued"
        assert smaller.files.run() == smaller.run
    jobs.table.move(job.id, "failed")
    assert alert_of("memory", "", jobs.get(ME, job.id).run).action == "clone"
    with pytest.raises(JobError, match="smaller pictures"):
        jobs.retry_smaller(ME, job.id)


def test_causes_are_found_in_what_libraries_raise(tmp_path):
    with pytest.raises(Exception) as full:
        RunFolder(tmp_path).create(RUN).save({"x": FullDisk()})
    assert cause_of(full.value).kind == "disk" and "make room" in cause_of(full.value).sentence
    if os.path.exists("/dev/full"):
        with pytest.raises(RuntimeError) as really:
            torch.save({"x": torch.zeros(100_000)}, "/dev/full")
        assert cause_of(really.value).kind == "disk"
    with pytest.raises(RuntimeError) as memory:
        torch.empty(2**60)
    assert cause_of(memory.value).kind == "memory"
    diverged = TrainingDiverged("The loss became nan at step 7: resume with a lower --rate.")
    alert = alert_of(cause_of(diverged).kind, str(diverged), RUN)
    assert alert.kind == "diverged" and "nan at step 7" in alert.sentence and alert.changes == {"rate": RUN.rate / 2, "warmup": 200}


class FullDisk:
    """Something that cannot be written."""

    def __reduce__(self):
        raise OSError(errno.ENOSPC, "No space left on device")


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


def test_a_stop_is_heeded_while_a_run_prepares(plan, tmp_path, monkeypatch):
    monkeypatch.setenv("DETR_ATLAS_CACHE", str(tmp_path / "cache"))
    folder = RunFolder(tmp_path / "run").create(plan)
    folder.stop.touch()
    assert train(plan, folder) == "stopped" and folder.status()["state"] == "stopped" and not folder.stop.exists()


def test_a_loss_that_is_no_number_ends_the_run_by_name(plan, tmp_path):
    run = replace(plan, rate=1e30, warmup=0)
    folder = RunFolder(tmp_path / "run").create(run)
    with pytest.raises(FloatingPointError):
        train(run, folder)
    status = folder.status()
    assert status["state"] == "failed" and status["kind"] == "diverged"
    alert = alert_of(status["kind"], status["reason"], run)
    assert alert.action == "slower" and alert.changes["rate"] == 5e29 and "half the learning rate" in alert.sentence


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


@pytest.mark.parametrize(("device", "processes", "wanted", "not_wanted"), [
    ("cpu", 1, "--cpu", "--main_process_port"), ("cpu", 2, "--multi_gpu", "--cpu"), ("cuda:3", 1, "--gpu_ids 3", "--cpu"),
    ("cuda:0", 4, "--multi_gpu", "--gpu_ids")])
def test_processes_and_devices_are_settings_of_accelerate_launch(jobs, device, processes, wanted, not_wanted):
    from accelerate.commands.launch import launch_command_parser

    job = replace(jobs.add(ME, RUN), device=device)
    words = Launch(processes, arguments=("--machine_rank", "1")).words(job)
    assert wanted in " ".join(words) and not_wanted not in words and words[-2:] == ["detr_core.jobs.worker", str(job.folder)]
    parsed = launch_command_parser().parse_args(words[3:])
    assert parsed.num_processes == processes and parsed.module and parsed.machine_rank == 1 and parsed.training_script == words[-2]


def test_a_job_that_dies_on_the_spot_is_not_started_for_ever(jobs, monkeypatch):
    monkeypatch.setattr("detr_core.jobs.process.start", lambda *_: 2**22 + 1)       # a process id that is nobody's
    job, supervisor = jobs.add(ME, RUN), Supervisor(jobs)
    for _ in range(10):
        supervisor.tick()
    job = jobs.get(ME, job.id)
    assert job.state == "interrupted" and job.alert.kind == "killed" and job.alert.action == "resume"
    states = [event["state"] for event in jobs.events(ME, job.id)]
    assert states == ["queued", *["preparing", "interrupted", "queued"] * 2, "preparing", "interrupted"]
    assert jobs.resume(ME, job.id).state == "queued"


def test_a_stop_at_once_and_a_deletion_end_the_process(jobs, monkeypatch):
    """A process that hangs and heeds nothing; another folder's is left alone."""
    hangs = [sys.executable, "-c", "import time; time.sleep(600)", "detr_core.jobs.worker"]
    monkeypatch.setattr(Launch, "words", lambda self, job: [*hangs, str(job.folder)])
    one, other, supervisor = jobs.add(ME, RUN), jobs.add(ME, RUN), Supervisor(jobs)
    supervisor.tick()
    pids = [jobs.get(ME, job.id).pid for job in (one, other)]
    assert [of_folder(job.folder) for job in (one, other)] == [[pid] for pid in pids]
    assert jobs.stop(ME, one.id).state == "stopping" and one.files.stop.exists() and of_folder(one.folder)
    assert jobs.stop(ME, one.id, at_once=True).state == "stopping" and not of_folder(one.folder) and of_folder(other.folder)
    supervisor.tick()
    assert jobs.get(ME, one.id).state == "stopped" and jobs.get(ME, other.id).state == "preparing"
    jobs.delete(ME, other.id)
    assert not of_folder(other.folder) and not other.folder.exists()


def test_a_server_that_died_while_starting_a_job_finds_its_process(jobs, monkeypatch):
    hangs = [sys.executable, "-c", "import time; time.sleep(600)", "detr_core.jobs.worker"]
    monkeypatch.setattr(Launch, "words", lambda self, job: [*hangs, str(job.folder)])
    job, supervisor = jobs.add(ME, RUN), Supervisor(jobs)
    supervisor.tick()
    pid = jobs.get(ME, job.id).pid
    jobs.table.put(job.id, pid=None, started="")    # as if it had been killed before it could write them down
    supervisor.take_over()
    supervisor.tick()
    assert jobs.get(ME, job.id).pid == pid and jobs.get(ME, job.id).state == "preparing" and of_folder(job.folder) == [pid]
    jobs.delete(ME, job.id)


def test_old_caches_make_room_and_young_ones_stay(tmp_path):
    for name, age in (("old", 3000), ("older", 4000), ("young", 10)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.safetensors").write_bytes(bytes(100))
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    assert sweep(tmp_path, 250, 1000) == ["older"] and sweep(tmp_path, 0, 1000) == ["old"] and sweep(tmp_path / "none") == []
    assert [path.name for path in tmp_path.iterdir()] == ["young"]


def test_a_folder_that_a_deletion_left_is_removed(jobs):
    job = jobs.add(ME, RUN)
    left = jobs.folder / "jobs" / "0123456789abcdef"
    left.mkdir()
    Supervisor(jobs).take_over()
    assert not left.exists() and job.folder.exists()
