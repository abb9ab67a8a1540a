"""What a visitor takes away from a view: its numbers, a picture, a page that works alone, and the code that computes it."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app import ui
from app.runs import Run

from .browsing import unharmed, watched

pytestmark = pytest.mark.browser
PAGES = [ui.name(page) for page in ui.PAGES]


def take(page, item: str):
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name=item).click()
    return waiting.value


def test_the_run_becomes_files(explore, served, screenshots):
    file = take(explore, ".npz")
    assert file.suggested_filename == "atlas-patches-deformable_detr_two_stage.npz"
    again = Run.load(Path(file.path()), "again")
    kept = served.engine.find("example:patches--deformable_detr_two_stage--scenes")
    assert again.facts == kept.facts and all(np.array_equal(again.arrays[name], kept.arrays[name], equal_nan=True) for name in kept.arrays)
    said = json.loads(Path(take(explore, "JSON").path()).read_text())
    assert len(said["queries"]) == 40 and said["pinned"]["query"] == 0 and len(said["pinned"]["layers"]) == 3
    best = next(each for each in said["queries"] if each["query"] == 0)
    np.testing.assert_allclose(best["layers"][1]["box"], kept.arrays["boxes"][1, 0], atol=1e-6)
    picture = take(explore, "PNG")
    data = Path(picture.path()).read_bytes()
    assert data.startswith(b"\x89PNG") and int.from_bytes(data[16:20]) > 2000, "twice the pixels of the page"
    picture.save_as(screenshots / "exported-view.png")


def test_the_saved_page_works_without_the_server(explore, browser, desk, tmp_path, screenshots):
    path = tmp_path / "saved.html"
    take(explore, "HTML").save_as(path)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = watched(context.new_page(), "file:", desk.troubles)
    page.goto(path.as_uri())
    page.wait_for_selector(".share-bar i")
    assert "Query 0" in page.inner_text(".card-line") and "layer 2 of 3" in page.inner_text(".card-line")
    assert page.locator(".query-row").count() == 20 and page.locator(".layer-cell").count() == 3
    page.keyboard.press("ArrowDown")
    page.wait_for_function("!document.querySelector('.card-line').textContent.includes('Query 0 ')")
    page.locator(".layer-cell").nth(0).click()
    page.wait_for_function("document.querySelector('.card-line')?.textContent.includes('layer 1 of 3')")
    page.locator("#atlas-threshold").fill("0.95")
    page.screenshot(path=screenshots / "saved-page.png")
    page.get_by_role("tab", name="Inside").click()
    page.wait_for_selector("#atlas-inside-mosaic canvas:visible")
    page.wait_for_function("document.querySelectorAll('#atlas-inside-change .main-svg').length >= 2")
    assert page.locator("#atlas-inside-special .special:visible").count() >= 1
    assert page.locator(".card-line:visible").count() == 0
    page.wait_for_timeout(300)
    page.screenshot(path=screenshots / "saved-inside.png", full_page=True)
    assert unharmed(page)
    context.close()


VIEWS = {"model=deformable_detr_two_stage&query=0&layer=2": "share by level",
         "model=detr&query=3&head=2": "brightest token",
         "page=matching&model=detr&query=1": "-> ",
         "page=compare&model=detr&compare=detr@scenes,deformable_detr@scenes": "deformable_detr ["}


@pytest.mark.parametrize("address", [each for each in VIEWS if each.partition("page=")[2].partition("&")[0] in ("", *PAGES)])
def test_the_code_of_a_view_computes_it(visit, assets, capsys, monkeypatch, address):
    page = visit(f"/?picture=example:patches&weights=scenes&{address}")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("menuitem", name="Show the code").click()
    texts = {name: page.locator(f"[data-code={name}]").inner_text() for name in ("python", "client")}
    monkeypatch.chdir(assets.parent)
    for name, text in texts.items():
        exec(compile(text.replace("assets/examples", f"{assets.name}/examples"), name, "exec"), {})
        said = capsys.readouterr().out
        assert (VIEWS[address] if name == "python" else "'decoder.layers.0.cross_attention'") in said, name
