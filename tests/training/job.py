"""A training run of a few seconds, as a process of its own: `python job.py FOLDER [--resume] [--die-after STEP] [Run fields as JSON]`."""
from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

import torch

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from painted import Painted  # noqa: E402

import detr_core  # noqa: E402
from detr_core.preprocess import Preprocess  # noqa: E402
from detr_core.recipe import part  # noqa: E402
from detr_core.training.evaluate import AsInference, evaluate  # noqa: E402
from detr_core.training.features import FeatureCache, collate_features  # noqa: E402
from detr_core.training.files import write_json  # noqa: E402
from detr_core.training.record import Checkpoints, Metrics, Status  # noqa: E402
from detr_core.training.run import Run, RunFolder  # noqa: E402
from detr_core.training.stability import Stability  # noqa: E402
from detr_core.training.state import restore  # noqa: E402
from detr_core.training.trainer import Data, Trainer, accelerator_for  # noqa: E402
from detr_core.training.views import Live  # noqa: E402

SMALL = dict(queries=20, width=32, hidden=64, encoder_layers=1, decoder_layers=2, dropout=0.1,
             short=64, long=64, preprocess=part(Preprocess, mean=(0.5,) * 3, std=(0.5,) * 3, multiple=32))


def small_detector(variant: str = "deformable_detr_two_stage", **changes) -> detr_core.Detector:
    torch.manual_seed(0)
    return detr_core.build(variant, "tiny", Painted.names, **{**SMALL, **changes})


def small_run(**changes) -> Run:
    plan = dict(images=96, batch=4, rate=1e-3, warmup=4, evaluations=2, device="cpu")
    return Run("deformable_detr_two_stage", "painted", **{**plan, **changes})


def small_data(detector: detr_core.Detector, folder: Path, batch: int = 4) -> Data:
    """Sixteen painted pictures as cached features, for training and for validation."""
    painted = Painted(16)
    cache = FeatureCache(folder / "features", Live(painted, AsInference(detector.preprocess)), len(painted))
    cache.make(detector.backbone)
    return Data(cache, partial(collate_features, multiple=32), lambda judged: evaluate(judged, painted, batch, cache))


def small_trainer(run: Run, folder: RunFolder, features: Path, **changes) -> Trainer:
    accelerator, detector = accelerator_for(run, folder), small_detector(**changes)
    if accelerator.is_main_process:
        small_data(detector, features)
    accelerator.wait_for_everyone()
    stability = Stability(detector.recipe, Painted(16), most=8)
    trainer = Trainer(detector, stability.following(small_data(detector, features)), run, folder, accelerator)
    metrics = Metrics(buffered=1)
    for listener in (metrics, Status(), stability, Checkpoints(metrics, {"data": "painted"})):
        trainer.events.add(listener)
    return trainer


class Dies:
    """Kills the process the hard way, in the middle of everything."""

    def __init__(self, after: int):
        self.after = after

    def on_step(self, trainer: Trainer, **_) -> None:
        if trainer.step == self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--die-after", type=int)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--run", type=json.loads, default={})
    parser.add_argument("--recipe", type=json.loads, default={})
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder, run = RunFolder(options.folder), small_run(**options.run)
    folder.samples.mkdir(parents=True, exist_ok=True)
    trainer = small_trainer(run, folder, options.folder.parent, **options.recipe)
    if options.die_after:
        trainer.events.add(Dies(options.die_after))
    if options.resume:
        restore(trainer, folder.load())
    if options.measure:
        measured = evaluate(trainer.detector, Painted(10), 3)
        write_json(folder.path / "measured.json", {name: value for name, value in measured.items() if name != "seconds"})
    print(trainer.fit())


if __name__ == "__main__":
    main()
