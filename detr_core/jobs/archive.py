"""Everything of a finished job that its owner takes home, in one zip."""
from __future__ import annotations

import json
import time
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..training.files import read_json, replacing
from .job import Job

ENOUGH = ("best.safetensors", "weights.safetensors")


def pack(job: Job, metrics: list[dict[str, Any]], data: Path) -> Path:
    """Write `job.folder/archive.zip` unless it is newer than what it holds; `data` is the operator's folder."""
    target = job.folder / "archive.zip"
    newest = max(path.stat().st_mtime_ns for path in job.folder.glob("*.safetensors"))
    if target.exists() and target.stat().st_mtime_ns > newest and job.state == "finished":
        return target
    about = read_json(job.folder / "job.json", {}).get("card", {})
    samples = read_json(job.files.samples / "pictures.json", {})
    best = [line for line in metrics if line["kind"] == "evaluation"]
    run = {**asdict(job.run), "data": about.get("data", ""), "weights": about.get("warm_start") or None}
    texts = {"README.txt": read_me(job, about), "run.json": _json(run), "classes.json": _json(samples.get("names", [])),
             "metrics.jsonl": "".join(json.dumps(line) + "\n" for line in metrics), "evaluations.json": _json(best)}
    report = data / "datasets" / job.dataset / "report.json"
    if job.dataset and report.is_file():
        texts["data_report.json"] = report.read_text()
    with replacing(target) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for name in ENOUGH:
            if (job.folder / name).exists():
                archive.write(job.folder / name, name)
        for name, text in texts.items():
            archive.writestr(name, text)
    return target


def read_me(job: Job, about: dict[str, Any]) -> str:
    return f"""{job.name}
{job.run.variant}, {job.state}, {time.strftime('%Y-%m-%d', time.gmtime(job.created))}

best.safetensors     the weights with the highest AP on the validation pictures; weights.safetensors: the last ones
run.json             the whole recipe; as a command: {about.get('command', '')}
classes.json         class names by index
metrics.jsonl        training and evaluation, one JSON object a line

import detr_core
detector = detr_core.load({job.run.variant!r}, "best.safetensors")
detector.predict("photo.jpg", threshold=0.5)
"""


def _json(value: Any) -> str:
    return json.dumps(value, indent=1)
