"""The training loop. It knows steps, nothing else: whoever wants to print, record or draw listens to its events."""
from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import set_seed
from torch.utils.data import DataLoader, Dataset

from ..detector import Detector
from ..structures import Batch
from ..tape import Tape
from .criterion import Criterion, Losses
from .ema import Average
from .events import Events
from .optimise import Policy, Schedule, optimizer
from .order import Order, StepSampler, mixed_seed
from .run import Run, RunFolder
from .signals import heeded


@dataclass(frozen=True)
class Data:
    """What a trainer reads: pictures by (epoch, index), how they become a Batch, and how a detector is judged."""

    train: Dataset
    collate: Callable[[Any], Batch]
    evaluate: Callable[[Detector], dict[str, Any]]


def accelerator_for(run: Run, folder: RunFolder | None = None) -> Accelerator:
    """Devices, processes, precision and trackers as the run and `accelerate launch` say."""
    return Accelerator(
        cpu=run.device == "cpu", mixed_precision=run.precision, gradient_accumulation_steps=run.accumulate,
        log_with=list(run.trackers) or None, project_dir=str(folder.path) if folder else None,
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False, find_unused_parameters=True)])


class Trainer:
    """One run: `Trainer(detector, data, run, folder).fit()` returns the state it ended in, "finished" or "stopped".

    Every random number of step s comes from a seed of (run.seed, s, process), and every picture from its place in the
    order: a run that goes on from a checkpoint computes, bit for bit on the same machine, what it would have computed.
    """

    def __init__(self, detector: Detector, data: Data, run: Run, folder: RunFolder, accelerator: Accelerator | None = None):
        self.detector, self.data, self.run, self.folder = detector, data, run, folder
        self.accelerator = accelerator or accelerator_for(run, folder)
        self.policy = Policy(rate=run.rate, slow_rate=run.slow_rate, weight_decay=run.weight_decay, clip=run.clip)
        self.steps = run.budget(len(data.train))
        self.schedule = Schedule(run.schedule, self.steps, run.warmup)
        self.order = Order(len(data.train), run.batch, run.seed, self.accelerator.num_processes * run.accumulate)
        self.criterion, self.events = Criterion(detector.recipe), Events()
        self.model, self.optimizer = self.accelerator.prepare(detector, optimizer(detector, self.policy))
        self.learning = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.average = Average(detector, run.ema) if run.ema else None
        self.needs = tuple(pattern for scheme in detector.schemes for pattern in scheme.needs)
        self.step, self.evaluated, self.gradient_norm = 0, 0, None
        self.best: dict[str, Any] = {}
        self.seconds = 0.0                          # spent training, over all of the run's processes' lives
        self.stopping = ""                          # the reason, once somebody wants the run to end

    @property
    def judged(self) -> Detector:
        """The detector that is evaluated and exported: the weight average where there is one."""
        return self.average.module if self.average else self.detector

    @property
    def images(self) -> int:
        return self.step * self.run.batch

    def fit(self) -> str:
        """Train until the budget is spent or somebody asks for a stop."""
        with heeded(self._heard):
            self.events.emit("start", self)
            state = self._loop()
            self.events.emit("end", self, state=state, reason=self.stopping)
        return state

    def _loop(self) -> str:
        batches = iter(self._loader())
        while True:
            if self._must_stop():
                return "stopped"
            if self._evaluation_due():
                self._evaluate()
            if self.step == self.steps or self._out_of_patience():
                return "finished"
            start = time.perf_counter()
            losses, count = self.update([next(batches) for _ in range(self.run.accumulate)])
            self.seconds += time.perf_counter() - start
            before, self.step = self.images, self.step + 1
            self._after_step(before)
            self.events.emit("step", self, losses=losses, count=count)

    def _loader(self) -> DataLoader:
        sampler = StepSampler(self.order, self.step, self.steps, self.accelerator.process_index, self.accelerator.num_processes)
        workers = {"num_workers": self.run.workers, "persistent_workers": True, "prefetch_factor": 4} if self.run.workers else {}
        return DataLoader(self.data.train, batch_sampler=sampler, collate_fn=self.data.collate, pin_memory=False, **workers)

    def update(self, batches: list[Batch]) -> tuple[list[Losses], float]:
        """One optimizer step over this process's parts; returns their losses and the objects of the whole step.

        Gradients are the mean over all parts, so each part divides by the mean number of objects a part.
        """
        set_seed(mixed_seed(self.run.seed, self.step, self.accelerator.process_index) % 2**32)
        if not self.detector.training:              # telling every module each step takes milliseconds
            self.detector.train()
        count = self._total(sum(len(t) for batch in batches for t in batch.targets))
        for group in self.optimizer.param_groups:
            group["lr"] = self.policy.rate * group["share"] * self.schedule(self.step)
        found = []
        for batch in batches:
            with self.accelerator.accumulate(self.model):
                losses = self.losses(batch.to(self.accelerator.device), max(count, 1.0) / self.order.parts)
                self.accelerator.backward(losses.total)
                if self.accelerator.sync_gradients and self.policy.clip:
                    self.gradient_norm = self.accelerator.clip_grad_norm_(self.learning, self.policy.clip)
                self.optimizer.step()
                self.optimizer.zero_grad()
            found.append(losses)
        return found, count

    def losses(self, batch: Batch, count: float | None = None) -> Losses:
        """Forward pass with the schemes, then the criterion in float32; `count` as in `Criterion`."""
        for scheme in self.detector.schemes:
            batch = scheme.prepare(batch)
        with Tape(self.detector, self.needs, detach=False) if self.needs else nullcontext() as tape, self.accelerator.autocast():
            output = self.model(batch)
        losses = self.criterion(output, batch.targets, count)
        for scheme in self.detector.schemes:
            own = scheme.losses(output, batch, tape)
            losses.terms.update({(term, "scheme", type(scheme).__name__): value for term, value in own.items()})
        return losses

    def _total(self, objects: int) -> float:
        if self.accelerator.num_processes == 1:
            return float(objects)
        return float(self.accelerator.reduce(torch.tensor(float(objects), device=self.accelerator.device)))

    def _after_step(self, before: int) -> None:
        for scheme in self.detector.schemes:
            scheme.after_step(self.detector)
        if self.average:
            self.average.update_parameters(self.detector)
        epoch = self.images // len(self.data.train)
        if epoch > before // len(self.data.train):
            for scheme in self.detector.schemes:
                scheme.after_epoch(self.detector)
            self.events.emit("epoch", self, epoch=epoch)

    def _evaluation_due(self) -> bool:
        """Evaluations are spread evenly over the run; the last one ends it."""
        return self._evaluations(self.step) > self._evaluations(self.evaluated)

    def _evaluations(self, step: int) -> int:
        return step * self.run.evaluations // self.steps

    @property
    def patience_left(self) -> int:
        """Evaluations that the run still waits for a better AP; follows from steps alone, so a resumed run ends where it would have."""
        since = self._evaluations(self.evaluated) - self._evaluations(self.best["step"]) if self.best else 0
        return max(0, self.run.patience - since)

    def _out_of_patience(self) -> bool:
        if over := self.run.patience > 0 and self.patience_left == 0:
            self.stopping = f"AP has not risen for {self.run.patience} evaluations"
        return over

    def _evaluate(self) -> None:
        results = self.data.evaluate(self.judged)
        self.evaluated = self.step
        if not self.best or (results["AP"] or 0.0) > self.best["AP"]:
            self.best = {"step": self.step, "AP": results["AP"] or 0.0, "AP50": results["AP50"] or 0.0}
        self.events.emit("evaluation", self, results=results)

    def _must_stop(self) -> bool:
        """One answer for all processes."""
        if not self.stopping and self.accelerator.is_main_process and self.folder.stop_requested():
            self.stopping = "a stop was asked for"
        return self._total(bool(self.stopping)) > 0

    def _heard(self, reason: str) -> None:
        self.stopping = reason
