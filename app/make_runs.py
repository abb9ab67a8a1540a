"""`python -m app.make_runs` stores the runs the app opens with, from the bundled weights; `--check` says which are out of date.

Every example by the opening detector, and the opening example by every detector that has weights for its kind of picture.
"""
from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .pictures import Pictures
from .runs import Run

ASSETS = Path(__file__).resolve().parent.parent / "assets"
GRAIN = 4096                                        # of stored places and weights: a tenth of a pixel, and half the bytes


def wanted(pictures: Pictures, model: str) -> Iterator[tuple[str, str, str]]:
    """(example, variant, weights) of every run that is to be stored and can be."""
    import detr_core

    for place, example in enumerate(pictures.examples):
        for variant in detr_core.VARIANTS if place == 0 else (model,):
            if example["data"] in detr_core.bundled(variant):
                yield example["id"], variant, example["data"]


def fingerprint(variant: str, weights: str) -> str:
    """Of the weights file a run was made with."""
    import detr_core

    return hashlib.sha256(detr_core.bundled(variant)[weights].read_bytes()).hexdigest()


def stale(folder: Path, model: str) -> list[str]:
    """Names of stored runs that are missing, superfluous or made with other weights."""
    names = {"--".join(row): row for row in wanted(Pictures(ASSETS / "examples"), model)}
    stored = {path.stem: path for path in folder.glob("*.npz")}
    aged = {name for name in names.keys() & stored.keys()
            if Run.load(stored[name], name).facts.get("fingerprint") != fingerprint(*names[name][1:])}
    return sorted((names.keys() ^ stored.keys()) | aged)


def make(folder: Path, model: str) -> None:
    """Run, store, and say where a visitor starts."""
    from .network import Network

    network, pictures = Network(models=1), Pictures(ASSETS / "examples")
    for path in folder.glob("*.npz"):
        path.unlink()
    for example, variant, weights in wanted(pictures, model):
        picture = pictures.get(f"example:{example}")
        facts, arrays = network.inspect(picture.image, variant, weights)
        drawn = (".locations", "cross_attention.weights", ".centre", ".deviation", "numbers.scale", "tokens.received")
        arrays |= {name: _coarse(array) for name, array in arrays.items() if name.endswith(drawn)}
        run = Run("", {"picture": picture.facts, **facts, "fingerprint": fingerprint(variant, weights)}, arrays)
        path = folder / f"{example}--{variant}--{weights}.npz"
        run.save(path)
        print(f"{path.name}: {len(run.detections(0.5))} objects, {path.stat().st_size / 1024:.0f} kB")
    first = pictures.examples[0]
    opening = {"picture": f"example:{first['id']}", "model": model, "weights": first["data"]}
    (folder / "opening.json").write_text(json.dumps(opening) + "\n")


def _coarse(array: np.ndarray) -> np.ndarray:
    return (np.round(array * GRAIN) / GRAIN).astype(array.dtype) if array.dtype.kind == "f" else array


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m app.make_runs", description=__doc__)
    parser.add_argument("--model", default="deformable_detr_two_stage", help="the detector the app opens with (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="make nothing; exit with 1 where a stored run is out of date")
    chosen = parser.parse_args(arguments)
    folder = ASSETS / "runs"
    if chosen.check:
        names = stale(folder, chosen.model)
        print("\n".join(names) or "All stored runs are up to date.")
        return int(bool(names))
    make(folder, chosen.model)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
