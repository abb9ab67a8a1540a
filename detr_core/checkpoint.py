"""Reading weights: ours, the authors', Hugging Face's. Every tensor is used or refused by name."""
from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .detector import Detector
from .names import Translation
from .registry import VARIANTS

CLASS_HEADS = ("decoder.class_heads.", "query_init.score.")


class CheckpointError(ValueError):
    """A weights file cannot be used; the message says why and what to do."""


def read_file(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and text metadata of a `.safetensors`, `.pth`, `.pt` or `.bin` file; pickled code is never run."""
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"There is no weights file {path.name!r}: check the path.")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, SafetensorError, UnicodeDecodeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(f"{path.name!r} is not a weights file that can be read safely ({reason[:160]}): save its state dict "
                              "as .safetensors and try again.") from error
    for key in ("model", "state_dict"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise CheckpointError(f"{path.name!r} holds no state dict: expected names with tensors, alone or under 'model'.")
    return {str(name): tensor for name, tensor in loaded.items()}, {}


def save(detector: Detector, path: str | Path, dtype: torch.dtype = torch.float16, backbone: bool = True) -> None:
    """Write weights with everything that is needed to build the detector again in the file's metadata."""
    state = detector.state_dict() if backbone else detector.backbone_free_state()
    state = {name: (t.to(dtype) if t.is_floating_point() else t).contiguous().cpu() for name, t in state.items()}
    metadata = {"variant": detector.recipe.name, "recipe": json.dumps(detector.recipe.sizes()), "names": json.dumps(detector.names),
                "card": json.dumps(detector.card), "format": "detr-atlas"}
    save_file(state, path, metadata)


def translate(state: Mapping[str, Tensor], detector: Detector) -> dict[str, Tensor]:
    """Names of the authors' or Hugging Face's checkpoint -> ours; names that are ours already stay."""
    ours = detector.state_dict().keys()
    if any(name in ours for name in state):
        return dict(state)
    try:
        renamed, unknown = Translation(VARIANTS[detector.recipe.name].names, detector.recipe)(state)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    return {**renamed, **{name: state[name] for name in unknown}}


def _list(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def load_state(detector: Detector, state: Mapping[str, Tensor], source: str = "the file") -> list[str]:
    """Load every tensor or raise CheckpointError that names what is missing, unexpected or mis-shaped.

    A file of another class count keeps all but the class heads; their names are returned and a warning says so.
    """
    state, wanted = translate(state, detector), detector.state_dict()
    missing = [n for n in wanted if n not in state and not n.startswith("backbone.")]
    if any(n.startswith("backbone.") for n in state):
        missing += [n for n in wanted if n not in state and n.startswith("backbone.")]
    unexpected = [n for n in state if n not in wanted]
    shapes = [n for n in state if n in wanted and state[n].shape != wanted[n].shape]
    heads = [n for n in shapes if n.startswith(CLASS_HEADS)]
    shapes = [n for n in shapes if n not in heads]
    problems = [f"{what}: {_list(names)}" for what, names in (("missing", missing), ("unexpected", unexpected), (
        "mis-shaped", [f"{n} {tuple(state[n].shape)} for {tuple(wanted[n].shape)}" for n in shapes])) if names]
    if problems:
        raise CheckpointError(f"{source} does not fit {detector.recipe.name!r}: {'; '.join(problems)}. Choose the variant and sizes "
                              "that the file was made with.")
    if heads:
        theirs = state[heads[0]].shape[0]
        warnings.warn(f"{source} knows {theirs} class outputs and this detector {wanted[heads[0]].shape[0]}: everything but the class "
                      "heads was loaded, those start anew.", stacklevel=2)
    detector.load_state_dict({n: t for n, t in state.items() if n not in heads}, strict=False)
    return heads
