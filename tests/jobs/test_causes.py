"""What ends a run is told by its cause, with a next step that helps."""
from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest
import torch

from detr_core.jobs import JobError
from detr_core.jobs.alerts import alert_of
from detr_core.training.causes import TrainingDiverged, cause_of
from detr_core.training.run import RunFolder
from detr_core.training.session import train

from .owners import ME, RUN


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


def test_a_loss_that_is_no_number_ends_the_run_by_name(plan, tmp_path):
    run = replace(plan, rate=1e30, warmup=0)
    folder = RunFolder(tmp_path / "run").create(run)
    with pytest.raises(FloatingPointError):
        train(run, folder)
    status = folder.status()
    assert status["state"] == "failed" and status["kind"] == "diverged"
    alert = alert_of(status["kind"], status["reason"], run)
    assert alert.action == "slower" and alert.changes["rate"] == 5e29 and "half the learning rate" in alert.sentence
