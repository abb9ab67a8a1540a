"""`weights`: the bundled weights, made again."""
from __future__ import annotations

import argparse
from pathlib import Path

from .. import api
from ..training.bundle import DATA, PLANS, Task, tasks
from ..training.run import Run
from .common import Bar, Usage, percent
from .train import Console

HELP = """Train the tiny detectors whose weights come with the project, on `scenes` and then, from those, on `trees`, and put
them under assets/weights. Finished ones are skipped; an interrupted one goes on from its checkpoint. Budgets are in
pictures seen and written on each file's card. Several of these commands may run side by side with different --variants."""
EXAMPLES = """examples:
  python -m detr_core weights --dry-run
  python -m detr_core weights --variants detr deformable_detr --data scenes"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variants", nargs="+", default=[], metavar="ID", help="only these (default: all)")
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=tuple(PLANS), help="only these data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs/weights"), metavar="FOLDER",
                        help="where the runs are kept (default: runs/weights)")
    parser.add_argument("--share", type=float, default=1.0, help="part of the usual budget, e.g. 0.1 for a quick look (default: 1)")
    parser.add_argument("--again", action="store_true", help="train finished ones again, from the start")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be done")


def run(options: argparse.Namespace) -> int:
    if options.share <= 0:
        raise Usage(f"--share {options.share} leaves no budget: choose a number above 0.")
    for variant in options.variants:
        api.variant_of(variant)
    return make(tasks(options.runs, tuple(options.variants), tuple(options.data), options.share), options.again, options.dry_run)


def make(wanted: list[Task], again: bool = False, dry_run: bool = False) -> int:
    """Train what is not finished, one after the other, and bundle it; 1 when a stop was asked for."""
    from ..training.session import train

    for task in wanted:
        if task.finished and not again:
            print(f"{task.run.variant} on {task.run.data}: finished")
            continue
        verb = "goes on" if task.begun and not again else "starts"
        print(f"{task.run.variant} on {task.run.data}: {verb}, {task.run.images:,} pictures\n  {task.run.command()}")
        if dry_run:
            continue
        plan = prepared(task, again)
        state = train(plan, task.folder, task.folder.checkpoint.exists(), Bar("features"), (Console(),), task.history)
        if state != "finished":
            print(f"{state}: the same command goes on from here")
            return 1
        card = task.publish()
        print(f"{task.target.name}: AP {percent(card['AP'])}, AP50 {percent(card['AP50'])}")
    return 0


def prepared(task: Task, again: bool) -> Run:
    """The folder's own plan when it is to be gone on with, else a fresh folder."""
    if task.folder.path.exists():
        if not again and task.begun and task.folder.run() == task.run:
            return task.run
        raise_if_foreign(task)
        task.folder.clear()
    task.folder.create(task.run)
    return task.run


def raise_if_foreign(task: Task) -> None:
    """Never delete a folder that is not a run."""
    if any(task.folder.path.iterdir()) and not (task.folder.path / "run.json").exists():
        raise Usage(f"{task.folder.path} is not a run's folder: choose another --runs.")
