"""How long a detector takes for a picture and for a training step, beside transformers where it has the same one."""
from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..detector import Detector
from ..structures import Batch, Targets
from ..training.criterion import Criterion
from . import peers
from .timing import Clock, extra_memory, in_turns, load

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}
PEER = "transformers"
STEPS = ("preprocess", "network", "postprocess")
Size = tuple[int, int]


def picture(size: Size) -> Image.Image:
    """Noise of `size` (height, width)."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8))


class Side:
    """One implementation on the way of one picture: an input, an output, detections."""

    def __init__(self, model: torch.nn.Module, ways: tuple[Callable, Callable, Callable], boxes: Callable[[Any], Tensor], precision: Any):
        self.model, self.boxes, self.precision = model, boxes, precision
        self.preprocess, self.forward, self.postprocess = ways

    def network(self, batch: Any) -> Any:
        kind = next(self.model.parameters()).device.type
        with torch.autocast(kind, self.precision) if self.precision else nullcontext():
            return self.forward(batch)


def our_side(detector: Detector, size: Size, precision: Any = None) -> Side:
    ways = (lambda image: detector.batch([image]), detector, lambda output: detector.postprocess(output, [size]))
    return Side(detector, ways, lambda output: output.boxes, precision)


def their_side(id: str, model: torch.nn.Module, size: Size) -> Side:
    processor, device = peers.processor_of(id, size), next(model.parameters()).device
    ways = (lambda image: processor(images=image, return_tensors="pt").to(device), lambda batch: model(**batch),
            lambda output: processor.post_process_object_detection(output, threshold=0.0, target_sizes=[size]))
    return Side(model, ways, lambda output: output.pred_boxes, None)


def sides(id: str, size: Size, precisions: tuple[str, ...], device: torch.device) -> dict[str, Side]:
    """Ours in every precision and, where transformers is installed and has it, theirs in float32, all with the same weights."""
    model = peers.theirs(id) if id in peers.PEERS and peers.available() else None
    detector = peers.ours(id, size, model).to(device)
    found = {name: our_side(detector, size, PRECISIONS[name]) for name in precisions}
    return found if model is None else {**found, PEER: their_side(id, model.to(device), size)}


@torch.inference_mode()
def inference(id: str, size: Size, precisions: tuple[str, ...] = ("float32",), rounds: int = 5, device: str = "cpu",
              clock: Clock = time.perf_counter) -> list[dict[str, Any]]:
    """One row a precision of ours: milliseconds a step, extra MiB, and the ratio to transformers in float32 in the same turns.

    `size` is (height, width) of the one picture. Rows without a ratio are of detectors that transformers does not have.
    """
    there, image = torch.device(device), picture(size)
    all_sides = sides(id, size, precisions, there)
    batches = {name: side.preprocess(image) for name, side in all_sides.items()}
    outputs = {name: side.network(batches[name]) for name, side in all_sides.items()}
    boxes = {name: side.boxes(outputs[name]).float() for name, side in all_sides.items()}
    calls = {"preprocess": {name: partial(side.preprocess, image) for name, side in all_sides.items()},
             "network": {name: partial(side.network, batches[name]) for name, side in all_sides.items()},
             "postprocess": {name: partial(side.postprocess, outputs[name]) for name, side in all_sides.items()}}
    times = {step: in_turns(calls[step], rounds, there, clock) for step in STEPS}
    memory = {name: extra_memory(calls["network"][name], there) for name in all_sides}
    known, rows = PEER in all_sides, []
    for name in precisions:
        taken = {side: {step: times[step][key] for step in STEPS} for side, key in (("ours", name), (PEER, PEER)) if key in all_sides}
        rows.append({"detector": id, "size": list(size), "batch": 1, "precision": name, "device": device, "load": load(),
                     "milliseconds": taken, "extra_mib": {"ours": memory[name], PEER: memory.get(PEER)},
                     "ratio": {step: taken[PEER][step] / taken["ours"][step] for step in STEPS} if known else None,
                     "box_difference": (boxes[name] - boxes[PEER if known else precisions[0]]).abs().max().item()})
    return rows


def step_of(model: torch.nn.Module, loss: Callable[[], Tensor]) -> Callable[[], None]:
    """One step of AdamW on a loss."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-5)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.1)
        optimizer.step()

    return step


def training(id: str, size: Size = (320, 320), batch: int = 2, rounds: int = 5, device: str = "cpu",
             clock: Clock = time.perf_counter) -> dict[str, Any] | None:
    """A training step with random pictures and ten objects each: forward, all layers' losses, backward, AdamW; milliseconds and ratio."""
    if id not in peers.PEERS or not peers.available():
        return None
    there, objects = torch.device(device), peers.labels(batch, 10)
    model = peers.theirs(id).to(there).train()
    detector = peers.ours(id, size, model).to(there).train()
    images, criterion = torch.randn(batch, 3, *size, device=there), Criterion(detector.recipe)
    wanted = tuple(Targets(one["class_labels"], one["boxes"]).to(there) for one in objects)
    data = Batch(images, torch.zeros(batch, *size, dtype=torch.bool, device=there), wanted, padded=False)
    told = [{name: value.to(there) for name, value in one.items()} for one in objects]
    calls = {"ours": step_of(detector, lambda: criterion(detector(data), data.targets).total),
             PEER: step_of(model, lambda: model(pixel_values=images, labels=told).loss)}
    times = in_turns(calls, rounds, there, clock)
    return {"detector": id, "size": list(size), "batch": batch, "device": device, "milliseconds": times, "load": load(),
            "ratio": times[PEER] / times["ours"]}
