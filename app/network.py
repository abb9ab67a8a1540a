"""Runs detectors and turns what they did into arrays. The only module of the app that knows torch."""
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import detr_core
from detr_core.structures import Output, Targets
from detr_core.tape import Tape
from detr_core.training.rehearsal import Rehearsal, rehearse
from detr_core.training.schemes import Scheme
from detr_core.views import received, views

from .runs import Arrays, AtlasError
from .seen import seen
from .store import Store
from .timing import measure

# Encoder attention is N x N: asked for by name, never by default.
KEEP = ("decoder.*", "position.scale", "position.modulation", "position.sides", "query_init.*", "encoder.scores", "encoder.kept")


class Network:
    """`inspect` runs a picture through a detector. Not for several threads at once: the engine owns the queue."""

    def __init__(self, device: str = "auto", models: int = 4, own: Callable[[str], Path] | None = None):
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        try:
            torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError) as error:
            raise AtlasError(f"This server has no device {self.device!r}: start it with another --device.") from error
        self._models: Store[detr_core.Detector] = Store(models)
        self._own = own                             # the file of a job's weights; the engine has asked whose they are

    def catalogue(self) -> list[dict[str, Any]]:
        """Every variant: id, idea, parent, borrows, paper, names of bundled weights, and whether training adds queries."""
        return [{"id": name, "idea": entry.idea, "parent": entry.parent, "borrows": list(entry.borrows),
                 "paper": {key: getattr(entry.paper, key) for key in ("title", "authors", "venue", "year", "arxiv", "code", "url")},
                 "rehearses": _adds_queries(entry.recipe), "weights": self.weights_of(name)} for name, entry in detr_core.VARIANTS.items()]

    def weights_of(self, variant: str) -> list[str]:
        """Names of the bundled weights of a variant, `scenes` first."""
        return sorted(detr_core.bundled(variant), key=lambda name: (name != "scenes", name))

    def model(self, variant: str, weights: str) -> detr_core.Detector:
        """From the cache or from its file. Raises AtlasError for unknown names: a visitor's text never becomes a path."""
        if variant not in detr_core.VARIANTS:
            raise AtlasError(f"There is no detector named {variant!r}: choose one of {', '.join(detr_core.VARIANTS)}.")
        if weights.startswith("job:") and self._own is not None:
            return self._load(variant, weights, self._own(weights.removeprefix("job:")))
        if weights not in self.weights_of(variant):
            known = ", ".join(self.weights_of(variant)) or "none yet"
            raise AtlasError(f"{variant} has no bundled weights named {weights!r}: choose one of those it has ({known}).")
        return self._load(variant, weights, detr_core.bundled(variant)[weights])

    def _load(self, variant: str, weights: str, path: Path) -> detr_core.Detector:
        """A file that is written anew is another model."""
        try:
            key = variant, weights, path.stat().st_mtime_ns
            return self._models.get(key) or self._models.put(key, detr_core.load(variant, path, device=self.device))
        except (detr_core.CheckpointError, OSError) as error:
            raise AtlasError(str(error) if isinstance(error, detr_core.CheckpointError) else "These weights are gone.") from error

    @torch.inference_mode()
    def inspect(self, image: Image.Image, variant: str, weights: str) -> tuple[dict[str, Any], Arrays]:
        """One picture -> the facts (without the picture's own) and arrays of a `Run`."""
        detector = self.model(variant, weights)
        clock = [time.perf_counter()]
        batch = detector.batch([image])
        clock.append(time.perf_counter())
        with Tape(detector, KEEP) as tape:
            output = detector(batch)
        clock.append(self._now())
        found = detector.postprocess(output, [(image.height, image.width)])[0]
        looks = views(tape.entries, output.memory)
        facts, arrays = seen(looks, received(looks, output.memory))
        arrays |= _predictions(detector, output, tape) | {f"found.{key}": getattr(found, key).cpu().numpy() for key in
                                                         ("boxes", "labels", "scores", "queries")}
        clock.append(time.perf_counter())
        ms = [round((b - a) * 1000, 1) for a, b in zip(clock, clock[1:])]
        return {"variant": variant, "weights": weights, "names": list(detector.names), "card": detector.card,
                "layers": len(output.layers), "queries": output.boxes.shape[1], "classes": arrays["scores"].shape[-1],
                "input": list(batch.padding.shape[1:]), "levels": [list(shape) for shape in output.memory.shapes],
                "reach": (1 / output.memory.valid[0]).float().cpu().numpy().tolist(), "views": facts,
                "matching": {"cost": detector.recipe.objective(detector.recipe).described(),
                             "schemes": [told for scheme in detector.schemes if (told := scheme.described())]},
                "timing": {"prepare": ms[0], "network": ms[1], "read": ms[2]}, "device": self._device_name()}, arrays

    def measure(self, image: Image.Image, variant: str, weights: str) -> dict[str, Any]:
        """Time of each step, parameters and multiply-adds; see `app.timing.measure`."""
        return {**measure(self.model(variant, weights), image, self._now), "device": self._device_name()}

    def rehearse(self, image: Image.Image, variant: str, weights: str, objects: list[dict[str, Any]],
                 seed: int) -> tuple[dict[str, Any], Arrays]:
        """A training pass on a picture with these objects ({label, box} as `Run.objects` gives them): facts and arrays."""
        detector = self.model(variant, weights)
        labels, boxes = torch.tensor([o["label"] for o in objects]), torch.tensor([o["box"] for o in objects], dtype=torch.float32)
        targets = Targets(labels, boxes.clamp(0, 1)).to(detector.device)
        found = rehearse(detector, detector.batch([image]).but(targets=(targets,)), seed)
        return _rehearsed(found, labels.numpy())

    def _now(self) -> float:
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter()

    def _device_name(self) -> str:
        if self.device.startswith("cuda"):
            return torch.cuda.get_device_name()
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'s' * (threads > 1)}"


