"""Nothing is lost: not when the server is killed, nor a job in the middle of its checkpoint, nor when the disk is full."""
from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from detr_core.jobs import Job, JobError, Jobs, Launch, Supervisor
from detr_core.jobs.process import of_folder
from detr_core.jobs.table import Table
from detr_core.training.run import RunFolder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="The accidents are made with Linux's means.")
OWNER, SERVER = "visitor:one", Path(__file__).parent / "server.py"
LIMIT = 100_000                                     # bytes a file may have on the "full" disk: less than a checkpoint


def until(condition: Callable[[], object], what: str, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        time.sleep(0.05)


def read(folder: Path, id: str) -> Job:
    """The job's row, read past the server that owns the folder."""
    table = Table(folder)
    try:
        return table.find("id = ?", id)[0]
    finally:
        table.database.close()


def sound(job: Job) -> bool:
    """False, unless the job failed, which ends the waiting for what will never come."""
    assert job.files.status().get("state") != "failed", job.files.status()
    return False


def losses(lines: list[dict]) -> list[tuple[int, float]]:
    return [(line["step"], line["loss"]) for line in lines if line["kind"] == "train"]


def evaluations(lines: list[dict]) -> list[tuple[int, float]]:
    return [(line["step"], line["AP"]) for line in lines if line["kind"] == "evaluation"]


def assert_complete(jobs: Jobs, id: str, undisturbed: RunFolder) -> list[str]:
    """The record holds every line of the undisturbed run, each exactly once; returns the states the job went through."""
    lines = jobs.metrics(OWNER, id)
    assert losses(lines) == losses(undisturbed.lines()) and len(losses(lines)) == 16
    assert evaluations(lines) == evaluations(undisturbed.lines())
    assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
    job = jobs.get(OWNER, id)
    assert job.state == "finished" and job.progress["step"] == 16 and job.alert is None and not list(job.folder.glob(".*.unfinished"))
    return [event["state"] for event in jobs.events(OWNER, id)]


def serve(folder: Path) -> subprocess.Popen:
    server = subprocess.Popen([sys.executable, str(SERVER), str(folder)], stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "ready\n"
    return server


def test_a_killed_server_comes_back_to_its_jobs(plan, undisturbed, tmp_path):
    """Two jobs run; the server and one of them are killed. The other goes on alone and is adopted, the dead one resumes by itself."""
    jobs = Jobs(tmp_path)
    lives, dies = (jobs.add(OWNER, plan, name) for name in ("lives", "dies"))
    jobs.close()
    for job in (lives, dies):
        (job.folder / "accident").write_text("hold 5")
    server = serve(tmp_path)
    try:
        with pytest.raises(JobError, match=f"in use by another server .process {server.pid} "):
            Jobs(tmp_path)
        until(lambda: all((job.folder / "held").exists() or sound(job) for job in (lives, dies)), "both jobs to be in the middle")
        until(lambda: read(tmp_path, lives.id).state == read(tmp_path, dies.id).state == "running", "the server to say so")
        before = read(tmp_path, lives.id)
        server.kill()
        server.wait()
        os.killpg(read(tmp_path, dies.id).pid, signal.SIGKILL)
        until(lambda: not of_folder(dies.folder), "the killed job to be gone")
        for job in (lives, dies):
            (job.folder / "go").touch()
        server = serve(tmp_path)
        until(lambda: read(tmp_path, dies.id).state == read(tmp_path, lives.id).state == "finished", "both jobs to finish")
    finally:
        server.kill()
        server.wait()
    jobs = Jobs(tmp_path)
    assert assert_complete(jobs, lives.id, undisturbed) == ["queued", "preparing", "running", "running", "finished"]
    assert "the run went on" in jobs.events(OWNER, lives.id)[3]["reason"]
    assert jobs.log(OWNER, lives.id, "start on cpu") and len(jobs.log(OWNER, lives.id, "start on cpu")) == 1, "it was never started again"
    assert assert_complete(jobs, dies.id, undisturbed) == ["queued", "preparing", "running", "interrupted",
                                                           "queued", "preparing", "running", "finished"]
    assert len(jobs.log(OWNER, dies.id, "start on cpu")) == 2 and jobs.log(OWNER, dies.id, "step 4/16 start")
    assert before.pid is not None
    jobs.close()


@pytest.fixture(scope="module")
def afflicted(plan, tmp_path_factory) -> Iterator[tuple[Jobs, dict[str, Job]]]:
    """One server, three jobs at once, and what happens to each."""
    start = time.time()
    jobs = Jobs(tmp_path_factory.mktemp("data"), clock=lambda: start + (0, -86400, 86400)[int(time.monotonic() * 5) % 3])
    found = {name: jobs.add(OWNER, plan, name) for name in ("killed", "full", "clock")}
    for name, accident in (("killed", "kill 5"), ("full", "hold 5"), ("clock", "clock")):
        (found[name].folder / "accident").write_text(accident)
    supervisor = Supervisor(jobs, Launch(at_once=3), seconds=0.1)
    supervisor.start()
    yield jobs, found
    for job in found.values():
        jobs.delete(OWNER, job.id)
    supervisor.close()
    jobs.close()


def test_a_full_disk_spares_the_checkpoint_is_named_and_can_be_left_behind(afflicted, undisturbed):
    jobs, found = afflicted
    job = found["full"]
    until(lambda: (job.folder / "held").exists() or sound(job), "the job to be in the middle")
    resource.prlimit(job.files.status()["pid"], resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    assert job.files.checkpoint.stat().st_size > LIMIT
    (job.folder / "go").touch()
    until(lambda: jobs.get(OWNER, job.id).state == "failed", "the job to fail")
    failed = jobs.get(OWNER, job.id)
    assert failed.alert.kind == "disk" and failed.alert.action == "resume" and "make room" in failed.reason
    assert job.files.load()["step"] == 5, "the checkpoint that was being named when the disk got full"
    jobs.resume(OWNER, job.id)
    until(lambda: jobs.get(OWNER, job.id).state == "finished", "the resumed job to finish")
    assert assert_complete(jobs, job.id, undisturbed)[3:] == ["failed", "queued", "preparing", "running", "finished"]


def test_a_job_killed_in_the_middle_of_a_checkpoint_goes_on_by_itself(afflicted, undisturbed):
    jobs, found = afflicted
    until(lambda: jobs.get(OWNER, found["killed"].id).state == "finished", "the killed job to finish")
    assert assert_complete(jobs, found["killed"].id, undisturbed)[3:5] == ["interrupted", "queued"]
    assert jobs.log(OWNER, found["killed"].id, "step 4/16 start"), "from the checkpoint before the one that was cut off"


def test_a_jumping_clock_changes_nothing(afflicted, undisturbed):
    jobs, found = afflicted
    id = found["clock"].id
    until(lambda: jobs.get(OWNER, id).state == "finished", "the job to finish")
    assert assert_complete(jobs, id, undisturbed) == ["queued", "preparing", "running", "finished"]
    times = [line["time"] for line in jobs.metrics(OWNER, id)]
    assert max(times) - min(times) > 80_000, "the clock did jump"
