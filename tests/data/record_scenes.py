"""Record what the first 80 standard validation scenes hold, for the test that they never change silently.

    python -m tests.data.record_scenes
"""

import json
from pathlib import Path

import numpy as np

from detr_core.data import scenes

FILE = Path(__file__).with_name("scenes_val.json")
COUNT, SIZE, PATCHES = 80, 160, 4


def record(index: int) -> dict:
    """Labels, boxes and the mean colours of 4 x 4 patches of one scene at 160 pixels."""
    scene = scenes.render(scenes.SEED, index, SIZE, "val")
    side = SIZE // PATCHES
    colours = scene.image.reshape(PATCHES, side, PATCHES, side, 3).astype(np.float64).mean((1, 3)).round().astype(int)
    return {"labels": scene.labels.tolist(), "boxes": scene.boxes.astype(int).ravel().tolist(), "colours": colours.ravel().tolist()}


if __name__ == "__main__":
    rows = ",\n".join(json.dumps(record(index), separators=(",", ":")) for index in range(COUNT))
    FILE.write_text(f'{{"version":{scenes.VERSION},"seed":{scenes.SEED},"scenes":[\n{rows}\n]}}\n')
