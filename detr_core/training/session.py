"""From what was asked for to a trainer that can start: data, detector, feature cache, listeners."""
from __future__ import annotations

import hashlib
import os
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any

from accelerate.utils import set_seed
from torch import nn

from .. import api
from ..data import Scenes, collate, open_dataset, training_transform
from ..detector import Detector
from ..folders import cache
from .aids import aid
from .causes import cause_of
from .evaluate import AsInference, Progress, evaluate, silent
from .features import FeatureCache, collate_features, fingerprint
from .record import Checkpoints, Metrics, Status
from .run import Run, RunFolder
from .samples import Samples
from .stability import Stability
from .state import restore
from .trainer import Data, Trainer, accelerator_for
from .views import Live
from .warm import other_variant, warm_start

FEWEST_VIEWS = 1000                                 # of a small data set, when features are cached
SCENES = 4000                                       # different ones in a run that does not say how many views it wants


def starting_detector(run: Run, names: tuple[str, ...]) -> Detector:
    """The detector before its first step: fresh from the seed, or with the weights the run starts from."""
    set_seed(run.seed)
    other = other_variant(run.weights or "")
    if run.weights is None or other:
        detector = api.build(run.variant, run.size, names, **run.changes)
        if other:
            warm_start(detector, *other)
    else:
        detector = api.load(run.variant, run.weights, size=run.size, names=names, **run.changes)
    aid(detector, run.aids)
    return detector.train()


def frozen(backbone: nn.Module) -> bool:
    """Whether nothing in the backbone learns, so that its features can be kept."""
    return not any(parameter.requires_grad for parameter in backbone.parameters())


def cached(source: Live, views: int, detector: Detector, label: str, progress: Progress = silent) -> FeatureCache:
    """The backbone's features of a source, made now as far as they are missing."""
    from accelerate import PartialState

    state = PartialState()
    key = fingerprint(detector.backbone, source.data.fingerprint, source.transform, source.seed, detector.recipe.backbone, _glance(source))
    views_kept = FeatureCache(cache() / "features" / f"{label}-{key}", source, views, detector.preprocess.multiple)
    views_kept.make(detector.backbone, progress, state.process_index, state.num_processes)
    state.wait_for_everyone()
    return views_kept


class StopAsked(Exception):
    """Somebody wants the run to end before its first step."""


class Prepared:
    """Passes progress on and keeps it in the status, so that a page can show how far the preparation is; heeds `stop`."""

    def __init__(self, folder: RunFolder, progress: Progress, seconds: float = 2.0):
        self.folder, self.progress, self.seconds, self.written = folder, progress, seconds, 0.0

    def __call__(self, done: int, total: int) -> None:
        self.progress(done, total)
        if self.folder.stop_requested():
            raise StopAsked
        if time.perf_counter() - self.written > self.seconds:
            self.folder.set_status("preparing", f"{done} of {total} views", pid=os.getpid())
            self.written = time.perf_counter()


def _glance(source: Live) -> str:
    """The first and the last view: a fingerprint names the data, this sees whether what is made of them has changed."""
    return hashlib.sha256(b"".join(source[0, index][0].numpy().tobytes() for index in (0, len(source) - 1))).hexdigest()


def open_data(run: Run, detector: Detector, train: Any, validation: Any, progress: Progress = silent) -> Data:
    """Training views and the evaluation of a run, through cached features where the backbone is frozen."""
    multiple, preprocess = detector.preprocess.multiple, detector.preprocess
    views = Live(train, training_transform(run.data, preprocess), run.seed if run.view_seed < 0 else run.view_seed)
    if not (run.cache and frozen(detector.backbone)):
        return Data(views, partial(collate, multiple=multiple), lambda judged: evaluate(judged, validation, run.batch, workers=run.workers))
    label = "".join(c if c.isalnum() else "-" for c in Path(run.data).name)[:40]
    budget = run.images or round(run.epochs * len(train))
    count = min(run.views or max(len(train), FEWEST_VIEWS), max(budget, run.batch))
    seen = cached(Live(validation, AsInference(preprocess)), len(validation), detector, f"{label}-val", progress)
    return Data(cached(views, count, detector, f"{label}-train", progress), partial(collate_features, multiple=multiple),
                lambda judged: evaluate(judged, validation, run.batch, seen))


def open_trainer(run: Run, folder: RunFolder, resume: bool = False, progress: Progress = silent,
                 card: dict[str, Any] | None = None) -> Trainer:
    """A trainer with the run's record attached, at its first step or, with `resume`, at its checkpoint."""
    accelerator = accelerator_for(run, folder)
    if accelerator.is_main_process:
        folder.set_status("preparing", pid=os.getpid())
        progress = Prepared(folder, progress)
    train = Scenes("train", run.views or SCENES) if run.data == "scenes" else open_dataset(run.data, "train")
    validation = open_dataset(run.data, "val")
    if tuple(train.names) != tuple(validation.names):
        raise ValueError("The training and the validation set name different classes: give both the same categories.")
    detector = starting_detector(run, tuple(train.names)).to(accelerator.device)
    stability = Stability(detector.recipe, validation)
    data = stability.following(open_data(run, detector, train, validation, progress))
    trainer = Trainer(detector, data, run, folder, accelerator)
    if run.trackers:
        _track(trainer)
    card = {"data": Path(run.data).name, "budget": trainer.steps * run.batch, "seed": run.seed, "warm_start": run.weights or "",
            "command": run.command(), **(card or {})}
    metrics = Metrics()
    for listener in (metrics, Status(), Samples(validation, detector.preprocess), stability, Checkpoints(metrics, card)):
        trainer.events.add(listener)
    if resume:
        restore(trainer, folder.load())
    return trainer


def _track(trainer: Trainer) -> None:
    """Start the trackers; one that is not installed is named, because Accelerate leaves it out without a word."""
    accelerator, run = trainer.accelerator, trainer.run
    if missing := set(run.trackers) - {getattr(each, "value", each) for each in accelerator.log_with}:
        name = min(missing)
        raise ValueError(f"The tracker {name!r} is not known or not installed: python -m pip install {name}, or leave it out.")
    accelerator.init_trackers("detr_atlas", {k: v for k, v in vars(run).items() if isinstance(v, (int, float, str))})


def train(run: Run, folder: RunFolder, resume: bool = False, progress: Progress = silent, listeners: tuple[Any, ...] = (),
          card: dict[str, Any] | None = None) -> str:
    """Train and return the state the run ended in; a failure is written into its status before it is raised.

    `card` replaces entries of the card in the weights: what the user calls the data, for example.
    """
    try:
        trainer = open_trainer(run, folder, resume, progress, card)
        for listener in listeners:
            trainer.events.add(listener)
        state = trainer.fit()
        trainer.accelerator.end_training()
    except StopAsked:
        folder.set_status(state := "stopped", "a stop was asked for before the first step")
    except KeyboardInterrupt:
        folder.set_status("interrupted", "Ctrl-C: resume goes on from the last checkpoint.")
        raise
    except Exception as error:
        if folder.status().get("state") != "failed":        # of several processes the first one to fail knows why
            cause = cause_of(error)
            folder.set_status("failed", cause.sentence, kind=cause.kind, trace=traceback.format_exc()[-8000:])
        raise
    if state == "stopped":
        folder.stop.unlink(missing_ok=True)
    return state


def reason_of(error: BaseException) -> str:
    """One sentence: what went wrong and what to do."""
    return cause_of(error).sentence
