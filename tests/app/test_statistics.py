"""Query statistics: what every slot does over many pictures, counted in the browser from a few numbers a picture."""
from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from app.make_statistics import stale
from app.pack import unpack
from app.pages.statistics import services
from app.runs import Run
from app.slots import GRAIN, coarse, joined, level_shares, slots, stored

from .browsing import fits, requested, unharmed, upload
from .fake import OBJECTS, FakeRunner
from .pictures import encoded, painted
from .servers import answer


def record(variant: str = "deformable_detr_two_stage", pictures: int = 3) -> Run:
    """Many pictures of the fake runner, each with other queries."""
    parts = []
    for picture in range(pictures):
        facts, arrays = FakeRunner().inspect(painted(), variant, "scenes")
        arrays = arrays | {"boxes": np.clip(arrays["boxes"] + picture / 50, 0, 1)}
        parts.append(slots(Run("", facts, arrays)))
    return joined(parts)


def test_a_record_says_what_the_runs_said():
    facts, arrays = FakeRunner().inspect(painted(), "deformable_detr_two_stage", "scenes")
    found, few = slots(Run("", facts, arrays))
    np.testing.assert_allclose(few["boxes"][0] / GRAIN, np.clip(arrays["boxes"][-1], 0, 1), atol=1 / GRAIN)
    np.testing.assert_allclose(few["scores"][0] / GRAIN, arrays["scores"][-1].max(-1), atol=1 / GRAIN)
    assert few["path"].shape == (1, 4, 40, 2) and found["starts"] and found["proposed"]
    np.testing.assert_allclose(few["path"][0, 0] / GRAIN, arrays["anchors"][0, :, :2], atol=1 / GRAIN)
    np.testing.assert_allclose(few["share"][0].sum(-1), 1, rtol=1e-5)


def test_dense_attention_is_shared_among_levels_by_its_maps():
    weights = np.array([[[255, 255, 0, 255]]], np.uint8)                 # one head, one query: 2 tokens on level 1, 2 on level 2
    path = "decoder.layers.0.cross_attention"
    facts = {"layers": 1, "views": {path: {"kind": "map", "shapes": [[1, 2], [2, 1]]}}}
    run = Run("", facts, {f"{path}.weights": weights, f"{path}.scale": np.array([[1 / 3]], "f4")})
    np.testing.assert_allclose(level_shares(run), [[2 / 3, 1 / 3]], rtol=1e-6)
    single = Run("", {"layers": 1, "views": {path: {"kind": "map", "shapes": [[1, 4]]}}}, run.arrays)
    assert level_shares(single) is None


def test_a_stored_record_comes_back(tmp_path):
    made = record()
    coarse(made).save(tmp_path / "detr--scenes.npz")
    found = stored(tmp_path, "detr", "scenes")
    assert found.facts == made.facts and found.facts["pictures"] == 3
    np.testing.assert_allclose(found.arrays["boxes"] / GRAIN, made.arrays["boxes"] / GRAIN, atol=1e-3)
    np.testing.assert_allclose(found.arrays["scores"] / GRAIN, made.arrays["scores"] / GRAIN, atol=5e-3)
    np.testing.assert_array_equal(found.arrays["share"], made.arrays["share"])
    assert stored(tmp_path, "../detr", "scenes") is None and stored(tmp_path / "none", "detr", "scenes") is None


def test_the_stored_statistics_belong_to_the_bundled_weights():
    if aged := stale():
        pytest.fail(f"Make them again with `python -m app.make_statistics`: {', '.join(aged[:5])} are out of date or missing.")


def test_only_known_pictures_are_counted(served):
    _, count = services(served.engine)
    wanted = {"model": "detr", "weights": "scenes"}
    _, arrays = unpack(base64.b64decode(answer(count, **wanted, picture="example:moved")["pack"]))
    assert arrays["scores"].shape == (1, 40)
    assert "no longer on the server" in answer(count, **wanted, picture="0" * 32)["error"]


@pytest.fixture(scope="module")
def page(desk, assets):
    """The page over a stored set."""
    (assets / "statistics").mkdir(exist_ok=True)
    coarse(record(pictures=12)).save(assets / "statistics" / "deformable_detr_two_stage--scenes.npz")
    return desk("/?page=statistics&lang=en")


def line(page) -> str:
    return page.inner_text(".tally-line")


def shown(page, words: str) -> None:
    page.wait_for_function("words => document.querySelector('.tally-line')?.textContent.includes(words)", arg=words)


@pytest.mark.browser
def test_it_opens_on_the_stored_set(page, screenshots):
    assert line(page).startswith("12 pictures") and "40 query slots" in line(page)
    assert f"{40 - len(OBJECTS)} of 40 slots never reach" in page.inner_text("#atlas-statistics-firing .section-note")
    assert page.locator("#atlas-statistics-paths figure").count() == 4
    page.wait_for_selector("#atlas-statistics-levels .bartext")
    assert unharmed(page)
    page.screenshot(path=screenshots / "statistics-light-1280.png", full_page=True)


@pytest.mark.browser
def test_a_slot_is_pinned_by_pointer_and_keyboard(page):
    canvas = page.locator("#atlas-statistics-slots canvas")
    canvas.click(position={"x": 40, "y": 50})
    page.wait_for_function("document.querySelector('#atlas-statistics-slot .card-name')?.textContent === 'Query 0'")
    assert "12 of 12 pictures" in page.inner_text("#atlas-statistics-slot .card-line")
    assert page.locator(".slot-classes li").count() == 1
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#atlas-statistics-slot .card-name')?.textContent === 'Query 1'")
    page.wait_for_function("new URLSearchParams(location.search).get('query') === '1'")


@pytest.mark.browser
def test_the_score_moves_all_counts_without_a_request(page):
    page.wait_for_timeout(1000)                         # what the slot before asked for has come
    asked = requested(page)
    before = page.inner_text("#atlas-statistics-firing .section-note")
    page.locator("#atlas-statistics-least").fill("0.05")
    page.wait_for_function("before => document.querySelector('#atlas-statistics-firing .section-note').textContent !== before", arg=before)
    page.locator("#atlas-statistics-least").fill("0.5")
    page.wait_for_timeout(200)
    assert asked == []


@pytest.mark.browser
def test_examples_and_own_pictures_are_counted_on_demand(page, served):
    calls = served.runner.calls
    page.get_by_role("button", name="The examples").click()
    shown(page, "2 pictures,")
    assert served.runner.calls > calls, "the second example has no stored run"
    page.get_by_role("button", name="Your pictures").click()
    shown(page, "no picture in this visit")
    upload(page, encoded(painted(200, 160)), "${x}.png", "#atlas-statistics-source")
    shown(page, "1 picture,")
    page.locator("#atlas-statistics-model").select_option("detr")
    shown(page, "1 picture,")
    page.wait_for_function("document.querySelector('#atlas-statistics-levels .section-note')?.textContent.includes('single feature level')")
    page.get_by_role("button", name="A bundled set").click()
    shown(page, "No record")


@pytest.mark.browser
@pytest.mark.parametrize(("theme", "width", "language"), [("dark", 1280, "ru"), ("dark", 390, "en")])
def test_it_fits_narrow_dark_and_russian(page, visit, screenshots, theme, width, language):
    found = visit(f"/?page=statistics&lang={language}", width=width, theme=theme)
    assert fits(found)
    found.screenshot(path=screenshots / f"statistics-{theme}-{width}.png", full_page=True)


def test_facts_of_a_record_are_plain(tmp_path):
    assert json.loads(json.dumps(record().facts))["names"] == FakeRunner().names
