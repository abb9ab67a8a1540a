"""How jobs are started: through `accelerate launch`, so that more processes, GPUs or machines are a setting."""
from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .job import Job
from .process import WORKER


@dataclass(frozen=True)
class Launch:
    """`arguments` go to `accelerate launch` as they are: several machines are a matter of these (or of a --config_file)."""

    processes: int = 1                              # of one job
    at_once: int = 1                                # jobs on a device
    arguments: tuple[str, ...] = ()

    def words(self, job: Job) -> list[str]:
        """The command line of a job's process."""
        words = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(self.processes), "--num_machines", "1",
                 "--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", str(self.threads())]
        kind, _, number = job.device.partition(":")
        if self.processes > 1:                      # on processors, too: with --cpu Accelerate starts one, however many are asked for
            words += ["--multi_gpu", "--main_process_port", "0"]        # any free one
        elif kind == "cpu":
            words.append("--cpu")
        elif number:
            words += ["--gpu_ids", number]
        return [*words, *self.arguments, "-m", WORKER, str(job.folder)]

    def threads(self) -> int:
        """Of one process, so that all that run at once share the processor."""
        return int(os.environ.get("OMP_NUM_THREADS") or max(1, (os.cpu_count() or 1) // (self.processes * self.at_once)))

    def environment(self, job: Job, data: Path) -> dict[str, str]:
        """The server's own, with a place for cached features in the data folder."""
        cpu = {"ACCELERATE_USE_CPU": "true"} if job.device == "cpu" else {}
        ours = {**cpu, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": str(self.threads())}
        return {"DETR_ATLAS_CACHE": str(data / "cache"), **os.environ, **ours}


def devices() -> tuple[str, ...]:
    """This machine's queues: one for every GPU, else one for the processor."""
    import torch

    if torch.cuda.is_available():
        return tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
    return ("cpu",)
