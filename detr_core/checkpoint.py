"""Reading weights: ours, the authors', Hugging Face's. Every tensor is used or refused by name."""
from __future__ import annotations

import json
import re
import warnings
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from .backbones import BundledBackbone
from .detector import Detector
from .names import Translation
from .recipe import SIZES, Recipe
from .registry import VARIANTS

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
CLASS_HEADS = ("decoder.class_heads.", "encoder.class_heads.", "query_init.score.", "schemes.")      # schemes: label tables of denoising
FORMAT = "detr-atlas"


class CheckpointError(ValueError):
    """A weights file cannot be used; the message says why and what to do."""


def _reason(error: Exception) -> str:
    """Why a file could not be read, without the advice of libraries to read it unsafely."""
    if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
        return f"it asks for {found[1][:80]}, which is code"
    return "it is damaged or of another kind"


def read_file(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and text metadata of a `.safetensors`, `.pth`, `.pt` or `.bin` file; pickled code is never run."""
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"There is no weights file {path.name!r}: check the path.")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})
        with torch.serialization.safe_globals([Namespace]):         # the authors keep their arguments beside the weights
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:                                      # a broken file can trip its reader in any way
        raise CheckpointError(f"{path.name!r} is not a weights file that can be read safely ({_reason(error)}): save its state dict "
                              "as .safetensors and try again.") from error
    return _tensors(loaded, path.name), {}


def _tensors(loaded: Any, source: str) -> dict[str, Tensor]:
    """The state dict of what was unpickled, alone or under the usual keys."""
    for key in ("model", "state_dict"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    values = loaded.values() if isinstance(loaded, Mapping) else ()
    if not values or not all(isinstance(v, Tensor) and v.layout is torch.strided for v in values):
        raise CheckpointError(f"{source!r} holds no state dict: expected names with tensors, alone or under 'model'.")
    names = [str(name) for name in loaded]
    wrapped = "module." if all(name.startswith("module.") for name in names) else ""       # saved from a distributed run
    return {name.removeprefix(wrapped): tensor for name, tensor in zip(names, values)}


def _base(recipe: Recipe) -> tuple[str, Recipe]:
    """Which of the variant's two recipes this one was made from."""
    entry = VARIANTS[recipe.name]
    size = "tiny" if recipe.backbone.make is entry.tiny.backbone.make else "r50"
    return size, entry.tiny if size == "tiny" else entry.recipe


def _other_parts(recipe: Recipe) -> dict[str, str]:
    """{slot: part} where a recipe has other parts than its variant; what only training uses is left out."""
    changed = _base(recipe)[1].difference(recipe)
    return {slot: repr(mine) for slot, (mine, _) in changed.items() if slot not in SIZES and slot not in ("objective", "schemes")}


def save(detector: Detector, path: str | Path, dtype: torch.dtype = torch.float16, backbone: bool = True) -> None:
    """Write weights with everything that is needed to build the detector again in the file's metadata."""
    state = detector.state_dict() if backbone else detector.backbone_free_state()
    state = {name: (t.to(dtype) if t.is_floating_point() else t).contiguous().cpu() for name, t in state.items()}
    recipe = detector.recipe
    texts = {"recipe": recipe.sizes(), "parts": _other_parts(recipe), "names": detector.names, "card": detector.card}
    metadata = {"format": FORMAT, "variant": recipe.name, "size": _base(recipe)[0], **{key: json.dumps(v) for key, v in texts.items()}}
    save_file(state, path, metadata)


def describe(metadata: Mapping[str, str], id: str, source: str) -> dict[str, Any] | None:
    """What a file of this project says of its detector ("size", "recipe", "parts", "names", "card"); None for others' files."""
    if metadata.get("format") != FORMAT:
        return None
    if metadata.get("variant") != id:
        raise CheckpointError(f"{source} holds weights of {str(metadata.get('variant'))[:60]!r}, not of {id!r}: load that variant.")
    try:
        told = {key: json.loads(metadata[key]) for key in ("recipe", "names", "card")}
        told |= {"parts": json.loads(metadata.get("parts", "{}")), "size": metadata.get("size", "tiny")}
        if unknown := set(told["recipe"]) - set(SIZES):
            raise ValueError(f"unknown sizes {_list(sorted(unknown))}")
        kinds = all(isinstance(v, int | float) and 0 <= v <= 1e6 for v in told["recipe"].values()) and told["size"] in ("r50", "tiny")
        if not (kinds and all(isinstance(name, str) for name in told["names"]) and isinstance(told["card"], dict)):
            raise TypeError("values of other kinds")
        told["parts"] = {str(slot): str(name) for slot, name in told["parts"].items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{source} has a damaged description of its detector ({error}): save it again.") from error
    return told


def check_parts(recipe: Recipe, parts: Mapping[str, str], source: str) -> None:
    """Raises CheckpointError where the file was made with a part that `recipe` has not: its tensors might fit and mean something else."""
    mine = _other_parts(recipe)
    wrong = [slot for slot in {**parts, **mine} if parts.get(slot) != mine.get(slot)]
    if wrong:
        wanted = ", ".join(f"{slot}={parts.get(slot, 'the default')[:100]}" for slot in wrong)
        raise CheckpointError(f"{source} was made with other parts: load it with {wanted}.")


def translate(state: Mapping[str, Tensor], detector: Detector) -> dict[str, Tensor]:
    """Names of the authors' or Hugging Face's checkpoint -> ours; a file whose names are mostly ours stays as it is."""
    ours = detector.state_dict().keys()
    telling = [name for name in state if not name.startswith("backbone.")] or list(state)       # some authors name the backbone as we do
    if 2 * sum(name in ours for name in telling) >= len(telling):
        return dict(state)
    try:
        renamed, unknown = Translation(VARIANTS[detector.recipe.name].names, detector.recipe, ours)(state)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    return {**renamed, **{name: state[name] for name in unknown}}


def _list(names: list[str]) -> str:
    return ", ".join(name[:100] for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def load_state(detector: Detector, state: Mapping[str, Tensor], source: str = "the file") -> list[str]:
    """Load every tensor or raise CheckpointError that names what is missing, unexpected or mis-shaped.

    A file of another class count keeps all but the class heads; their names are returned and a warning says so.
    """
    state, wanted = translate(state, detector), detector.state_dict()
    bundled = isinstance(detector.backbone, BundledBackbone) and not any(n.startswith("backbone.") for n in state)
    missing = [n for n in wanted if n not in state and not (bundled and n.startswith("backbone."))]
    unexpected = [n for n in state if n not in wanted and not n.startswith("schemes.")]      # a detector may train without them
    shapes = [n for n in state if n in wanted and state[n].shape != wanted[n].shape]
    heads = sorted(n for n in shapes if n.startswith(CLASS_HEADS) and state[n].shape[1:] == wanted[n].shape[1:])
    shapes = [f"{n} {tuple(state[n].shape)} for {tuple(wanted[n].shape)}" for n in shapes if n not in heads]
    found = {"missing": missing, "unexpected": unexpected, "mis-shaped": shapes}
    if problems := [f"{what}: {_list(names)}" for what, names in found.items() if names]:
        raise CheckpointError(f"{source} does not fit {detector.recipe.name!r}: {'; '.join(problems)}. Choose the variant and sizes "
                              "that the file was made with.")
    if heads:
        theirs = state[heads[0]].shape[0]
        warnings.warn(f"{source} knows {theirs} class outputs and this detector {wanted[heads[0]].shape[0]}: everything but the class "
                      "heads was loaded, those start anew.", stacklevel=2)
    detector.load_state_dict({n: t for n, t in state.items() if n not in heads}, strict=False)
    return heads
