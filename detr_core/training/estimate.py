"""How long a run will take and how much memory it needs, from a few of its own steps.

`python -m detr_core.training.estimate` reads a run as JSON from its input and prints the estimate as JSON. It is a process
of its own because only so its peak of memory is that of the run, and because running out of memory ends it alone.
"""
from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from ..data import collate, open_dataset, training_transform
from .evaluate import AsInference, predictions
from .features import FeatureCache, collate_features
from .record import memory
from .run import Run, RunFolder
from .session import FEWEST_VIEWS, frozen, reason_of, starting_detector
from .trainer import Data, Trainer, accelerator_for
from .views import Live

STEPS, VIEWS = 3, 8                                 # measured; one step more comes first, since the first one is slow


@dataclass(frozen=True)
class Estimate:
    """What was measured, in seconds a piece, and how many pieces the whole run has."""

    view: float                                     # features of one cached view; 0 where none are kept
    step: float
    picture: float                                  # of an evaluation
    memory: int                                     # bytes at the peak
    device: str
    views: int
    steps: int
    evaluations: int
    pictures: int                                   # of the validation set
    disk: int = 0                                   # bytes of cached views

    @property
    def prepare(self) -> float:
        """Seconds until the first step, if nothing is cached yet."""
        return self.view * self.views

    @property
    def train(self) -> float:
        return self.step * self.steps

    @property
    def evaluate(self) -> float:
        return self.picture * self.pictures * self.evaluations

    @property
    def seconds(self) -> float:
        return self.prepare + self.train + self.evaluate

    def json(self) -> dict[str, Any]:
        """Fields and sums."""
        return {**asdict(self), **{name: round(getattr(self, name), 1) for name in ("prepare", "train", "evaluate", "seconds")}}


def estimate(run: Run, steps: int = STEPS) -> Estimate:
    """Do a few steps of a run, and nothing that stays."""
    with tempfile.TemporaryDirectory(prefix="atlas-estimate-") as folder:
        return _Probe(run, Path(folder)).measure(steps)


class _Probe:
    """A trainer over a handful of the run's own pictures."""

    def __init__(self, run: Run, folder: Path):
        self.run, self.folder = run, folder
        self.train, self.validation = open_dataset(run.data, "train"), open_dataset(run.data, "val")
        self.accelerator = accelerator_for(replace(run, trackers=()))
        self.detector = starting_detector(run, tuple(self.train.names)).to(self.accelerator.device)
        self.cached = run.cache and frozen(self.detector.backbone)

    def measure(self, steps: int) -> Estimate:
        preprocess, run = self.detector.preprocess, self.run
        views, view = self._views(Live(self.train, training_transform(run.data, preprocess), run.seed))
        fold = partial(collate_features if self.cached else collate, multiple=preprocess.multiple)
        trainer = Trainer(self.detector, Data(views, fold, lambda _: {}), run, RunFolder(self.folder), self.accelerator)
        batches = iter(trainer._loader())
        pace = [self._timed(lambda: trainer.update(list(islice(batches, run.accumulate)))) for _ in range(steps + 1)]
        seen, extra = self._views(Live(self.validation, AsInference(preprocess)))
        batch = fold([seen[0, index] for index in range(min(len(seen), run.batch, VIEWS))])
        picture = min(self._timed(lambda: list(predictions(trainer.judged, [batch]))) for _ in range(2)) / len(batch.targets)
        budget = run.images or round(run.epochs * len(self.train))
        count = min(run.views or max(len(self.train), FEWEST_VIEWS), max(budget, run.batch)) + len(self.validation) if self.cached else 0
        size = sum(path.stat().st_size for path in self.folder.rglob("*.safetensors")) / max(1, len(views) + len(seen))
        return Estimate(view=view or extra, step=sorted(pace[1:])[steps // 2], picture=picture, memory=self._peak(),
                        device=str(self.accelerator.device), views=count, steps=run.budget(len(self.train)), evaluations=run.evaluations,
                        pictures=len(self.validation), disk=round(size * count))

    def _views(self, source: Live) -> tuple[Any, float]:
        """A few views as the run reads them, and the seconds that caching one takes."""
        if not self.cached:
            return source, 0.0
        place = self.folder / str(len(list(self.folder.iterdir())))
        cache = FeatureCache(place, source, min(VIEWS, len(source)), self.detector.preprocess.multiple)
        return cache, self._timed(lambda: cache.make(self.detector.backbone)) / len(cache)

    def _timed(self, work: Any) -> float:
        self._wait()
        start = time.perf_counter()
        work()
        self._wait()
        return time.perf_counter() - start

    def _wait(self) -> None:
        if self.accelerator.device.type == "cuda":
            torch.cuda.synchronize()

    def _peak(self) -> int:
        if self.accelerator.device.type == "cuda":
            return memory(self.accelerator.device)
        try:
            import resource
        except ImportError:                         # not on Windows
            return memory(self.accelerator.device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> int:
    """One run in, one estimate or {"error": sentence} out."""
    try:
        answer = estimate(Run.read(json.load(sys.stdin))).json()
    except Exception as error:
        answer = {"error": str(error) if isinstance(error, ValueError) else reason_of(error)}
    print("\n" + json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
