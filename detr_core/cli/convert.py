"""`convert`: other projects' checkpoints."""
from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ..checkpoint import save
from ..training.files import read_json, replacing
from .common import Usage, loaded, model_arguments

HELP = """Read a checkpoint by the names of the paper's authors or of Hugging Face and write it as a safetensors file that
carries its recipe and class names. Every tensor must be used, or the command says which is not."""
EXAMPLES = """examples:
  python -m detr_core convert --variant detr --weights detr-r50-e632da11.pth --out detr.safetensors
  python -m detr_core convert --variant deformable_detr --weights SenseTime/deformable-detr --out deformable.safetensors"""


def arguments(parser: argparse.ArgumentParser) -> None:
    model_arguments(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the .safetensors file to write")
    parser.add_argument("--names", type=Path, metavar="FILE", help="class names by index: a JSON list, or one a line")
    parser.add_argument("--half", action="store_true", help="store half precision: half the size, a little less exact")


def run(options: argparse.Namespace) -> None:
    if options.out.suffix != ".safetensors":
        raise Usage(f"--out {options.out} must end in .safetensors.")
    detector = loaded(options)
    if options.names:
        detector.names = _names(options.names, detector.recipe.classes)
    detector.card = {**detector.card, "converted": Path(options.weights).name}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(options.out) as unfinished:
        save(detector, unfinished, torch.float16 if options.half else torch.float32)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {options.variant}, {detector.recipe.classes} classes, {size:.1f} MB")


def _names(path: Path, classes: int) -> tuple[str, ...]:
    try:
        names = read_json(path) if path.suffix == ".json" else path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise Usage(f"The class names {path} cannot be read: give a text file, one name a line, or a JSON list.") from error
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names) or len(names) != classes:
        raise Usage(f"{path} must hold {classes} class names: a JSON list, or one a line.")
    return tuple(names)
