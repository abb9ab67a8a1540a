"""Pick the sprites of `assets/sprites/` out of the npm package `@lobehub/fluent-emoji-3d` 1.1.0 (MIT, Microsoft Fluent emoji).

    npm pack @lobehub/fluent-emoji-3d@1.1.0
    python -m detr_core.data.scenes.make_sprites lobehub-fluent-emoji-3d-1.1.0.tgz

Pictures are trimmed to their visible part and stored as WebP with alpha; the runway under the two climbing and landing
airplanes is removed, since it is no part of an airplane. `sprites.json` keeps, per class, the COCO category id and
which sprites serve which split.
"""

import argparse
import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

OUTPUT = Path(__file__).resolve().parents[3] / "assets" / "sprites"

# name: (COCO category id, code points for training, code points for validation or "" where both splits share all).
CLASSES: dict[str, tuple[int, str, str]] = {
    "bicycle": (2, "1f6b2", ""),
    "car": (3, "1f697 1f698 1f699 1f695 1f694", "1f693 1f696"),
    "motorcycle": (4, "1f3cd 1f6f5", ""),
    "airplane": (5, "2708 1f6e9 1f6eb", "1f6ec"),
    "bus": (6, "1f68c 1f68d 1f68e", "1f690"),
    "train": (7, "1f682 1f684 1f686 1f68a 1f683 1f688", "1f685"),
    "boat": (9, "26f5 1f6a4 1f6e5 1f6f6 26f4", "1f6a2"),
    "traffic light": (10, "1f6a5 1f6a6", ""),
    "stop sign": (13, "1f6d1", ""),
    "bird": (16, "1f426 1f54a 1f985 1f986 1f989 1f9a9 1f427 1f426-200d-2b1b 1f424 1f413 1fabf", "1f9a2 1f99c"),
    "cat": (17, "1f408 1f431", "1f408-200d-2b1b 1f638"),
    "dog": (18, "1f415 1f429 1f436", "1f9ae 1f415-200d-1f9ba"),
    "horse": (19, "1f40e 1f434", ""),
    "cow": (21, "1f404 1f402 1f42e", "1f403"),
    "elephant": (22, "1f418", ""),
    "bear": (23, "1f43b 1f43c", "1f43b-200d-2744"),
    "zebra": (24, "1f993", ""),
    "giraffe": (25, "1f992", ""),
    "backpack": (27, "1f392", ""),
    "umbrella": (28, "2602 1f302", ""),
    "sports ball": (37, "26bd 1f3c0 1f3c8 1f3d0 26be", "1f94e 1f3c9"),
    "cup": (47, "2615 1f375 1f964 1f37a 1f95b", "1f9cb"),
    "banana": (52, "1f34c", ""),
    "apple": (53, "1f34e 1f34f", ""),
    "pizza": (59, "1f355", ""),
    "chair": (62, "1fa91 1f4ba", ""),
    "potted plant": (64, "1fab4", ""),
    "laptop": (73, "1f4bb", ""),
    "book": (84, "1f4d5 1f4d8 1f4d9 1f4d6 1f4d4", "1f4d7 1f4d3"),
    "clock": (85, "23f0 1f570 1f552 23f2", "1f557"),
}
# Unlabelled things that belong to no COCO class.
CLUTTER = {
    "outdoor": "1f332 1f333 1f334 1f335 1f3e0 1faa8 1fab5 1f344 26fa 1f6a7",
    "indoor": "1f4e6 1f381 1f56f 1f4a1 1f3b2 1f9e9 1f9fa 1f9f6 1f9ca 1f341",
}
MARGIN = 3
AIRPLANES_ON_RUNWAY = ("1f6eb", "1f6ec")


def read_emoji(package: tarfile.TarFile, code: str) -> Image.Image:
    """Read one emoji; some are filed with the variation selector fe0f at the end of the name."""
    for name in (code, f"{code}-fe0f"):
        try:
            member = package.extractfile(f"package/assets/{name}.webp")
        except KeyError:
            continue
        return Image.open(io.BytesIO(member.read())).convert("RGBA")
    raise ValueError(f"The package holds no emoji {code}; use version 1.1.0 of @lobehub/fluent-emoji-3d.")


def without_runway(picture: Image.Image) -> Image.Image:
    """Blank everything below the widest empty gap between the airplane and the runway."""
    alpha = np.asarray(picture.getchannel("A"))
    rows = (alpha > 24).any(axis=1)
    bottom = np.flatnonzero(rows)[-1]
    gap = max(np.flatnonzero(~rows[:bottom]))
    pixels = np.array(picture)
    pixels[gap:] = 0
    return Image.fromarray(pixels, "RGBA")


def trimmed(picture: Image.Image) -> Image.Image:
    """Crop to the part whose alpha is visible, with an empty margin that keeps edges smooth when a sprite is turned."""
    left, top, right, bottom = picture.getchannel("A").point(lambda a: 255 * (a > 24)).getbbox()
    return picture.crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN))


def file_names(name: str, codes: str) -> list[str]:
    """Return file names such as `traffic_light_1f6a5`."""
    return [f"{name.replace(' ', '_')}_{code}" for code in codes.split()]


def main() -> None:
    """Write the sprites and their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="the packed npm archive (.tgz)")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="folder to write to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    named = [(name, codes) for name, (_, train, val) in CLASSES.items() for codes in (train, val)]
    named += [("clutter", codes) for codes in CLUTTER.values()]
    with tarfile.open(arguments.package) as package:
        for name, codes in named:
            for file_name, code in zip(file_names(name, codes), codes.split(), strict=True):
                picture = read_emoji(package, code)
                picture = without_runway(picture) if code in AIRPLANES_ON_RUNWAY else picture
                trimmed(picture).save(arguments.out / f"{file_name}.webp", quality=90, alpha_quality=90, method=6)
    table = {
        "classes": [
            {"id": number, "name": name, "train": file_names(name, train), "val": file_names(name, val or train)}
            for name, (number, train, val) in CLASSES.items()
        ],
        "clutter": {place: file_names("clutter", codes) for place, codes in CLUTTER.items()},
    }
    (arguments.out / "sprites.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
