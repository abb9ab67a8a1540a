"""The two calls that give a detector: `build` a recipe, `load` trained weights into it."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from .backbones import ASSETS
from .checkpoint import CheckpointError, load_state, read_file
from .coco_names import COCO_NAMES
from .detector import Detector
from .hub import fetch, from_hub
from .registry import VARIANTS, Variant


def _variant(id: str) -> Variant:
    if id not in VARIANTS:
        raise ValueError(f"There is no variant {id!r}: choose one of {', '.join(VARIANTS)}.")
    return VARIANTS[id]


def build(id: str, size: str = "r50", names: tuple[str, ...] = (), **changes: Any) -> Detector:
    """A detector with fresh weights: the paper's ResNet-50 recipe (`size="r50"`) or the tiny one.

    `changes` are recipe fields, e.g. `classes=5, queries=50`; `names` are the class names by index.
    """
    entry = _variant(id)
    if size not in ("r50", "tiny"):
        raise ValueError(f"There is no size {size!r}: choose 'r50' or 'tiny'.")
    if names:
        changes.setdefault("classes", len(names))
    recipe = (entry.recipe if size == "r50" else entry.tiny).but(**changes)
    return Detector(recipe, names or (COCO_NAMES if recipe.classes == len(COCO_NAMES) else ()))


def bundled(id: str) -> dict[str, Path]:
    """{data set: file} of the weights that come with the project."""
    return {path.parent.name: path for path in sorted((ASSETS / "weights").glob(f"*/{_variant(id).id}.safetensors"))}


def load(id: str, weights: str | Path, device: str | torch.device = "cpu", size: str = "r50", **changes: Any) -> Detector:
    """A detector with trained weights, ready to predict.

    `weights` is the name of bundled weights ("scenes", "trees"), of published ones ("coco"), the path of a
    `.safetensors` or `.pth` file, or a Hugging Face repository ("owner/name"). Files of this project carry their own
    recipe; for others `size` and `changes` say which recipe they were made with.
    """
    entry = _variant(id)
    published = entry.published or {}
    if str(weights) in bundled(id):
        weights = bundled(id)[str(weights)]
    elif str(weights) in published:
        weights, found = fetch(published[str(weights)], id)
        changes = {**found, **changes}
    elif not Path(weights).exists() and str(weights).count("/") == 1 and not Path(weights).suffix:
        weights, found = from_hub(str(weights))
        changes = {**found, **changes}
    elif not Path(weights).exists():
        names = [*bundled(id), *published]
        raise CheckpointError(f"There are no weights {str(weights)!r} for {id!r}: give a file, a Hugging Face repository or one of "
                              f"{', '.join(names) or '(none bundled)'}.")
    state, metadata = read_file(weights)
    return _assemble(entry, state, metadata, Path(weights).name, size, changes).to(device).eval()


def _assemble(entry: Variant, state: dict, metadata: dict[str, str], source: str, size: str, changes: dict[str, Any]) -> Detector:
    if metadata.get("format") == "detr-atlas":
        if metadata.get("variant") != entry.id:
            raise CheckpointError(f"{source} holds weights of {metadata.get('variant')!r}, not of {entry.id!r}: load that variant.")
        own = any(name.startswith("backbone.body.layer") for name in state)
        sizes = {**json.loads(metadata["recipe"]), **changes}
        names = () if "classes" in changes else tuple(json.loads(metadata["names"]))
        detector = build(entry.id, "r50" if own else "tiny", names, **sizes)
        detector.card = json.loads(metadata["card"])
        state = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    else:
        detector = build(entry.id, size, **changes)
    load_state(detector, state, source)
    return detector
