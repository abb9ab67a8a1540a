"""Listeners that keep a run's record: metrics, status, checkpoints, weights."""
from __future__ import annotations

import math
import os
import time
from collections import deque
from typing import Any

import psutil
import torch
from torch import Tensor

from .causes import TrainingDiverged
from .criterion import Losses
from .export import export
from .state import snapshot
from .trainer import Trainer

LINES = 2000                                        # of training metrics a run, at most


def family_terms(parts: list[Losses]) -> dict[str, Tensor]:
    """Unweighted losses as {"term.layer.group": mean over parts}; groups of one family are added up."""
    sums: dict[str, Tensor] = {}
    for losses in parts:
        for (term, layer, group), value in losses.terms.items():
            name = f"{term}.{layer}.{group.split('.')[0]}"
            sums[name] = sums.get(name, 0) + value.detach() / len(parts)
    return sums


class Metrics:
    """Writes a line of metrics every few steps. Numbers stay on the device until several lines go to the disk together.

    `loss` is the mean over processes; `terms` are those of the first process's part of the batch.
    """

    def __init__(self, buffered: int = 20):
        self.buffered, self.waiting = buffered, []

    def on_start(self, trainer: Trainer) -> None:
        if trainer.accelerator.is_main_process:
            trainer.folder.rewind(trainer.step, trainer.evaluated)

    def on_step(self, trainer: Trainer, losses: list[Losses], count: float) -> None:
        if trainer.step % max(1, trainer.steps // LINES):
            return
        total = torch.stack([part.total.detach() for part in losses]).mean()
        if trainer.accelerator.num_processes > 1:
            total = trainer.accelerator.reduce(total, "mean")
        terms = family_terms(losses)
        norm = total.new_zeros(()) if trainer.gradient_norm is None else torch.as_tensor(trainer.gradient_norm).to(total)
        rate = max(group["lr"] for group in trainer.optimizer.param_groups)
        numbers = torch.stack([total, norm, *(term.to(total) for term in terms.values())])
        self.waiting.append((trainer.step, trainer.images, rate, list(terms), numbers))
        if len(self.waiting) >= self.buffered:
            self.flush(trainer)

    def flush(self, trainer: Trainer) -> None:
        """Write what is waiting; a loss that is no number ends the run before it can reach a checkpoint."""
        waiting, self.waiting = self.waiting, []
        for step, images, rate, names, numbers in waiting:
            loss, norm, *terms = numbers.tolist()
            if not math.isfinite(loss):
                raise TrainingDiverged(f"The loss became {loss} at step {step}: resume with a lower --rate or a longer --warmup.")
            if trainer.accelerator.is_main_process:
                values = {"images": images, "loss": loss, "norm": norm if math.isfinite(norm) else None, "rate": rate}
                trainer.folder.append("train", step, **values, terms={name: float(f"{term:.6g}") for name, term in zip(names, terms)})
                trainer.accelerator.log({key: value for key, value in values.items() if value is not None}, step)

    def on_evaluation(self, trainer: Trainer, results: dict[str, Any]) -> None:
        self.flush(trainer)
        if trainer.accelerator.is_main_process:
            spent = {"trained": round(trainer.seconds, 1), "memory": memory(trainer.accelerator.device)}
            trainer.folder.append("evaluation", trainer.step, images=trainer.images, **spent, **results)
            trainer.accelerator.log({k: v for k, v in results.items() if isinstance(v, (int, float))}, trainer.step)

    def on_end(self, trainer: Trainer, **_: Any) -> None:
        self.flush(trainer)


class Status:
    """Keeps status.json fresh: step, speed and time left from the last steps, memory."""

    def __init__(self, seconds: float = 2.0):
        self.seconds, self.written, self.recent, self.evaluation = seconds, 0.0, deque(maxlen=50), 0.0

    def values(self, trainer: Trainer) -> dict[str, Any]:
        values = {"step": trainer.step, "steps": trainer.steps, "images": trainer.images, "epoch": trainer.images / len(trainer.data.train),
                  "seconds": round(trainer.seconds, 1), "pid": os.getpid(), "best": trainer.best,
                  "processes": trainer.accelerator.num_processes,
                  "memory": memory(trainer.accelerator.device)}
        if trainer.run.patience:
            values["patience_left"] = trainer.patience_left
        if trainer.step == trainer.steps:
            values["seconds_left"] = 0
        elif len(self.recent) > 1:
            (then, first), (now, last) = self.recent[0], self.recent[-1]
            pace = (now - then) / (last - first)
            left = (trainer.steps - trainer.step) * pace
            done = trainer.step * trainer.run.evaluations // trainer.steps
            values |= {"seconds_left": round(left + self.evaluation * (trainer.run.evaluations - done)),
                       "images_per_second": round(trainer.run.batch / pace, 2)}
        return values

    def write(self, trainer: Trainer, state: str, reason: str = "") -> None:
        if trainer.accelerator.is_main_process:
            trainer.folder.set_status(state, reason, **self.values(trainer))
        self.written = time.perf_counter()

    def on_start(self, trainer: Trainer) -> None:
        self.write(trainer, "running")

    def on_step(self, trainer: Trainer, losses: list[Losses], count: float) -> None:
        self.recent.append((time.perf_counter(), trainer.step))
        if time.perf_counter() - self.written > self.seconds:
            self.write(trainer, "running")

    def on_evaluation(self, trainer: Trainer, results: dict[str, Any]) -> None:
        self.evaluation = results.get("seconds", 0.0)
        self.recent.clear()                         # the pace is that of training steps
        self.write(trainer, "running")

    def on_checkpoint(self, trainer: Trainer) -> None:
        status = trainer.folder.status()
        trainer.folder.set_status(status.get("state", "running"), status.get("reason", ""), saved=trainer.step)

    def on_end(self, trainer: Trainer, state: str, reason: str) -> None:
        self.write(trainer, state, reason)


class Checkpoints:
    """Saves the run every few minutes, after evaluations and at its end, and exports the last and best weights."""

    def __init__(self, metrics: Metrics, card: dict[str, Any]):
        self.metrics, self.card, self.saved = metrics, card, time.perf_counter()

    def save(self, trainer: Trainer) -> None:
        """Write the checkpoint; one that could only go on with broken weights is never written."""
        self.metrics.flush(trainer)
        if not all(parameter.isfinite().all() for parameter in trainer.detector.parameters()):
            raise TrainingDiverged(f"Weights are no longer finite at step {trainer.step}: resume with a lower --rate or a longer --warmup.")
        self.saved = time.perf_counter()
        if trainer.accelerator.is_main_process:
            trainer.folder.save(snapshot(trainer))
            trainer.events.emit("checkpoint", trainer)

    def on_step(self, trainer: Trainer, losses: list[Losses], count: float) -> None:
        if time.perf_counter() - self.saved > trainer.run.checkpoint_seconds:
            self.save(trainer)

    def on_evaluation(self, trainer: Trainer, results: dict[str, Any]) -> None:
        if trainer.accelerator.is_main_process:
            card = {**self.card, "step": trainer.step, "images": trainer.images, "minutes": round(trainer.seconds / 60, 1),
                    **{name: results[name] for name in ("AP", "AP50", "AP75")}}
            export(trainer.judged, trainer.folder.last, card)
            if trainer.best["step"] == trainer.step:
                export(trainer.judged, trainer.folder.best, card)
        self.save(trainer)

    def on_end(self, trainer: Trainer, state: str, reason: str) -> None:
        if state == "stopped":
            self.save(trainer)


def memory(device: torch.device) -> int:
    """Bytes: the most used so far on a GPU, else what the process uses now."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return psutil.Process().memory_info().rss
