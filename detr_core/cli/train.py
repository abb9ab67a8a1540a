"""`train`: a run from the command line."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .. import api
from ..training.aids import AIDS
from ..training.optimise import SCHEDULES
from ..training.run import Run, RunFolder
from .common import Bar, Usage, changes_of, device_of, percent, size_changes

HELP = """Train a detector from random numbers, or fine-tune one.

A run is a folder (--out): run.json, status.json, metrics.jsonl, checkpoint.pt, weights.safetensors, best.safetensors,
samples/. A file called `stop` in it, SIGTERM or Ctrl-C ends the run after the current step; --resume goes on exactly
where it was, also after a crash. --batch counts pictures a step over all processes, so that `accelerate launch` on
several GPUs computes the same.

Tiny detectors have a frozen backbone: its features are computed once and kept in $DETR_ATLAS_CACHE
(default: ~/.cache/detr_atlas), in 0.3 MB a view. --no-cache trains on live augmented pictures instead."""
EXAMPLES = """examples:
  python -m detr_core train --variant deformable_detr_two_stage --data scenes --images 60000 --out runs/scenes
  python -m detr_core train --variant deformable_detr_two_stage --data photos/ --weights scenes --epochs 30 --out runs/mine
  python -m detr_core train --resume --out runs/mine
  accelerate launch --num_processes 2 -m detr_core train --variant detr --size r50 --weights coco --data photos/ --out runs/two"""
DEFAULT = Run("", "")                               # the one place where defaults are


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="the run's folder")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out; everything else is read from it")
    what = parser.add_argument_group("what")
    what.add_argument("--variant", metavar="ID", help="which detector; `python -m detr_core list` shows all")
    what.add_argument("--size", choices=("tiny", "r50"), help=f"small enough for a laptop, or the paper's (default: {DEFAULT.size})")
    what.add_argument("--data", metavar="NAME|FOLDER", help="scenes, trees, or a folder in COCO format with a train and a val part")
    what.add_argument("--weights", metavar="NAME|FILE|OWNER/REPOSITORY", help="start from these; other classes get a new class head")
    size_changes(what)
    long = parser.add_argument_group("how long")
    long.add_argument("--epochs", type=float, help=f"passes over the training pictures (default: {DEFAULT.epochs:g})")
    long.add_argument("--images", type=int, help="or: pictures seen")
    long.add_argument("--evaluations", type=int, help="times the detector is measured, the last one at the end "
                      f"(default: {DEFAULT.evaluations})")
    long.add_argument("--patience", type=int, help="end early after so many evaluations without a better AP (default: 0, never)")
    how = parser.add_argument_group("how")
    for name, kind, text in (
            ("batch", int, "pictures a step, over all processes"), ("accumulate", int, "pieces a step is computed in, to save memory"),
            ("rate", float, "learning rate"), ("slow-rate", float, "share of the rate for sampling offsets and reference points"),
            ("weight-decay", float, "pull of the weights towards zero"),
            ("clip", float, "largest gradient norm, 0 for none"), ("warmup", int, "steps in which the rate rises"),
            ("ema", float, "decay of a moving average of the weights, which is then what is measured and kept; 0 for none"),
            ("seed", int, "of weights, order and augmentation"), ("views", int, "cached views of the training pictures, 0 to choose"),
            ("view-seed", int, "of the augmentation, where it is to differ from --seed; -1 for the same"),
            ("workers", int, "processes that read pictures"), ("checkpoint-seconds", float, "time between checkpoints")):
        how.add_argument(f"--{name}", type=kind, help=f"{text} (default: {getattr(DEFAULT, name.replace('-', '_')):g})")
    how.add_argument("--schedule", choices=tuple(SCHEDULES), help=f"of the learning rate (default: {DEFAULT.schedule})")
    how.add_argument("--precision", choices=("no", "bf16", "fp16"), help="mixed precision (default: no)")
    how.add_argument("--device", help="auto, cpu, cuda or mps (default: auto)")
    how.add_argument("--no-cache", dest="cache", action="store_false", default=None, help="do not keep backbone features on the disk")
    how.add_argument("--aid", action="append", dest="aids", choices=tuple(AIDS),
                     help="what makes it learn sooner beside its paper: tokens, the decoder's heads also read the memory; places, learned "
                          "queries start on a grid")
    how.add_argument("--track", action="append", dest="trackers", metavar="NAME",
                     help="also log to a tracker of Accelerate, e.g. tensorboard")


def run(options: argparse.Namespace) -> int:
    from ..training.session import train

    folder = RunFolder(options.out)
    asked = {name: value for name, value in vars(options).items() if value is not None and name not in ("out", "resume", "run", "changes")}
    if options.changes:
        asked["changes"] = changes_of(options.changes)
    if options.resume:
        if asked:
            raise Usage(f"--resume reads everything from {options.out}: leave out {', '.join('--' + n.replace('_', '-') for n in asked)}.")
        plan = folder.run()
        folder.stop.unlink(missing_ok=True)
    else:
        plan = planned(asked)
        _once(folder, plan)
    state = train(plan, folder, options.resume, Bar("features"), (Console(),))
    return 0 if state in ("finished", "stopped") else 1


def planned(asked: dict[str, Any]) -> Run:
    """The run that was asked for, checked as far as that is possible before the data is opened."""
    for name in ("variant", "data"):
        if name not in asked:
            raise Usage(f"Say what to train on: --{name} is missing." if name == "data" else "Say which detector: --variant is missing.")
    entry = api.variant_of(asked["variant"])
    if "images" in asked and "epochs" in asked:
        raise Usage("Give either --images or --epochs.")
    device_of(asked.get("device", "auto"))
    plan = Run(**asked)
    (entry.tiny if plan.size == "tiny" else entry.recipe).but(**plan.changes).check()
    return plan


def _once(folder: RunFolder, plan: Run) -> None:
    """Create the folder in the first process only; `accelerate launch` starts several."""
    from accelerate import PartialState

    with PartialState(cpu=plan.device == "cpu").main_process_first():
        if PartialState().is_main_process:
            folder.create(plan)


class Console:
    """A progress bar with the time left, and a line at every evaluation."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def on_start(self, trainer: Any) -> None:
        if trainer.accelerator.is_main_process:
            print(f"{trainer.run.variant} on {trainer.run.data}: {trainer.steps:,} steps of {trainer.run.batch} pictures, "
                  f"{trainer.accelerator.device}, {trainer.accelerator.num_processes} process(es)")
            self.bar = tqdm(total=trainer.steps, initial=trainer.step, unit="step", mininterval=1.0, smoothing=0.05,
                            disable=not sys.stderr.isatty())

    def on_step(self, trainer: Any, **_: Any) -> None:
        if self.bar is not None:
            self.bar.update(1)

    def on_evaluation(self, trainer: Any, results: dict[str, Any]) -> None:
        if self.bar is not None:
            numbers = ", ".join(f"{name} {percent(results[name])}" for name in ("AP", "AP50", "AP75"))
            self.bar.write(f"step {trainer.step:,}: {numbers}")

    def on_end(self, trainer: Any, state: str, reason: str) -> None:
        if self.bar is not None:
            self.bar.close()
            print(f"{state}{': ' + reason if reason else ''} after step {trainer.step:,}; best AP {percent(trainer.best.get('AP'))}; "
                  f"weights in {trainer.folder.path}")
