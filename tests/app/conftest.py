"""A served Atlas over a fake runner, and a real browser."""
from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from app.engine import Engine
from app.panels import Answer
from app.runs import Run
from app.ui import build

from .fake import NAMES, OBJECTS, FakeRunner

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
         "--disable-sync --use-fake-device-for-media-stream --use-fake-ui-for-media-stream").split()


def painted(width: int = 320, height: int = 240, shift: float = 0.0) -> Image.Image:
    """Bright patches where the fake runner finds its objects."""
    pixels = np.full((height, width, 3), (205, 214, 196), np.uint8)
    for label, cx, cy, w, h in OBJECTS:
        x0, x1 = (int(np.clip(cx + shift + side * w / 2, 0, 1) * width) for side in (-1, 1))
        y0, y1 = (int((cy + side * h / 2) * height) for side in (-1, 1))
        pixels[max(0, y0):y1, x0:x1] = (40 * label, 120, 220 - 40 * label)
    return Image.fromarray(pixels)


def answer(service: Answer, **request: Any) -> dict[str, Any]:
    """What a server function says; in a thread of its own, because a browser's test has a running loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(service(request))).result()


@dataclass(frozen=True)
class Served:
    url: str
    engine: Engine
    runner: FakeRunner


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


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_assets(tmp_path_factory.mktemp("atlas") / "assets")


@pytest.fixture(scope="session")
def served(assets: Path) -> Iterator[Served]:
    """The whole app on a free port, with names a hostile file could carry."""
    assert any("<img" in name for name in NAMES)
    runner = FakeRunner()
    atlas = build(Engine(lambda: runner, assets), assets)
    _, url, _ = atlas.demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **atlas.launch)
    yield Served(url.rstrip("/"), atlas.engine, runner)
    atlas.demo.close()


def own_picture(page) -> None:
    """Wait until a visitor's picture is looked at; before the first run ends, the address names none."""
    page.wait_for_function("!(new URLSearchParams(location.search).get('picture') ?? 'example:').startsWith('example:')")


def watched(page, url: str, troubles: list[str], also: tuple[str, ...] = ()):
    """The page; its errors and every request that leaves the server are added to `troubles`. `also`: other addresses allowed."""
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: request.url.startswith((url, "data:", "blob:", *also)) or troubles.append(request.url))
    return page


def sticking_out(page, place: str) -> list[str]:
    """What within `place` reaches beyond the window, and is cut off there instead of being scrolled to."""
    return page.evaluate("""(place) => [...document.querySelectorAll(`${place} *`)].filter((each) => {
        for (let around = each.parentElement; around; around = around.parentElement)
            if (/auto|scroll/.test(getComputedStyle(around).overflowX)) return false;
        return each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.sr'); })
        .map((each) => `${each.tagName} ${each.id} ${each.getAttribute('class') ?? ''}`)""", place)


def _chromium(playwright) -> str | None:
    own = playwright.chromium.executable_path
    found = [os.environ.get("CHROMIUM"), own if Path(own).exists() else None,
             *(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))]
    return next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser():
    """Chromium; where there is none the tests are skipped, except in CI, where they must run."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        if (path := _chromium(playwright)) is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)("No Chromium here: `python -m playwright install chromium`.")
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def screenshots() -> Path:
    folder = Path(os.environ.get("SCREENSHOTS", Path(__file__).parent.parent / "output"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
