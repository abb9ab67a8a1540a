"""Recorded cases of the authors' code: their weights, pictures and targets, made anew, and our detector for them."""
from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import numpy as np
import torch

from detr_core.checkpoint import load_state
from detr_core.detector import Detector
from detr_core.recipe import Recipe
from detr_core.structures import Batch, Targets
from detr_core.variants.dn import Noise
from tests.parity_recipes import recipe_of


def _normal(key: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=zlib.crc32(key.encode()))).standard_normal(tuple(shape), dtype=np.float32)


def tensor(name: str, shape: list[int]) -> np.ndarray:
    """The value of one entry of a state dict, from its name alone."""
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return np.zeros(tuple(shape), dtype=np.int64)
    values = _normal(name, shape)
    if leaf == "running_var":
        return 1 + 0.1 * np.abs(values)
    if len(shape) >= 2:
        return values / np.sqrt(np.prod(shape[1:], dtype=np.float64)).astype(np.float32)
    return 1 + 0.1 * values if leaf == "weight" else 0.1 * values


def state_of(case: dict, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Official names with the values that the recording used."""
    first = {name: names[0] for names in case.get("shared_names") or [] for name in names}
    state = {}
    for name, shape in case["state"]:
        origin = first.get(name, name)
        value = tensor(origin, shape)
        for pattern, factor in (case.get("overrides") or {}).items():
            if re.search(pattern, origin):
                value = value * np.asarray(factor, dtype=value.dtype)
        stored = arrays.get(f"state/{origin}", arrays.get(f"state/{name}"))
        state[name] = torch.as_tensor(value if stored is None else stored)
    return state


def targets_of(count: int, classes: int, per_image: int = 4) -> list[Targets]:
    """The recorded losses' targets."""
    found = []
    for i in range(count):
        rng = np.random.Generator(np.random.Philox(key=1000 + i))
        size = rng.uniform(0.08, 0.45, (per_image, 2))
        centre = size / 2 + rng.uniform(size=(per_image, 2)) * (1 - size)
        labels = rng.integers(1, classes, per_image)
        found.append(Targets(torch.as_tensor(labels), torch.as_tensor(np.concatenate([centre, size], 1).astype(np.float32))))
    return found


def batch_of(case: dict, arrays: dict[str, np.ndarray]) -> Batch:
    """Pictures, objects and, where denoising was recorded, what it drew."""
    pictures = [torch.from_numpy(_normal(f"image-{i}-{h}x{w}", (3, h, w))) for i, (h, w) in enumerate(case["sizes"])]
    classes = case.get("n_classes_targets") or case.get("targets_n_classes")
    batch = Batch.of(pictures, targets_of(len(pictures), classes) if classes else None)
    noise = {key.removeprefix("noise/"): torch.as_tensor(value) for key, value in arrays.items() if key.startswith("noise/")}
    return batch.but(hints={"denoising": Noise(**noise)}) if noise else batch


def load_case(path: str | Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The description and the recorded arrays of a case, by its path without ending."""
    path = Path(path)
    with np.load(path.parent / f"{path.name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return json.loads((path.parent / f"{path.name}.json").read_text()), arrays


def recipe_for(case: dict) -> Recipe:
    """Our recipe for a case. Which of SMCA's two programs was run shows only in the names of its tensors."""
    multi_scale = any(name.startswith("input_proj_512.") for name, _ in case["state"])
    return recipe_of(case["variant"], {**case["args"], "multi_scale": multi_scale})


def detector_of(case: dict, arrays: dict[str, np.ndarray]) -> Detector:
    """The variant that the case's arguments describe, with the recorded weights, in evaluation mode."""
    detector = Detector(recipe_for(case))
    load_state(detector, state_of(case, arrays), "the case")
    return detector.eval()
