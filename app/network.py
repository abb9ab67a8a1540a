"""Runs detectors and turns what they did into arrays. The only module of the app that knows torch."""
from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from PIL import Image

import detr_core
from detr_core.structures import Output
from detr_core.tape import Tape
from detr_core.views import QueryMap, RowColumn, SampledPoints, TokenMap, View, layer_of, views

from .runs import Arrays, AtlasError, shares
from .store import Store

KEEP = ("decoder.*",)                               # encoder attention is N x N: asked for by name, never by default


class Network:
    """`inspect` runs a picture through a detector. Not for several threads at once: the engine owns the queue."""

    def __init__(self, device: str = "auto", models: int = 4):
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._models: Store[detr_core.Detector] = Store(models)

    def catalogue(self) -> list[dict[str, Any]]:
        """Every variant: id, title, idea, parent, borrows, paper and the names of its bundled weights."""
        return [{"id": name, "idea": entry.idea, "parent": entry.parent, "borrows": list(entry.borrows),
                 "paper": {key: getattr(entry.paper, key) for key in ("title", "authors", "venue", "year", "arxiv", "code", "url")},
                 "weights": self.weights_of(name)} for name, entry in detr_core.VARIANTS.items()]

    def weights_of(self, variant: str) -> list[str]:
        """Names of the bundled weights of a variant, `scenes` first."""
        return sorted(detr_core.bundled(variant), key=lambda name: (name != "scenes", name))

    def model(self, variant: str, weights: str) -> detr_core.Detector:
        """From the cache or from its file. Raises AtlasError for unknown names: a visitor's text never becomes a path."""
        if variant not in detr_core.VARIANTS:
            raise AtlasError(f"There is no detector named {variant!r}: choose one of {', '.join(detr_core.VARIANTS)}.")
        if weights not in self.weights_of(variant):
            known = ", ".join(self.weights_of(variant)) or "none yet"
            raise AtlasError(f"{variant} has no bundled weights named {weights!r}: choose one of those it has ({known}).")
        found = self._models.get((variant, weights))
        try:
            return found or self._models.put((variant, weights), detr_core.load(variant, weights, device=self.device))
        except detr_core.CheckpointError as error:
            raise AtlasError(str(error)) from error

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
        facts, arrays = _seen(views(tape.entries, output.memory).items())
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
    """What every query said at every layer, what it looked from, and what the encoder proposed."""
    scores = torch.stack([detector.postprocess.scores(layer.logits[0]) for layer in output.layers])
    arrays = {"boxes": torch.stack([layer.boxes[0] for layer in output.layers]), "scores": scores.half()}
    if anchors := tape.get("decoder.anchor"):
        arrays["anchors"] = torch.stack([_wide(anchor[0].float()) for anchor in anchors])
    if "point" in output.layers[-1].extra:
        arrays["points"] = torch.stack([layer.extra["point"][0] for layer in output.layers])
    found = {name: value.cpu().numpy() for name, value in arrays.items()}
    proposals = output.proposals
    if proposals is not None and proposals.chosen is not None and proposals.scores is not None:
        chosen, tokens = proposals.chosen[0], proposals.scores[0].float()
        tokens = tokens.sigmoid() if tokens.min() < 0 or tokens.max() > 1 else tokens
        found["proposals.scores"] = tokens[chosen].cpu().numpy().astype("<f4")
        found["proposals.map"] = (tokens.clamp(0, 1) * 255).round().byte().cpu().numpy()
        boxes = proposals.boxes[0].float()
        found["proposals.boxes"] = (boxes if len(boxes) == len(chosen) else boxes[chosen]).cpu().numpy()
    return found


def _wide(anchor: torch.Tensor) -> torch.Tensor:
    """Points [Q, 2] and boxes [Q, 4] alike as [Q, 4]: refinement starts some detectors from points."""
    return torch.nn.functional.pad(anchor[:, :4], (0, 4 - min(4, anchor.shape[-1])), value=torch.nan)


def _seen(items: Iterable[tuple[str, View]]) -> tuple[dict[str, Any], Arrays]:
    """Views -> what the page must know of each, and their arrays under `path.key`."""
    facts: dict[str, Any] = {}
    arrays: Arrays = {}
    for path, view in items:
        if (place := layer_of(path)) is None:
            continue
        facts[path] = {"layer": place[1], "role": place[2]} | _describe(view)
        view = view.dense() if isinstance(view, RowColumn) else view
        held = {"locations": view.locations.astype("<f4"), "weights": view.weights.astype("<f4")} \
            if isinstance(view, SampledPoints) else shares(np.nan_to_num(view.weights))
        arrays |= {f"{path}.{key}": value for key, value in held.items()}
    return facts, arrays


def _describe(view: View) -> dict[str, Any]:
    match view:
        case TokenMap():
            return {"kind": "map", "heads": view.weights.shape[0], "shapes": [list(s) for s in view.shapes], "reach": view.reach.tolist()}
        case SampledPoints():
            return {"kind": "points", "heads": view.weights.shape[1], "levels": view.weights.shape[2], "points": view.weights.shape[3]}
        case RowColumn():
            return {**_describe(view.dense()), "factors": True}
        case QueryMap():
            return {"kind": "between", "heads": view.weights.shape[0]}
