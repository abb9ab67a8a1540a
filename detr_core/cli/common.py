"""Arguments and helpers that several commands share."""
from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import torch
from tqdm import tqdm

from .. import api
from ..detector import Detector
from ..recipe import SIZES


class Usage(ValueError):
    """The user asked for something that cannot be; the message is one sentence with the way out."""


def variant_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variant", required=True, metavar="ID", help="which detector; `python -m detr_core list` shows all")


def model_arguments(parser: argparse.ArgumentParser) -> None:
    variant_argument(parser)
    parser.add_argument("--weights", required=True, metavar="NAME|FILE|OWNER/REPOSITORY",
                        help="bundled weights (scenes, trees), published ones (coco), a .safetensors or .pth file, or a Hugging Face "
                        "repository")
    parser.add_argument("--size", default="r50", choices=("r50", "tiny"), help="recipe of foreign files; files of this project know theirs")
    size_changes(parser)
    device_argument(parser)


def device_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda or mps")


def size_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="changes",
                        help=f"change a size of the recipe, repeatable; fields: {', '.join(SIZES)}")


def changes_of(pairs: list[str]) -> dict[str, Any]:
    """["queries=50", ...] -> {"queries": 50}."""
    changes = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in SIZES:
            raise Usage(f"--set {pair} is not understood: write FIELD=VALUE with a field of {', '.join(SIZES)}.")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = None
        kinds = (int, float) if name == "dropout" else (int,)
        if type(value) not in kinds or value < 0:
            raise Usage(f"--set {pair}: {name} must be a {'number' if name == 'dropout' else 'whole number'} of at least 0.")
        changes[name] = value
    return changes


def device_of(name: str) -> torch.device:
    """The device a user means, if this machine has it."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError):
        raise Usage(f"This machine has no device {name!r}: use --device cpu.") from None


def loaded(options: argparse.Namespace) -> Detector:
    """The detector that `model_arguments` describe, in evaluation mode."""
    api.variant_of(options.variant)
    return api.load(options.variant, options.weights, device_of(options.device), options.size, **changes_of(options.changes))


class Bar:
    """A progress bar for functions that call `progress(done, total)`."""

    def __init__(self, label: str):
        self.label, self.bar = label, None

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:
            self.bar = tqdm(total=total, desc=self.label, unit="", leave=False, mininterval=0.5, disable=not sys.stderr.isatty())
        self.bar.update(done - self.bar.n)
        if done >= total:
            self.bar.close()
            self.bar = None


def percent(value: float | None) -> str:
    """COCO's way of writing a share: 43.7."""
    return "-" if value is None else f"{100 * value:.1f}"


def table(rows: list[list[str]], markdown: bool = False) -> str:
    """Rows of text, the first one the header, as aligned columns or as a Markdown table."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    if not markdown:
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
    cells = ["| " + " | ".join(cell.replace("|", "\\|").ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return "\n".join([cells[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *cells[1:]])
