"""Served Atlases: one over a fake runner, and one that trains as well."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.engine import Engine
from app.opening import Opening
from app.panels import Answer
from app.runs import Run
from app.ui import build

from .fake import FakeRunner
from .pictures import painted

ASSETS = Path(__file__).resolve().parents[2] / "assets"


@dataclass(frozen=True)
class Served:
    url: str
    engine: Engine
    runner: FakeRunner


@contextmanager
def launched(engine: Engine, assets: Path, **options: Any) -> Iterator[str]:
    """The address of an app on a free port."""
    atlas = build(engine, assets)
    options = {**atlas.launch, **options}
    _, url, _ = atlas.demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
    try:
        yield url.rstrip("/")
    finally:
        atlas.demo.close()


def answer(service: Answer, **request: Any) -> dict[str, Any]:
    """What a server function says; in a thread of its own, because a browser's test has a running loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(service(request))).result()


def make_assets(folder: Path) -> Path:
    """Two examples, the first with a stored run."""
    (folder / "examples").mkdir(parents=True)
    listed = []
    for name, shift in (("patches", 0.0), ("moved", 0.02)):
        painted(shift=shift).save(folder / "examples" / f"{name}.png")
        listed.append({"id": name, "file": f"{name}.png", "title": f"Patches, {name}", "data": "scenes"})
    (folder / "examples" / "examples.json").write_text(json.dumps(listed))
    facts, arrays = FakeRunner().inspect(painted(), "deformable_detr_two_stage", "scenes")
    picture = {"key": "example:patches", "name": "Patches", "width": 320, "height": 240}
    Run("", {"picture": picture, **facts}, arrays).save(folder / "runs" / "patches--deformable_detr_two_stage--scenes.npz")
    opening = {"picture": "example:patches", "model": "deformable_detr_two_stage", "weights": "scenes"}
    (folder / "runs" / "opening.json").write_text(json.dumps(opening))
    return folder


@dataclass(frozen=True)
class Shop:
    """A server that trains, and what is behind it."""

    url: str
    opening: Opening

    @property
    def jobs(self):
        return self.opening().jobs

    def asks(self, function: str, request: dict, cookies: dict | None = None) -> dict:
        """What a page's script gets from a server function."""
        config = httpx.get(f"{self.url}/config", cookies=cookies).json()
        component = next(each["id"] for each in config["components"] if function in (each["props"].get("server_fns") or ()))
        body = {"data": request, "component_id": component, "fn_name": function, "session_hash": "s"}
        return httpx.post(f"{self.url}/gradio_api/component_server", json=body, cookies=cookies, timeout=60).json()


@contextmanager
def opened(folder: Path, assets: Path, **options: Any) -> Iterator[Shop]:
    """A shop whose jobs and data sets lie in a folder; its jobs end with it."""
    runner, opening = FakeRunner(), Opening(folder, ASSETS)
    engine = Engine(lambda: runner, assets)
    engine.workshop = opening
    with launched(engine, assets, **options) as url:
        try:
            yield Shop(url, opening)
        finally:
            for job in opening().jobs.table.find("TRUE"):
                opening().jobs.delete(job.owner, job.id)
            opening.close()
