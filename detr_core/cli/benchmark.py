"""`benchmark`: detectors side by side, how fast they learn and how fast they run."""
from __future__ import annotations

import argparse
import shlex
from functools import partial
from pathlib import Path

from .. import api
from ..backbones import ASSETS
from .benchmark_tables import PARTS
from .common import Bar, Usage, percent, table

HELP = """--convergence trains every variant's tiny size from random numbers under one budget: the same pictures in the same order
with the same augmentation, the same frozen backbone, the same optimizer. A budget is a number of pictures seen
(--budget) and, separately, a time (--seconds). The backbone's features are computed once and kept in
$DETR_ATLAS_CACHE (default: ~/.cache/detr_atlas). Finished runs are skipped and an interrupted one goes on from its
checkpoint, so that the same command can be given again at any time and for new variants. FOLDER/convergence.json holds
every evaluation, FOLDER/weights the detectors in half precision. With --bundled the weights that the app opens with are
made by the same command.

--speed times every variant's ResNet-50 size on one picture: preparing it, the network, reading its output, and the
memory that the network needs. Where transformers is installed and has the same detector, both get the same weights and
take turns in one process: read the ratios. A training step and the matcher are timed the same way. A file given with
--json, and the published table, keep what earlier runs on the same machine measured, so that a table can be made
detector by detector.

--counts prints parameters and multiply-adds of the ResNet-50 sizes beside the printed ones."""
EXAMPLES = """examples:
  python -m detr_core benchmark --convergence --dry-run
  python -m detr_core benchmark --convergence --variants detr dino --data scenes --budget 4000 --out runs/benchmark
  python -m detr_core benchmark --convergence --budget 0 --seconds 300 --seeds 3
  python -m detr_core benchmark --convergence --data scenes --budget 6000 --seconds 120 --bundled runs/weights --publish
  python -m detr_core benchmark --speed --variants detr deformable_detr --sizes 640x640 800x1066 --rounds 3
  python -m detr_core benchmark --speed --parts matcher"""
PUBLISHED = ASSETS / "benchmark"


def arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--convergence", action="store_true", help="how fast the variants learn")
    what.add_argument("--speed", action="store_true", help="how fast they run")
    what.add_argument("--counts", action="store_true", help="how large they are, beside what was printed")
    parser.add_argument("--variants", nargs="+", default=[], metavar="ID", help="only these (default: all)")
    learn = parser.add_argument_group("convergence")
    learn.add_argument("--data", nargs="+", default=["scenes", "trees"], choices=("scenes", "trees"), help="what to learn (default: both)")
    learn.add_argument("--budget", type=int, default=16_000, metavar="IMAGES",
                       help="pictures every detector sees; 0 for no such runs (default: 16000)")
    learn.add_argument("--seconds", type=float, default=0, metavar="S", help="and runs of so many seconds of training each (default: none)")
    learn.add_argument("--seeds", type=int, default=1, metavar="N", help="runs a variant: other weights and another order (default: 1)")
    learn.add_argument("--out", type=Path, default=Path("runs/benchmark"), metavar="FOLDER", help="default: runs/benchmark")
    learn.add_argument("--bundled", type=Path, metavar="RUNS",
                       help="also make the bundled weights, each with a budget of its own, and tell of their runs: `python -m detr_core "
                            "weights --runs RUNS`, where what is finished is skipped as well")
    learn.add_argument("--pace", type=int, default=0, metavar="ROUNDS",
                       help="afterwards time all detectors in turns, and tell all seconds by that; on a quiet machine (default: 0, the "
                            "seconds that the runs took)")
    learn.add_argument("--dry-run", action="store_true", help="only print what would be done")
    parser.add_argument("--publish", action="store_true", help="also put the table among the assets, where the app's page reads it")
    run_fast = parser.add_argument_group("speed")
    run_fast.add_argument("--sizes", nargs="+", default=["640x640"], metavar="HxW",
                          help="heights and widths of the picture (default: 640x640)")
    run_fast.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to time (default: all three)")
    run_fast.add_argument("--rounds", type=int, default=5, help="turns of each side; medians are reported (default: 5)")
    run_fast.add_argument("--clock", choices=("wall", "processor"), default="wall",
                          help="wall, or the processor's time of this process, with --threads 1 on a busy machine (default: wall)")
    run_fast.add_argument("--threads", type=int, help="threads of PyTorch")
    run_fast.add_argument("--precisions", nargs="+", choices=("float32", "bfloat16"), help="of ours (default: float32, and bfloat16 where "
                          "the processor has it)")
    run_fast.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    run_fast.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to this file; speed is added to it")


