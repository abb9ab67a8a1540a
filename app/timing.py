"""How long a detector takes for a picture on this machine, and how much it computes. Knows torch; imported by the worker only."""
from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

from detr_core import Detector
from detr_core.counts import count

ROUNDS = 5
STEPS = ("prepare", "network", "read")


@torch.inference_mode()
def measure(detector: Detector, image: Image.Image, now: Callable[[], float] = time.perf_counter, rounds: int = ROUNDS) -> dict[str, Any]:
    """Median milliseconds of each step after one round that does not count, nobody looking inside; parameters and multiply-adds
    of the network at the picture's own input size.

    `now` waits until the device has finished before it tells the time.
    """
    times = [_round(detector, image, now) for _ in range(rounds + 1)][1:]
    size = tuple(detector.batch([image]).padding.shape[1:])
    counts = count(detector, size)
    precision = str(next(detector.decoder.parameters()).dtype).removeprefix("torch.")
    return {"milliseconds": {step: round(statistics.median(t[i] for t in times), 2) for i, step in enumerate(STEPS)},
            "rounds": rounds, "input": list(size), "precision": precision, "parameters": counts.parameters, "flops": counts.flops}


def _round(detector: Detector, image: Image.Image, now: Callable[[], float]) -> list[float]:
    clock = [now()]
    batch = detector.batch([image])
    clock.append(now())
    output = detector(batch)
    clock.append(now())
    detector.postprocess(output, [(image.height, image.width)])
    clock.append(now())
    return [(b - a) * 1000 for a, b in zip(clock, clock[1:])]
