"""A served Atlas, a real browser, and pages open in it."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from app.engine import Engine

from .browsing import Desk
from .fake import NAMES, FakeRunner
from .servers import Served, Shop, launched, make_assets, opened

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
         "--disable-sync --use-fake-device-for-media-stream --use-fake-ui-for-media-stream").split()


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_assets(tmp_path_factory.mktemp("atlas") / "assets")


@pytest.fixture(scope="session")
def served(assets: Path) -> Iterator[Served]:
    """The whole app on a free port, with names a hostile file could carry."""
    assert any("<img" in name for name in NAMES)
    runner = FakeRunner()
    engine = Engine(lambda: runner, assets)
    with launched(engine, assets) as url:
        yield Served(url, engine, runner)


@pytest.fixture(scope="module")
def shop(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server that trains, on one thread of the processor."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"DETR_ATLAS_CACHE": str(tmp_path_factory.mktemp("cache")), "OMP_NUM_THREADS": "1",
                            "CUDA_VISIBLE_DEVICES": ""}.items():
            patch.setenv(name, value)
        with opened(tmp_path_factory.mktemp("data"), assets) as made:
            yield made


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


@pytest.fixture(scope="module")
def site(served: Served) -> str:
    """Where pages are opened; a file with a server of its own has a fixture of this name."""
    return served.url


@pytest.fixture(scope="module")
def desk(browser, site: str) -> Iterator[Desk]:
    """A visitor for all tests of a file. Whatever goes wrong on a page, even unseen, fails them: see `Desk`."""
    made = Desk(browser, site)
    yield made
    made.tidy()


@pytest.fixture
def visit(desk: Desk) -> Iterator[Desk]:
    """The same, but the pages of a test close with it, and so do profiles of other screens."""
    before = desk.count()
    yield desk
    desk.tidy(*before)


@pytest.fixture(scope="module")
def explore(desk: Desk):
    """Explore at one query of one layer and head, for the tests of a file that leave it there."""
    page = desk("/?picture=example:patches&model=deformable_detr_two_stage&weights=scenes&query=0&layer=2&head=3")
    page.wait_for_selector(".share-bar i")
    return page


@pytest.fixture
def screenshots() -> Path:
    folder = Path(os.environ.get("SCREENSHOTS", Path(__file__).parent.parent / "output"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
