"""`check`: is a data set sound?"""
from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from ..data.check import Checked, examine, unpack, write
from ..data.named import TREES
from ..registry import VARIANTS
from .common import Bar, Usage, table

HELP = """Check a data set in COCO, Pascal VOC or YOLO layout, a folder or a zip, and say what is wrong with it.

Every finding is blocking (no training before it is mended by hand), a warning or fine. With --out the set is written
anew, mended, in COCO's layout or another one. The exit status is 0 where the set can be trained on, else 1."""
EXAMPLES = """examples:
  python -m detr_core check --data photos.zip
  python -m detr_core check --data photos/ --variant deformable_detr_two_stage --size tiny
  python -m detr_core check --data photos.zip --out photos_coco
  python -m detr_core check --data photos/ --json > report.json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, metavar="FOLDER|ZIP|trees", help="what to check")
    parser.add_argument("--variant", choices=tuple(VARIANTS), metavar="ID", help="also say how it suits this detector")
    parser.add_argument("--size", choices=("tiny", "r50"), default="tiny", help="of that detector (default: tiny)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write the mended set into this new folder")
    parser.add_argument("--layout", choices=("coco", "voc", "yolo"), default="coco", help="layout of --out (default: coco)")


def run(options: argparse.Namespace) -> int:
    path = TREES if options.data == "trees" else Path(options.data)
    if not path.exists():
        raise Usage(f"There is no file or folder {options.data!r}; check the path.")
    recipe = None
    if options.variant:
        entry = VARIANTS[options.variant]
        recipe = entry.tiny if options.size == "tiny" else entry.recipe
    with tempfile.TemporaryDirectory(prefix="detr-atlas-") as away:
        if path.is_file():
            unpack(path, Path(away) / "unpacked", progress=Bar("unpacking"))
            path = Path(away) / "unpacked"
        checked = examine(path, recipe, progress=Bar("pictures"))
        blocking = checked.report.verdict == "blocking"
        if options.out and not blocking:
            write(checked.table, checked.root, options.out, options.layout, Bar("writing"))
    print(json.dumps(checked.report.json(), indent=1) if options.json else told(checked))
    if options.out and not options.json:
        print(f"\nNothing was written to {options.out}: mend what is blocking first." if blocking else f"\nMended copy: {options.out}")
    return 1 if blocking else 0


def told(checked: Checked) -> str:
    """The report for a terminal: what there is, the classes, and every finding with its first examples."""
    report = checked.report
    facts = report.facts
    splits = [[name, f"{row['pictures']:,}", f"{row['boxes']:,}", f"{row['empty']:,}"] for name, row in facts["splits"].items()]
    classes = [[str(row["id"]), str(row["index"]), row["name"], f"{row['train']:,}", f"{row['val']:,}"] for row in facts["classes"]]
    parts = [f"{report.verdict.upper()}: {report.layout} layout, {facts['pictures']:,} pictures, {facts['boxes']:,} boxes, "
             f"at most {facts['per_picture']['most']} in one picture"]
    parts += [table([["split", "pictures", "boxes", "empty"], *splits])] if splits else []
    parts += [table([["id", "index", "class", "train", "val"], *classes])] if classes else []
    if fit := facts.get("fit"):
        parts.append(f"resized to {fit['short']} (at most {fit['long']}) pixels: {fit['small']:,} small, {fit['medium']:,} medium, "
                     f"{fit['large']:,} large objects; at most {fit['most']} for {fit['queries']} queries")
    for found in report.findings:
        notes = [f"    {example.note}" for example in found.examples[:3] if example.note]
        parts.append("\n".join([f"[{found.verdict}{', mended' if found.mended else ''}] {found.sentence}", *notes]))
    return "\n\n".join(parts)
