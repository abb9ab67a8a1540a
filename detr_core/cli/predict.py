"""`predict`: the objects of a picture."""
from __future__ import annotations

import argparse
import colorsys
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.utils import draw_bounding_boxes

from ..data.decode import read_image
from ..postprocess import Detections
from .common import Usage, loaded, model_arguments, table

HELP = """Find the objects of one or several pictures. Prints a line an object; --json prints boxes in pixels
[x1, y1, x2, y2]; --out writes pictures with the boxes drawn."""
EXAMPLES = """examples:
  python -m detr_core predict photo.jpg --variant deformable_detr_two_stage --weights scenes
  python -m detr_core predict *.jpg --variant detr --weights coco --json > found.json
  python -m detr_core predict photo.jpg --variant detr --weights coco --out found/"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="image files")
    model_arguments(parser)
    parser.add_argument("--threshold", type=float, default=0.5, help="lowest score that counts (default: 0.5)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write pictures with boxes here, as PNG")


def run(options: argparse.Namespace) -> None:
    if not 0 <= options.threshold <= 1:
        raise Usage(f"--threshold {options.threshold} is no score: choose a number between 0 and 1.")
    detector, every = loaded(options), []
    for name in options.pictures:
        picture = read_image(name)
        found = detector.predict(picture, options.threshold)
        every.append({"picture": name, "width": picture.width, "height": picture.height, "objects": objects(found)})
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            draw(picture, found).save(options.out / f"{Path(name).stem}.png")
        if not options.json:
            print(f"{name}: {len(found)} objects of score {options.threshold} or more")
            if len(found):
                rows = [[o["name"], f"{o['score']:.2f}", " ".join(f"{v:.0f}" for v in o["box"])] for o in every[-1]["objects"]]
                print(table([["name", "score", "x1 y1 x2 y2"], *rows]))
    if options.json:
        print(json.dumps(every, indent=1))


def objects(found: Detections) -> list[dict]:
    """Detections as plain values."""
    return [{"name": name, "label": label, "score": round(score, 4), "box": [round(v, 2) for v in box], "query": query}
            for name, label, score, box, query in zip(found.names, found.labels.tolist(), found.scores.tolist(), found.boxes.tolist(),
                                                      found.queries.tolist())]


def colour(label: int) -> tuple[int, int, int]:
    """Neighbouring classes get hues far apart."""
    return tuple(round(255 * v) for v in colorsys.hsv_to_rgb(label * 0.618034 % 1, 0.75, 0.95))


def draw(picture: Image.Image, found: Detections) -> Image.Image:
    """The picture with boxes, names and scores."""
    if not len(found):
        return picture
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    width = max(1, round(max(picture.size) / 400))
    colours = [colour(label) for label in found.labels.tolist()]
    boxes = found.boxes.cpu()
    boxes = torch.cat([boxes[:, :2].clamp(min=0), torch.maximum(boxes[:, 2:], boxes[:, :2].clamp(min=0))], 1)
    labels = [f"{name} {score:.2f}" for name, score in zip(found.names, found.scores.tolist())]
    drawn = draw_bounding_boxes(pixels, boxes, labels, colours, width=width)
    return Image.fromarray(drawn.permute(1, 2, 0).numpy())
