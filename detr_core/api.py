"""The two calls that give a detector: `build` a recipe, `load` trained weights into it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .backbones import ASSETS
from .checkpoint import SUFFIXES, CheckpointError, check_parts, describe, load_state, read_file
from .coco_names import COCO_NAMES
from .detector import Detector
from .hub import fetch, from_hub
from .registry import VARIANTS, Variant


def variant_of(id: str) -> Variant:
    """The registered variant of this id; ValueError with the known ones where there is none."""
    if id not in VARIANTS:
        raise ValueError(f"There is no variant {id!r}: choose one of {', '.join(VARIANTS)}.")
    return VARIANTS[id]


def build(id: str, size: str = "r50", names: tuple[str, ...] = (), **changes: Any) -> Detector:
    """A detector with fresh weights: the paper's ResNet-50 recipe (`size="r50"`) or the tiny one.

    `changes` are recipe fields, e.g. `classes=5, queries=50`; `names` are the class names by index.
    """
    entry = variant_of(id)
    if size not in ("r50", "tiny"):
        raise ValueError(f"There is no size {size!r}: choose 'r50' or 'tiny'.")
    if names and changes.setdefault("classes", len(names)) != len(names):
        raise ValueError(f"{len(names)} names came for {changes['classes']} classes: give one name a class.")
    recipe = (entry.recipe if size == "r50" else entry.tiny).but(**changes)
    return Detector(recipe, names or (COCO_NAMES if recipe.classes == len(COCO_NAMES) else ()))


def bundled(id: str) -> dict[str, Path]:
    """{data set: file} of the weights that come with the project."""
    return {path.parent.name: path for path in sorted((ASSETS / "weights").glob(f"*/{variant_of(id).id}.safetensors"))}


def load(id: str, weights: str | Path, device: str | torch.device = "cpu", size: str = "r50", **changes: Any) -> Detector:
    """A detector with trained weights, ready to predict.

    `weights` is the name of bundled weights ("scenes", "trees"), of published ones ("coco"), the path of a
    `.safetensors` or `.pth` file, or a Hugging Face repository ("owner/name"). Files of this project carry their own
    recipe; for others `size` and `changes` say which recipe they were made with.
    """
    entry = variant_of(id)
    path, found = locate(entry, str(weights), size)
    if "classes" in changes:
        found.pop("names", None)
    changes = {**found, **changes}
    state, metadata = read_file(path)
    return _assemble(entry, state, metadata, path.name, size, changes).to(device).eval()


def locate(entry: Variant, weights: str, size: str = "r50") -> tuple[Path, dict[str, Any]]:
    """The file that a name, path or repository means, and what is known of its recipe; downloads it when it has to."""
    recipe, published, path = entry.recipe if size == "r50" else entry.tiny, entry.published or {}, Path(weights)
    if weights in bundled(entry.id):
        return bundled(entry.id)[weights], {}
    if weights in published:
        return fetch(published[weights], recipe)
    if path.exists():
        return path, {}
    if weights.count("/") == 1 and not weights.startswith(("/", ".", "~")) and path.suffix not in SUFFIXES:
        return from_hub(weights, recipe)
    names = [*bundled(entry.id), *published]
    by_hand = f"; what its authors released, see https://github.com/{entry.paper.code}, loads by its path" if entry.paper.code else ""
    raise CheckpointError(f"There are no weights {weights!r} for {entry.id!r}: give a file, a Hugging Face repository or one of "
                          f"{', '.join(names) or '(none bundled)'}{'' if 'coco' in published else by_hand}.")


def _assemble(entry: Variant, state: dict, metadata: dict[str, str], source: str, size: str, changes: dict[str, Any]) -> Detector:
    told = describe(metadata, entry.id, source)
    if told is None:
        detector = build(entry.id, size, **changes)
    else:
        names = changes.pop("names", () if "classes" in changes else tuple(told["names"]))
        classes = {"classes": len(names)} if names else {}
        detector = build(entry.id, told["size"], names, **{**told["recipe"], **classes, **changes})
        check_parts(detector.recipe, told["parts"], source)
        detector.card = told["card"]
    load_state(detector, state, source)
    return detector
