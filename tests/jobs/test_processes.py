"""The processes of jobs are started as accelerate wants, end when asked, and leave nothing behind."""
from __future__ import annotations

import os
import sys
import time
from dataclasses import replace

import pytest

from detr_core.jobs import Launch, Supervisor
from detr_core.jobs.process import of_folder
from detr_core.jobs.space import sweep
from detr_core.training.run import RunFolder
from detr_core.training.session import train

from .owners import ME, RUN


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


def test_a_stop_is_heeded_while_a_run_prepares(plan, tmp_path, monkeypatch):
    monkeypatch.setenv("DETR_ATLAS_CACHE", str(tmp_path / "cache"))
    folder = RunFolder(tmp_path / "run").create(plan)
    folder.stop.touch()
    assert train(plan, folder) == "stopped" and folder.status()["state"] == "stopped" and not folder.stop.exists()


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