def run(options: argparse.Namespace) -> int:
    for variant in options.variants:
        api.variant_of(variant)
    if options.convergence:
        return convergence(options)
    from . import benchmark_tables

    return (benchmark_tables.speed if options.speed else benchmark_tables.counts)(options, PUBLISHED)


def convergence(options: argparse.Namespace) -> int:
    """All runs one after another; 1 when a stop was asked for, 0 when everything is finished."""
    from ..benchmark.bundled import rows
    from ..benchmark.convergence import prepared, publish, run_entry, time_all
    from ..benchmark.plan import entries
    from ..benchmark.result import Writer, collect
    from ..training.bundle import tasks
    from .train import Console
    from .weights import make

    if options.budget < 0 or options.seconds < 0 or options.seeds < 1 or not (options.budget or options.seconds or options.bundled):
        raise Usage("Give a budget: --budget IMAGES, --seconds S, or both, and at least one seed.")
    if options.bundled and make(tasks(options.bundled, tuple(options.variants)), dry_run=options.dry_run):
        return 1
    kinds = (["images"] if options.budget else []) + (["seconds"] if options.seconds else [])
    wanted = [e for kind in kinds for e in entries(options.out, kind, options.variants, options.data, options.seeds)]
    further = rows(options.bundled) if options.bundled else []
    writer = Writer(partial(collect, options.out, command(options), options.seconds, further), options.out / "convergence.json")
    for number, entry in enumerate(wanted, 1):
        said = f"[{number}/{len(wanted)}] {entry.variant} on {entry.data}, seed {entry.seed}, equal {entry.budget}"
        if entry.finished and entry.weights.exists():
            print(f"{said}: finished")
            continue
        print(f"{said}: {'goes on' if entry.folder.checkpoint.exists() else 'starts'}", flush=True)
        if options.dry_run:
            continue
        plan = prepared(entry, options.budget, options.seconds, Bar("features"))
        if (state := run_entry(entry, plan, Bar("features"), (Console(), writer))) != "finished":
            print(f"{state}: the same command goes on from here")
            return 1
        writer.write()
    if not options.dry_run:
        if options.pace:
            time_all(options.out, options.pace, Bar("features"))
        writer.write()
        print(summary(writer.collected()))
        if options.publish:
            publish(writer.path, PUBLISHED / writer.path.name)
    return 0


def command(options: argparse.Namespace) -> str:
    """The command that anyone can repeat: without the folder, which is this machine's."""
    words = ["python", "-m", "detr_core", "benchmark", "--convergence"] + (["--variants", *options.variants] if options.variants else [])
    numbers = [("--budget", options.budget), ("--seconds", options.seconds), ("--seeds", options.seeds)]
    words += ["--data", *options.data, *(word for name, value in numbers for word in (name, f"{value:g}"))]
    return shlex.join([*words, *(["--bundled", "runs/weights"] if options.bundled else [])])


def summary(result: dict) -> str:
    """The last evaluation of every run."""
    rows = [["variant", "data", "budget", "seed", "pictures", "seconds", "AP", "AP50", "AP75", "parameters", "GMACs"]]
    for row in result["runs"]:
        if row["evaluations"]:
            last, counts = row["evaluations"][-1], result["variants"][row["variant"]]["counts"]
            seconds = f"{last['seconds']:.0f}" if last["seconds"] else "-"
            rows.append([row["variant"], row["data"], row["budget"], str(row["seed"]), f"{last['images']:,}", seconds,
                         *(percent(last[name]) for name in ("AP", "AP50", "AP75")), f"{counts['parameters'] / 1e6:.2f} M",
                         f"{counts['gmacs']:.2f}"])
    return table(rows)
