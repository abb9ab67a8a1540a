"""Command line: write scenes as a COCO-format folder."""

import argparse
import sys
from pathlib import Path

from .folder import write
from .generate import SEED


def main(arguments: list[str] | None = None) -> None:
    """Write the training and validation pictures that were asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m detr_core.data.scenes",
        description="Write generated scenes as a COCO-format folder: images/, instances_train.json, instances_val.json. "
        "The same numbers give the same pictures everywhere.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; made when missing")
    parser.add_argument("--train", type=int, default=0, metavar="N", help="number of training pictures")
    parser.add_argument("--val", type=int, default=0, metavar="M", help="number of validation pictures")
    parser.add_argument("--size", type=int, default=320, metavar="S", help="side of the square pictures in pixels (default 320)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"which series of scenes (default {SEED}, the standard one)")
    chosen = parser.parse_args(arguments)
    if chosen.train < 1 and chosen.val < 1:
        parser.error("nothing to write: give --train N, --val M or both")

    def show(done: int, count: int) -> None:
        end = "\n" if done == count else ""
        print(f"\r{done}/{count}", end=end, file=sys.stderr, flush=True)

    for split, count in (("train", chosen.train), ("val", chosen.val)):
        if count > 0:
            try:
                print(write(chosen.out, split, count, chosen.size, chosen.seed, show))
            except (ValueError, OSError) as problem:
                parser.exit(1, f"{problem}\n")


if __name__ == "__main__":
    main()
