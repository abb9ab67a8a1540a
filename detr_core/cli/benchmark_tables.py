"""The tables of `benchmark` that need no training: speed and sizes."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..registry import VARIANTS
from ..training.files import write_json
from .common import Usage, device_of, table

PARTS = ("pictures", "training", "matcher")


def speed(options: argparse.Namespace, published: Path) -> int:
    """Time everything that was asked for; every line is printed, and kept, as soon as it is known."""
    from ..benchmark import peers
    from ..benchmark.result import machine
    from ..benchmark.speed_table import SpeedTable

    device = device_of(options.device)
    if options.threads:
        torch.set_num_threads(options.threads)
    sizes = [size_of(text) for text in options.sizes]
    conditions = {"machine": machine(), "threads": torch.get_num_threads(), "clock": options.clock}
    tables = [SpeedTable(path, conditions) for path in _paths(options, published / "speed.json")]
    for table_ in tables:
        if table_.begun_anew:
            print(f"{table_.path} was of another machine, number of threads or clock, and is begun anew.", file=sys.stderr)
    if not peers.available():
        print("transformers is not installed: nothing to compare with; python -m pip install transformers", file=sys.stderr)
    threads = conditions["threads"]
    print(f"One picture, same random weights on both sides, {device}, {threads} threads; above 1x ours is faster.", flush=True)
    for part, row, text in timed(options, device, sizes):
        for table_ in tables:
            table_.add(part, row | {"rounds": options.rounds})
        print(text, flush=True)
    return 0


def timed(options: argparse.Namespace, device: torch.device, sizes: list[tuple[int, int]]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Part of the table, row, and the row in words, one after another."""
    from ..benchmark import matching
    from ..benchmark import speed as measured
    from ..benchmark.timing import CLOCKS, has_bfloat16

    precisions = tuple(options.precisions or ("float32", *(["bfloat16"] if has_bfloat16(device) else [])))
    clock, rounds, parts = CLOCKS[options.clock], options.rounds, options.parts
    for id in [id for id in VARIANTS if not options.variants or id in options.variants]:
        for size in sizes if "pictures" in parts else ():
            for row in measured.inference(id, size, precisions, rounds, device.type, clock):
                yield "results", row, said(row)
        row = measured.training(id, rounds=rounds, device=device.type, clock=clock) if "training" in parts else None
        if row is not None:
            yield "training", row, f"{id} training step, batch {row['batch']} of 320x320: {pair(row, 'transformers')}"
    for queries, objects in matching.SHAPES if "matcher" in parts else ():
        row = matching.compare(queries, objects, rounds=rounds, clock=clock)
        yield "matcher", row, f"matcher with costs, {queries}x{objects}, batch {row['batch']}: {pair(row, 'official')}"


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
    for path in _paths(options, published / "counts.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found)
    return 0


def _paths(options: argparse.Namespace, published: Path) -> list[Path]:
    """Where the numbers should be kept."""
    return ([options.json] if options.json else []) + ([published] if options.publish else [])
