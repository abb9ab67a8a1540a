"""`evaluate`: COCO's numbers."""
from __future__ import annotations

import argparse
import json
from typing import Any

from .. import api
from ..benchmark.published import PUBLISHED
from ..data import open_dataset
from ..detector import Detector
from ..registry import VARIANTS
from ..training.bundle import seen
from .common import Bar, Usage, changes_of, device_argument, device_of, percent, size_changes, table

HELP = """Average precision over a labelled data set, computed by pycocotools.

Without --variant every bundled weights file is measured on the validation pictures of its own data set: with
--markdown that prints the table of the README. Under `accelerate launch` the pictures are shared between processes, one
a GPU, and with as many threads each the numbers are the same to the last digit. Batches hold pictures that the
detector sees at one size, so nothing is padded for another picture's sake and the numbers do not depend on --batch.

COCO's own folder (annotations/instances_val2017.json, val2017/) works as it is, and for --weights coco the authors'
figures are printed below ours."""
EXAMPLES = """examples:
  python -m detr_core evaluate --variant deformable_detr_two_stage --weights scenes --data scenes
  python -m detr_core evaluate --variant detr --weights coco --data ~/coco --batch 4 --workers 4
  accelerate launch --num_processes 4 -m detr_core evaluate --variant detr --weights coco --data ~/coco --workers 4
  python -m detr_core evaluate --markdown"""
TWELVE = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
SHOWN = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variant", metavar="ID", help="which detector; without it, all bundled weights")
    parser.add_argument("--weights", metavar="NAME|FILE|OWNER/REPOSITORY", help="its weights, as in `predict`")
    parser.add_argument("--data", metavar="NAME|FOLDER", help="scenes, trees, or a folder in COCO format; by default what bundled weights "
                        "were trained on")
    parser.add_argument("--split", default="val", help="part of the data set (default: val)")
    parser.add_argument("--size", default="r50", choices=("r50", "tiny"), help="recipe of foreign files; files of this project know theirs")
    size_changes(parser)
    device_argument(parser)
    parser.add_argument("--batch", type=int, default=8, help="pictures at a time (default: 8)")
    parser.add_argument("--workers", type=int, default=0, help="processes that read pictures (default: 0)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything as JSON: twelve numbers, classes, loose overlaps")
    form.add_argument("--markdown", action="store_true", help="print a Markdown table")


def run(options: argparse.Namespace) -> None:
    from accelerate import PartialState

    found, state = [], PartialState(cpu=options.device == "cpu")
    device = device_of(options.device) if state.num_processes == 1 else state.device
    for variant, weights, name in _tasks(options):
        detector = api.load(variant, weights, device, options.size, **changes_of(options.changes))
        found.append({"variant": variant, "weights": weights, "data": name, "card": detector.card, **_measure(detector, name, options)})
    if not state.is_main_process:
        return
    if options.json:
        print(json.dumps(found if options.variant is None else found[0], indent=1))
    elif options.variant is None or options.markdown:
        print(table(overview(found), options.markdown))
    else:
        print(report(found[0]))


def _tasks(options: argparse.Namespace) -> list[tuple[str, str, str]]:
    """(variant, weights, data set) of everything to measure."""
    if options.variant is None:
        tasks = [(id, name, options.data or name) for id in VARIANTS for name in api.bundled(id)]
        if options.weights:
            raise Usage(f"Say which detector --weights {options.weights} are for: --variant ID.")
        if not tasks:
            raise Usage("No weights are bundled: give --variant and --weights.")
        return tasks
    api.variant_of(options.variant)
    if not options.weights:
        known = ", ".join(api.bundled(options.variant)) or "coco"
        raise Usage(f"Say which weights of {options.variant}: --weights NAME, for example {known}.")
    data = options.data or (options.weights if options.weights in api.bundled(options.variant) else None)
    if data is None:
        raise Usage("Say what to measure on: --data scenes, --data trees or --data FOLDER.")
    return [(options.variant, options.weights, data)]


def _measure(detector: Detector, name: str, options: argparse.Namespace) -> dict[str, Any]:
    from accelerate import PartialState

    from ..training.evaluate import evaluate, silent

    progress = Bar(f"{detector.recipe.name} on {name}") if PartialState().is_main_process else silent
    return evaluate(detector, open_dataset(name, options.split), options.batch, workers=options.workers, progress=progress)


def overview(found: list[dict[str, Any]]) -> list[list[str]]:
    """One row a detector."""
    rows = [["variant", "data", *SHOWN[:6], "pictures seen", "started from"]]
    for one in found:
        card = one["card"]
        pictures = f"{images:,}" if (images := seen(card)) else ""
        rows.append([one["variant"], one["data"], *(percent(one[n]) for n in SHOWN[:6]), pictures,
                     str(card.get("warm_start") or "random numbers")])
    return rows


def report(one: dict[str, Any]) -> str:
    """Everything about one detector, for a terminal; the authors' figures stand below ours where the weights are theirs."""
    published = PUBLISHED.get(one["variant"], {}) if one["weights"] == "coco" else {}
    rows = [["", *TWELVE], ["here", *(percent(one[n]) for n in TWELVE)]]
    numbers = table(rows + ([["published", *(f"{published[n]:.1f}" if n in published else "-" for n in TWELVE)]] if published else []))
    loose = table([["overlap", *one["loose"]], ["AP", *(percent(v) for v in one["loose"].values())]])
    ranked = sorted(one["classes"].items(), key=lambda pair: -(pair[1] if pair[1] is not None else -1))
    classes = table([["class", "AP"], *([name, percent(value)] for name, value in ranked)])
    speed = f"{one['pictures']} pictures in {one['seconds']:.1f} s"
    return f"{one['variant']}, weights {one['weights']}, on {one['data']}\n\n{numbers}\n\n{loose}\n\n{classes}\n\n{speed}"
