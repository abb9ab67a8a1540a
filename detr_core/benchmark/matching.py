"""The matcher with its costs beside the authors' form, which compares all pictures' queries with all pictures' objects."""
from __future__ import annotations

import time
from typing import Any

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torchvision.ops import generalized_box_iou

from ..boxes import to_xyxy
from ..recipe import Recipe
from ..structures import Prediction, Targets
from ..training.assignment import Hungarian
from ..training.objective import FocalObjective
from . import peers
from .timing import Clock, in_turns, load

SHAPES = ((300, 30), (900, 60))                     # queries, objects a picture
Found = list[tuple[Tensor, Tensor]]


@torch.no_grad()
def official(logits: Tensor, boxes: Tensor, targets: list[Targets], alpha: float = 0.25, gamma: float = 2.0) -> Found:
    """Deformable DETR's matcher (models/matcher.py): one matrix [B x queries, all objects], used where the pictures are the same."""
    share, flat = logits.flatten(0, 1).sigmoid(), boxes.flatten(0, 1)
    labels, wanted = torch.cat([t.labels for t in targets]), torch.cat([t.boxes for t in targets])
    negative = (1 - alpha) * share ** gamma * -(1 - share + 1e-8).log()
    positive = alpha * (1 - share) ** gamma * -(share + 1e-8).log()
    overlap = generalized_box_iou(to_xyxy(flat), to_xyxy(wanted))
    cost = 5 * torch.cdist(flat, wanted, p=1) + 2 * (positive[:, labels] - negative[:, labels]) - 2 * overlap
    blocks = cost.view(*logits.shape[:2], -1).cpu().split([len(t) for t in targets], -1)
    return [tuple(torch.as_tensor(index) for index in linear_sum_assignment(block[picture])) for picture, block in enumerate(blocks)]


def problem(queries: int, objects: int, batch: int, classes: int = 91) -> tuple[Prediction, list[Targets]]:
    """Random predictions and objects."""
    torch.manual_seed(0)
    wanted = [Targets(one["class_labels"], one["boxes"]) for one in peers.labels(batch, objects, classes)]
    boxes = torch.stack([one["boxes"] for one in peers.labels(batch, queries, classes)])
    return Prediction(torch.randn(batch, queries, classes), boxes), wanted


def compare(queries: int, objects: int, batch: int = 16, rounds: int = 5, clock: Clock = time.perf_counter) -> dict[str, Any]:
    """Milliseconds of both and their ratio; both must find the same pairs."""
    prediction, targets = problem(queries, objects, batch)
    objective = FocalObjective(Recipe("matching", classes=prediction.logits.shape[-1]))
    assign = Hungarian()
    calls = {"ours": lambda: assign(objective, prediction, targets),
             "official": lambda: official(prediction.logits, prediction.boxes, targets)}
    for mine, other in zip(calls["ours"](), calls["official"]()):
        if not all(torch.equal(a, b) for a, b in zip(mine, other)):
            raise AssertionError("The two matchers do not agree: nothing is timed.")
    times = in_turns(calls, rounds, torch.device("cpu"), clock)
    return {"queries": queries, "objects": objects, "batch": batch, "milliseconds": times, "load": load(),
            "ratio": times["official"] / times["ours"]}
