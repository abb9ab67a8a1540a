"""Make the finished job that comes with the project: a tiny Deformable DETR learns tree crowns from the air.

`python -m detr_core.training.make_demo runs/demo` trains in that folder, or goes on there, and packs the record into
assets/demo_job. The validation pictures are not copied: they are among the bundled data.
"""
from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from ..backbones import ASSETS
from ..data import open_dataset
from .files import read_json, write_json
from .run import Run, RunFolder
from .session import train

DEMO = ASSETS / "demo_job"
RUN = Run("deformable_detr", "trees", weights="scenes", images=3_000, batch=8, rate=6e-4, slow_rate=0.3, warmup=75, ema=0.999, seed=1,
          views=1_000, evaluations=8, changes={"short": 512, "long": 512})
LARGEST = 1_500_000                                 # bytes of the packed record
EVERY = 2                                           # lines of training metrics of which one is kept


def make(source: Path, target: Path = DEMO) -> int:
    """Train as far as it is not done, then pack; returns the bytes of the record."""
    folder = RunFolder(source)
    if not (source / "run.json").exists():
        folder.create(RUN)
    if folder.status().get("state") != "finished":
        train(folder.run(), folder, folder.checkpoint.exists())
    return pack(folder, target)


def pack(folder: RunFolder, target: Path) -> int:
    """Copy what the Jobs page reads, in fewer digits, without a path of this machine."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "samples").mkdir(parents=True)
    lines = folder.lines()
    write_json(target / "run.json", read_json(folder.path / "run.json"))
    told = {key: value for key, value in folder.status().items() if key != "pid"}
    write_json(target / "status.json", {**told, "began": lines[0]["time"], "device": "cpu"})
    kept = [line for number, line in enumerate(lines) if line["kind"] != "train" or number % EVERY == 0]
    (target / "metrics.jsonl").write_text("".join(json.dumps(_short(line)) + "\n" for line in kept))
    (target / "log.txt").write_text("".join(f"{sentence}\n" for line in lines if (sentence := _told(line, told["steps"]))))
    table = read_json(folder.samples / "pictures.json")
    files = {row["id"]: row["file_name"] for row in open_dataset(folder.run().data, "val").annotations()["images"]}
    write_json(target / "samples" / "pictures.json", {**table, "files": [files[one["image_id"]] for one in table["pictures"]]}, indent=None)
    for path in folder.samples.glob("[0-9]*.json"):
        write_json(target / "samples" / path.name, read_json(path), indent=None)
    shutil.copyfile(folder.best, target / "best.safetensors")
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    if size > LARGEST:
        raise ValueError(f"The record has {size:,} bytes, more than {LARGEST:,}: keep fewer lines or evaluate less often.")
    return size


def _short(value: Any) -> Any:
    """Numbers with five digits that count, times with three decimals."""
    if isinstance(value, dict):
        return {key: each if key in ("time", "rate") else _short(each) for key, each in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _told(line: dict[str, Any], steps: int) -> str:
    if line["kind"] != "evaluation":
        return ""
    numbers = ", ".join(f"{name} {100 * line[name]:.1f}" for name in ("AP", "AP50", "AP75"))
    return f"step {line['step']} of {steps}: {numbers}, {line['pictures']} pictures in {line['seconds']:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the run's folder")
    print(f"{make(parser.parse_args().folder):,} bytes in {DEMO}")


if __name__ == "__main__":
    main()
