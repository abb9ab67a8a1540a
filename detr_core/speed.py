"""How fast detectors are beside Hugging Face's transformers: `python -m detr_core.speed --help`.

Both sides get the same random weights and the same picture, and their outputs are compared before anything is timed.
All candidates take turns in one process, so that whatever else the machine does slows all of them alike; read the
ratios. transformers is a development dependency.
"""
from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from .api import build
from .checkpoint import load_state

PEERS = {"detr": ("Detr", {}), "deformable_detr": ("DeformableDetr", {}),
         "deformable_detr_refine": ("DeformableDetr", {"with_box_refine": True}),
         "deformable_detr_two_stage": ("DeformableDetr", {"with_box_refine": True, "two_stage": True})}
STEPS = ("preprocess", "network", "postprocess", "network_cpu")


@dataclass(frozen=True)
class Candidate:
    """One side: a picture becomes an input, the input an output, the output detections."""

    name: str
    preprocess: Callable[[Image.Image], Any]
    network: Callable[[Any], Any]
    postprocess: Callable[[Any], Any]
    boxes: Callable[[Any], Tensor]                  # of an output, to compare the sides


def _theirs(id: str, size: tuple[int, int]) -> tuple[nn.Module, Candidate]:
    import transformers
    kind, options = PEERS[id]
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(num_labels=91, **options)
    model = getattr(transformers, f"{kind}ForObjectDetection")(config).eval()
    processor = getattr(transformers, f"{kind}ImageProcessor")(size={"shortest_edge": min(size), "longest_edge": max(size)})

    def detections(output: Any) -> Any:
        return processor.post_process_object_detection(output, threshold=0.0, target_sizes=[size])

    return model, Candidate("transformers", lambda image: processor(images=image, return_tensors="pt"), lambda batch: model(**batch),
                            detections, lambda output: output.pred_boxes)


def _ours(id: str, size: tuple[int, int], weights: nn.Module) -> Candidate:
    detector = build(id, short=min(size), long=max(size)).eval()
    load_state(detector, weights.state_dict(), "transformers' model")
    return Candidate("ours", lambda image: detector.batch([image]), detector, lambda output: detector.postprocess(output, [size]),
                     lambda output: output.boxes)


def candidates(id: str, size: tuple[int, int]) -> list[Candidate]:
    """Both sides with the same weights."""
    model, theirs = _theirs(id, size)
    return [_ours(id, size, model), theirs]


def _memory(field: str) -> float:
    """A field of this process's memory in MiB (Linux)."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024


def extra_memory(call: Callable[[], Any]) -> float | None:
    """MiB that `call` needs at its peak beyond what was there before; None where the system does not tell."""
    try:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = _memory("VmRSS")
        call()
        return _memory("VmHWM") - before
    except (OSError, AttributeError, TypeError):
        return None


def _seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def one_round(candidate: Candidate, image: Image.Image) -> dict[str, float]:
    """Seconds of each step of one picture's way; `network_cpu` counts the processor's time, which other programs disturb less."""
    times = {}
    times["preprocess"], batch = _seconds(lambda: candidate.preprocess(image))
    before = time.process_time()
    times["network"], output = _seconds(lambda: candidate.network(batch))
    times["network_cpu"] = time.process_time() - before
    times["postprocess"], _ = _seconds(lambda: candidate.postprocess(output))
    return times


@torch.inference_mode()
def compare(id: str, size: tuple[int, int], rounds: int = 5) -> dict[str, Any]:
    """Median milliseconds a step and extra MiB of both sides, and how many times faster ours is; `size` is (height, width)."""
    height, width = size
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8))
    sides = candidates(id, size)
    outputs = [side.network(side.preprocess(image)) for side in sides]              # warms up, too
    error = max((side.boxes(output) - sides[0].boxes(outputs[0])).abs().max().item() for side, output in zip(sides, outputs))
    del outputs
    memory = {side.name: extra_memory(lambda side=side: side.network(side.preprocess(image))) for side in sides}
    times: dict[str, list[dict[str, float]]] = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in sides[::1 if turn % 2 == 0 else -1]:
            times[side.name].append(one_round(side, image))
    milliseconds = {name: {step: 1000 * statistics.median(t[step] for t in found) for step in STEPS} for name, found in times.items()}
    ratio = {step: milliseconds["transformers"][step] / milliseconds["ours"][step] for step in STEPS}
    return {"detector": id, "size": [height, width], "milliseconds": milliseconds, "ratio": ratio, "extra_mib": memory,
            "box_difference": error, "load": os.getloadavg()}


def line(result: dict[str, Any]) -> str:
    """One comparison in words."""
    ours, theirs = (result["milliseconds"][name] for name in ("ours", "transformers"))
    memory = result["extra_mib"]
    sides = [f"{step.replace('_', ' ')} {ours[step]:.0f} : {theirs[step]:.0f} ms ({result['ratio'][step]:.2f}x)" for step in STEPS]
    if None not in memory.values():
        sides.append(f"memory +{memory['ours']:.0f} : +{memory['transformers']:.0f} MiB")
    return f"{result['detector']} {'x'.join(map(str, result['size']))}: " + ", ".join(sides) + f", load {result['load'][0]:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m detr_core.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detectors", nargs="+", default=["detr", "deformable_detr"], choices=list(PEERS), metavar="ID",
                        help=", ".join(PEERS))
    parser.add_argument("--sizes", nargs="+", default=["640x640", "800x1066"], metavar="HxW", help="heights and widths of the picture")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side; medians are reported (default: 5)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of PyTorch")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    print("Same weights, same picture, batch 1, float32, CPU. ours : transformers; more than 1x means ours is faster.", flush=True)
    results = []
    for id in options.detectors:
        for size in options.sizes:
            height, width = map(int, size.split("x"))
            results.append(compare(id, (height, width), options.rounds))
            print(line(results[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"threads": options.threads, "torch": torch.__version__, "results": results}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