def _predictions(detector: detr_core.Detector, output: Output, tape: Tape) -> Arrays:
    """What every query said at every layer, and what it looked from."""
    scores = torch.stack([detector.postprocess.scores(layer.logits[0]) for layer in output.layers])
    arrays = {"boxes": torch.stack([layer.boxes[0] for layer in output.layers]), "scores": scores.half()}
    if anchors := tape.get("decoder.anchor"):
        arrays["anchors"] = torch.stack([_wide(anchor[0].float()) for anchor in anchors])
    if "point" in output.layers[-1].extra:
        arrays["points"] = torch.stack([layer.extra["point"][0] for layer in output.layers])
    return {name: value.cpu().numpy() for name, value in arrays.items()}


def _wide(anchor: torch.Tensor) -> torch.Tensor:
    """Points [Q, 2] and boxes [Q, 4] alike as [Q, 4]: refinement starts some detectors from points."""
    return torch.nn.functional.pad(anchor[:, :4], (0, 4 - min(4, anchor.shape[-1])), value=torch.nan)


def _adds_queries(recipe: detr_core.Recipe) -> bool:
    """Whether training has queries that inference has not."""
    return any(scheme.make.extend is not Scheme.extend for scheme in recipe.schemes)


def _rehearsed(found: Rehearsal, labels: np.ndarray) -> tuple[dict[str, Any], Arrays]:
    """Arrays: boxes [L, Q, 4]; best labels and scores [L, Q]; matches [L, Q]; told, source [Q]; start [Q, 4]; wanted [L, Q],
    the score of the class of the object a query was made from or, in the last layer, asked for (0 without)."""
    about = np.where(found.source >= 0, found.source, found.matches[-1])
    wanted = np.where(about >= 0, np.take_along_axis(found.scores, labels[about.clip(0)][None, :, None], -1)[..., 0], 0)
    arrays = {"boxes": found.boxes, "labels": found.scores.argmax(-1).astype("<u2"), "scores": found.scores.max(-1).astype("<f4"),
              "matches": found.matches.astype("<i4"), "told": found.told.astype("<i4"), "source": found.source.astype("<i4"),
              "wanted": wanted.astype("<f4")}
    if found.start is not None:
        wide = np.full((len(found.start), 4), np.nan, "<f4")
        wide[:, : found.start.shape[1]] = found.start[:, :4]
        arrays["start"] = wide
    groups = [{"name": g.name, "size": g.size, "sees": list(g.sees), "parts": g.parts, "keep": g.keep, "start": found.place(g.name).start}
              for g in found.groups]
    return {"groups": groups, "layers": len(found.boxes), "objects": len(labels)}, arrays
