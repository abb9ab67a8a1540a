"""Jobs as the page reads them: plain JSON without a path of the server."""
from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from detr_core.jobs import Job
from detr_core.training.fields import FIELDS, told
from detr_core.training.run import Run

HEAD = ("step", "images", "time", "loss", "norm", "rate")


def lines(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Lines of metrics -> {"names": of the losses, "lines": [...], "seq"}; a training step is a list, which is a third of the bytes."""
    names = list(dict.fromkeys(name for line in found if line["kind"] == "train" for name in line["terms"]))
    packed: list[Any] = []
    for line in found:
        if line["kind"] == "train":
            packed.append([line[key] for key in HEAD] + [line["terms"].get(name) for name in names])
        else:
            packed.append({key: value for key, value in line.items() if key != "seq"})
    return {"names": names, "lines": packed, "seq": found[-1]["seq"] if found else None}


def brief(job: Job, data: str, demo: bool = False, now: float | None = None) -> dict[str, Any]:
    """A row of the list."""
    now = time.time() if now is None else now
    known = ("step", "steps", "images", "seconds", "seconds_left", "images_per_second", "memory", "best", "patience_left")
    return {"id": job.id, "name": job.name, "variant": job.run.variant, "data": data, "state": job.state, "reason": job.reason,
            "demo": demo, "ago": round(max(0.0, now - job.since)), "position": job.position, "warned": len(job.warnings),
            "progress": {key: job.progress[key] for key in known if key in job.progress}}


def whole(job: Job, events: list[dict[str, Any]], root: Path, now: float | None = None) -> dict[str, Any]:
    """What the page shows of the chosen job beside its row: dates as seconds ago, since clocks of browsers differ."""
    now = time.time() if now is None else now
    alert = job.alert and {**asdict(job.alert), "sentence": plain(job.alert.sentence, root)}
    trace = plain(str(job.files.status().get("trace", "")), root)[-4000:] if job.state == "failed" else ""
    done = [{"state": each["state"], "reason": plain(each["reason"], root), "ago": round(max(0.0, now - each["time"]))} for each in events]
    samples = sum(1 for _ in job.files.samples.glob("[0-9]*.json"))
    return {"device": job.device, "alert": alert, "trace": trace, "warnings": [asdict(each) for each in job.warnings],
            "events": done, "weights": job.weights, "images": job.run.images,
            "command": command(job.run, root), "samples": samples, "created_ago": round(max(0.0, now - job.created)),
            "file": "".join(c if c.isalnum() or c in "-_" else "-" for c in job.name)[:60].strip("-") or "job"}


def command(run: Run, root: Path) -> str:
    """The command line of a run; files of the server are named as seen from its data folder."""
    return replace(run, data=inside(run.data, root), weights=run.weights and inside(run.weights, root)).command()


def inside(name: str, root: Path) -> str:
    """A path without what leads to the data folder; other words stay."""
    path = Path(name)
    if not path.is_absolute():
        return name
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def plain(text: str, root: Path) -> str:
    """A message without the server's own folders."""
    project = str(Path(__file__).resolve().parents[1])
    return text.replace(f"{root}/", "").replace(str(root), "data").replace(f"{project}/", "")


def form(run: Run, queries: int) -> dict[str, Any]:
    """The fields of a run and their values, for a clone with edits."""
    return {"fields": told(), "values": {field.name: value_of(run, field.name, queries) for field in FIELDS}}


def value_of(run: Run, name: str, queries: int) -> Any:
    """A field's value: most are the run's own, the number of queries is a change of its recipe."""
    return run.changes.get("queries", queries) if name == "queries" else getattr(run, name)


def changed(run: Run, changes: dict[str, Any]) -> dict[str, Any]:
    """Checked changes of a form as `Jobs.clone` takes them."""
    values = dict(changes)
    if "queries" in values:
        values["changes"] = {**run.changes, "queries": values.pop("queries")}
    return values
