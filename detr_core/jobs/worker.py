"""The process of one job: `accelerate launch -m detr_core.jobs.worker FOLDER`. Goes on from the folder's checkpoint if there is one."""
from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..training.files import read_json
from ..training.run import Run, RunFolder
from ..training.session import train
from .job import JobError
from .jobs import own_weights


class Lines:
    """Tells the log how far the run is: at its start, every few seconds, at evaluations and at its end."""

    def __init__(self, seconds: float = 10.0):
        self.seconds, self.told = seconds, 0.0

    def say(self, trainer: Any, text: str) -> None:
        if trainer.accelerator.is_main_process:
            print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} step {trainer.step}/{trainer.steps} {text}", flush=True)
        self.told = time.perf_counter()

    def on_start(self, trainer: Any) -> None:
        self.say(trainer, f"start on {trainer.accelerator.device}, {trainer.accelerator.num_processes} process(es), "
                          f"{len(trainer.data.train)} training views, batch {trainer.run.batch}")

    def on_step(self, trainer: Any, losses: list[Any], count: float) -> None:
        if time.perf_counter() - self.told > self.seconds:
            total = sum(float(part.total) for part in losses) / len(losses)
            self.say(trainer, f"loss {total:.4f} rate {max(group['lr'] for group in trainer.optimizer.param_groups):.2e}")

    def on_evaluation(self, trainer: Any, results: dict[str, Any]) -> None:
        numbers = " ".join(f"{name} {results[name]:.4f}" for name in ("AP", "AP50", "AP75") if results.get(name) is not None)
        self.say(trainer, f"evaluation {numbers}")

    def on_checkpoint(self, trainer: Any) -> None:
        self.say(trainer, "checkpoint")

    def on_end(self, trainer: Any, state: str, reason: str) -> None:
        self.say(trainer, f"{state}{': ' + reason if reason else ''}")


def resolved(run: Run, folder: Path) -> Run:
    """With the file that "job:<id>" means; whether its owner may have it was checked when the job was added."""
    if not (id := own_weights(run.weights)):
        return run
    path = folder.parent / id / "best.safetensors"
    if not path.is_file():
        raise JobError("The job whose weights this one starts from is gone: clone this job with other weights.")
    return replace(run, weights=str(path))


def main(arguments: list[str]) -> int:
    folder = RunFolder(arguments[0])
    run, about = folder.run(), read_json(folder.path / "job.json", {})
    try:
        run = resolved(run, folder.path)
    except JobError as error:
        folder.set_status("failed", str(error), kind="data")
        raise
    state = train(run, folder, folder.checkpoint.exists(), listeners=(Lines(),), card=about.get("card", {}))
    return 0 if state in ("finished", "stopped") else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
