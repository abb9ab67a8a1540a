"""`python -m app.make_statistics` stores what the query slots of all bundled weights do over a set; `--check` says what is out of date.

The set is the beginning of the weights' own validation set, which the detector was not trained on.
"""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from .make_runs import ASSETS, fingerprint
from .runs import Run
from .slots import coarse, joined, slots

FOLDER = ASSETS / "statistics"
PICTURES = 64


def wanted() -> list[tuple[str, str]]:
    """(variant, weights) of all bundled weights."""
    import detr_core

    return [(variant, weights) for variant in detr_core.VARIANTS for weights in detr_core.bundled(variant)]


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of stored statistics that are missing, superfluous or made with other weights."""
    names = {"--".join(row): row for row in wanted()}
    stored = {path.stem: path for path in folder.glob("*.npz")}
    aged = {name for name in names.keys() & stored.keys()
            if Run.load(stored[name], name).facts.get("fingerprint") != fingerprint(*names[name])}
    return sorted((names.keys() ^ stored.keys()) | aged)


def pictures(data: str, count: int) -> Iterator[Image.Image]:
    """The first pictures of a validation set."""
    from detr_core.data.named import open_dataset

    found = open_dataset(data, "val")
    for index in range(min(count, len(found))):
        yield found[index][0]


def make(folder: Path, names: list[str], count: int = PICTURES) -> None:
    """Run the set through the detectors of these names and store what their slots did."""
    from .network import Network

    network = Network(models=1)
    folder.mkdir(parents=True, exist_ok=True)
    for variant, weights in wanted():
        if (name := f"{variant}--{weights}") not in names:
            continue
        runs = (Run("", *network.inspect(image, variant, weights)) for image in pictures(weights, count))
        record = coarse(joined([slots(run) for run in runs]))
        record.facts["fingerprint"] = fingerprint(variant, weights)
        record.save(folder / f"{name}.npz")
        print(f"{name}: {record.facts['pictures']} pictures, {(folder / f'{name}.npz').stat().st_size / 1024:.0f} kB")
    for path in folder.glob("*.npz"):
        if tuple(path.stem.split("--")) not in wanted():
            path.unlink()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m app.make_statistics", description=__doc__)
    parser.add_argument("--check", action="store_true", help="make nothing; exit with 1 where stored statistics are out of date")
    parser.add_argument("--all", action="store_true", help="make all anew, not only what is out of date")
    chosen = parser.parse_args(arguments)
    aged = stale()
    if chosen.check:
        print("\n".join(aged) or "All stored statistics are up to date.")
        return int(bool(aged))
    make(FOLDER, ["--".join(row) for row in wanted()] if chosen.all else aged)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
