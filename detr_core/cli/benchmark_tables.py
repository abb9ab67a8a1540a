"""The tables of `benchmark` that need no training: speed and sizes."""
from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import torch

from ..registry import VARIANTS
from ..training.files import write_json
from .common import Usage, device_of, table


def speed(options: argparse.Namespace, published: Path) -> int:
    """Time everything that was asked for; every line is printed as soon as it is known."""
    from ..benchmark import matching, peers
    from ..benchmark import speed as timed
    from ..benchmark.result import machine
    from ..benchmark.timing import CLOCKS, has_bfloat16

    device = device_of(options.device)
    if options.threads:
        torch.set_num_threads(options.threads)
    precisions = tuple(options.precisions or ("float32", *(["bfloat16"] if has_bfloat16(device) else [])))
    sizes, wanted = [size_of(text) for text in options.sizes], [id for id in VARIANTS if not options.variants or id in options.variants]
    found: dict[str, Any] = {"made": time.strftime("%Y-%m-%d"), "machine": machine(), "threads": torch.get_num_threads(),
                             "clock": options.clock, "results": [], "training": [], "matcher": []}
    if not peers.available():
        print("transformers is not installed: nothing to compare with; python -m pip install transformers", file=sys.stderr)
    print(f"One picture, same random weights on both sides, {device}, {found['threads']} threads; above 1x ours is faster.", flush=True)
    for id in wanted:
        for size in sizes:
            for row in timed.inference(id, size, precisions, options.rounds, device.type, CLOCKS[options.clock]):
                found["results"].append(row)
                print(said(row), flush=True)
        if (row := timed.training(id, rounds=options.rounds, device=device.type, clock=CLOCKS[options.clock])) is not None:
            found["training"].append(row)
            print(f"{id} training step, batch {row['batch']} of 320x320: {pair(row, 'transformers')}", flush=True)
    for queries, objects in matching.SHAPES if not options.variants else ():
        row = matching.compare(queries, objects, rounds=options.rounds, clock=CLOCKS[options.clock])
        found["matcher"].append(row)
        print(f"matcher with costs, {queries}x{objects}, batch {row['batch']}: {pair(row, 'official')}", flush=True)
    _keep(found, options, published / "speed.json")
    return 0


def size_of(text: str) -> tuple[int, int]:
    """640x800 -> (640, 800)."""
    height, cross, width = text.partition("x")
    if not (cross and height.isdigit() and width.isdigit() and 32 <= min(int(height), int(width)) <= max(int(height), int(width)) <= 4096):
        raise Usage(f"--sizes {text} is not understood: write HEIGHTxWIDTH in pixels, from 32 to 4096.")
    return int(height), int(width)


def pair(row: dict[str, Any], other: str) -> str:
    """Ours : theirs, and how many times faster ours is."""
    return f"{row['milliseconds']['ours']:.0f} : {row['milliseconds'][other]:.0f} ms ({row['ratio']:.2f}x), load {row['load'][0]:.1f}"


def said(row: dict[str, Any]) -> str:
    """One timing in words."""
    ours, theirs = row["milliseconds"]["ours"], row["milliseconds"].get("transformers")
    parts = [f"{step} {ours[step]:.1f}" + (f" : {theirs[step]:.1f} ms ({row['ratio'][step]:.2f}x)" if theirs else " ms") for step in ours]
    memory = row["extra_mib"]
    if memory["ours"] is not None:
        other = f" : +{memory['transformers']:.0f}" if memory["transformers"] is not None else ""
        parts.append(f"memory +{memory['ours']:.0f}{other} MiB")
    return f"{row['detector']} {'x'.join(map(str, row['size']))} {row['precision']}: {', '.join(parts)}, load {row['load'][0]:.1f}"


def counts(options: argparse.Namespace, published: Path) -> int:
    """Sizes of the ResNet-50 detectors beside the printed ones."""
    from ..benchmark.sizes import compare

    found = compare(tuple(options.variants))
    rows = [["variant", "parameters, M", "printed", "GMACs", "printed", "why they differ"]]
    for row in found["rows"]:
        printed = row["printed"]
        rows.append([row["variant"], f"{row['parameters'] / 1e6:.2f}", f"{printed['parameters'] or '-'}", f"{row['gmacs']:.1f}",
                     f"{printed['gflops'] or '-'}", row["note"]])
    print(table(rows))
    _keep(found, options, published / "counts.json")
    return 0


def _keep(found: dict[str, Any], options: argparse.Namespace, published: Path) -> None:
    for path in ([options.json] if options.json else []) + ([published] if options.publish else []):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found)
