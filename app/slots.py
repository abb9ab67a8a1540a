"""What a detector's query slots say over many pictures: the few numbers of every run that the statistics page adds up.

Boxes, scores and paths are 16-bit shares of the picture, which is finer than a pixel; pictures are the first axis of every array.
"""
from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .runs import Arrays, Run

GRAIN = 65535


def slots(run: Run) -> tuple[dict[str, Any], Arrays]:
    """Facts and arrays of one picture (P = 1).

    boxes [P, Q, 4] u2 centre and size after the last layer, scores [P, Q] u2 and labels [P, Q] u2 of the best class,
    path [P, steps, Q, 2] u2 the centres: what the first layer looked from, where the detector says so, then every layer's;
    share [P, L, levels] f4 what the layers' cross-attention took from every feature level, where there are several.
    """
    boxes, scores = run.arrays["boxes"], run.arrays["scores"]
    path = boxes[..., :2]
    if "anchors" in run.arrays:
        path = np.concatenate([run.arrays["anchors"][:1, :, :2], path])
    last = scores[-1]
    arrays = {"boxes": _shares(boxes[-1]), "scores": _shares(last.max(-1)), "labels": last.argmax(-1).astype("<u2"), "path": _shares(path)}
    if (share := level_shares(run)) is not None:
        arrays["share"] = share
    facts = {key: run.facts[key] for key in ("variant", "weights", "names", "queries", "layers", "levels")}
    facts |= {"starts": "anchors" in run.arrays, "proposed": "proposals.scores" in run.arrays}
    return facts, {name: array[None] for name, array in arrays.items()}


def level_shares(run: Run) -> np.ndarray | None:
    """[L, levels] f4 mean over queries and heads of the attention that went to every level; None with a single level."""
    found = [_levels(run, f"decoder.layers.{layer}.cross_attention") for layer in range(run.facts["layers"])]
    if any(share is None or len(share) < 2 for share in found):
        return None
    return np.stack(found).astype("<f4")


def _levels(run: Run, path: str) -> np.ndarray | None:
    """Of one attention, by the kind of what it left."""
    view = run.facts["views"].get(path, {"kind": ""})
    if view["kind"] == "points":
        return run.arrays[f"{path}.weights"].sum(-1).mean((0, 1))
    if view["kind"] == "map" and len(view["shapes"]) > 1:
        weights = run.arrays[f"{path}.weights"] * (run.arrays[f"{path}.scale"][..., None] / 255)
        ends = np.cumsum([height * width for height, width in view["shapes"]])[:-1]
        return np.array([part.sum(-1).mean() for part in np.split(weights, ends, -1)])
    return None


def _shares(values: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(np.nan_to_num(values.astype("f4")), 0, 1) * GRAIN).astype("<u2")


def joined(parts: Sequence[tuple[dict[str, Any], Arrays]]) -> Run:
    """Many pictures' numbers as one record that can be saved and loaded like a run."""
    facts = {**parts[0][0], "pictures": len(parts)}
    return Run("", facts, {name: np.concatenate([arrays[name] for _, arrays in parts]) for name in parts[0][1]})


def coarse(record: Run) -> Run:
    """The same in half the bytes of a file: places to a thousandth of the picture, what is not looked at closely to a hundredth."""
    grains = {"boxes": 64, "path": 256, "scores": 256}
    rounded = {name: record.arrays[name] // grain * grain for name, grain in grains.items()}
    return Run("", record.facts, record.arrays | rounded)


@functools.lru_cache(maxsize=8)
def _load(path: Path, _: float) -> Run:
    return Run.load(path, "")


def stored(folder: Path, variant: str, weights: str) -> Run | None:
    """The record of a bundled set, or None; a visitor's text never becomes a path."""
    found = {path.stem: path for path in folder.glob("*--*.npz")}.get(f"{variant}--{weights}")
    return found and _load(found, found.stat().st_mtime)
