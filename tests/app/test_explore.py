"""What a visitor does on the first page, in a real browser."""
from __future__ import annotations

import re

import pytest

from .browsing import drawn, fits, own_picture, requested, says, unharmed, upload
from .pictures import encoded, painted

pytestmark = pytest.mark.browser
STAGE = ".mat canvas"


def on_stage(page, x: float, y: float) -> dict[str, float]:
    """Where a place of the picture (shares of a 4:3 picture) lies on the canvas."""
    box = page.locator(STAGE).bounding_box()
    scale = min(box["width"] / 4, box["height"] / 3)
    return {"x": box["width"] / 2 + (x - 0.5) * 4 * scale, "y": box["height"] / 2 + (y - 0.5) * 3 * scale}


def test_the_page_opens_on_a_finished_example(visit, served, screenshots):
    calls = served.runner.calls
    page = visit()
    page.wait_for_selector(".card-query .head-cell")
    assert served.runner.calls == calls, "a stored run needs no detector"
    assert page.locator(".layer-cell").count() == 3 and page.locator(".head-cell").count() == 9
    assert "coloured by feature level" in page.inner_text(".stage-caption")
    says(page, picture="example:patches", model="deformable_detr_two_stage")
    page.screenshot(path=screenshots / "explore-light-1280.png")


def test_upload_a_photo_click_a_box_see_the_path(visit, screenshots):
    page = visit()
    upload(page, encoded(painted(400, 300), "JPEG"), "${document.body.dataset.hacked=1}.jpg")
    own_picture(page)
    page.locator("#atlas-model").select_option("deformable_detr")
    says(page, model="deformable_detr")
    page.keyboard.press("Escape")
    page.wait_for_selector(".card-overview:visible")
    without = drawn(page, STAGE)
    page.locator(STAGE).click(position=on_stage(page, 0.3, 0.6))
    page.wait_for_selector(".card-query:visible")
    says(page, query="0")
    assert page.inner_text(".card-name") == "cat"
    page.wait_for_selector(".share-bar i")
    path = drawn(page, STAGE)
    assert path != without
    page.keyboard.press("p")
    assert drawn(page, STAGE) != path, "the path can be hidden"
    page.keyboard.press("p")
    page.screenshot(path=screenshots / "explore-upload.png")


def test_the_keyboard_walks_and_steps_back(visit):
    page = visit("/?model=detr&picture=example:patches&weights=scenes")
    first, second = (page.locator(".query-row").nth(i).get_attribute("data-query") for i in (0, 1))
    for key, query in (("ArrowDown", first), ("ArrowDown", second), ("ArrowUp", first)):
        page.keyboard.press(key)
        says(page, query=query)
    page.keyboard.press("ArrowLeft")
    says(page, layer="2")
    page.locator(".head-cell").nth(2).click()
    page.keyboard.press("ArrowRight")
    says(page, head="3", layer="2")
    page.keyboard.press("Escape")
    says(page, head=None, layer="2", query=first)
    page.keyboard.press("Escape")
    says(page, layer=None, query=first)
    page.keyboard.press("Escape")
    says(page, query=None)


def test_hovering_a_row_previews_everywhere_and_leaves_no_trace(visit):
    page = visit()
    page.wait_for_selector(".share-bar i")
    says(page, picture="example:patches")
    before = drawn(page, STAGE), page.inner_text(".card-line"), page.evaluate("location.search")
    page.locator(".query-row").nth(2).hover()
    page.wait_for_function("document.querySelector('.card-line')?.textContent.includes('preview')")
    assert drawn(page, STAGE) != before[0]
    page.locator(".wordmark").hover()
    page.wait_for_function("!document.querySelector('.card-line').textContent.includes('preview')")
    assert (page.inner_text(".card-line"), page.evaluate("location.search")) == before[1:]


def test_a_copied_address_restores_the_view(visit):
    page = visit("/?picture=example:moved&model=detr&weights=trees&query=1&layer=2&head=4&threshold=0.30&top=12")
    page.wait_for_selector(".head-cell")
    assert page.input_value("#atlas-model") == "detr" and page.input_value("#atlas-weights") == "trees"
    assert "Query 1" in page.inner_text(".card-line") and "layer 2 of 3" in page.inner_text(".card-line")
    assert page.locator(".head-cell").nth(4).get_attribute("aria-checked") == "true"
    assert page.locator(".query-row").count() == 12 and page.input_value("#atlas-threshold") == "0.3"
    assert "Dense cross-attention" in page.inner_text(".stage-caption") and "head 4 of 8" in page.inner_text(".stage-caption")


def test_a_dead_link_says_so_over_the_opening_example(visit):
    page = visit("/?picture=0123456789abcdef0123456789abcdef&model=detr&weights=scenes&query=1")
    page.wait_for_selector(".stage-status[data-kind=error]")
    assert "no longer on the server" in page.inner_text(".stage-status")
    says(page, picture="example:patches")


def test_threshold_and_top_make_no_request(visit):
    page = visit()
    page.wait_for_selector(".card-query .head-cell")
    page.keyboard.press("Escape")
    asked = requested(page)
    shown = drawn(page, STAGE)
    page.locator("#atlas-threshold").fill("0.95")
    assert re.match(r"\d objects? at or above 0\.95", page.inner_text(".stage-words"))
    assert drawn(page, STAGE) != shown
    page.locator("#atlas-top").fill("5")
    assert page.locator(".query-row").count() == 5
    page.wait_for_timeout(300)
    assert asked == []


BAD = {"words.jpg": (b"no picture at all", "not a picture"), "empty.png": (b"", "empty"),
       "cut.png": (encoded(painted())[:900], "damaged"), "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "SVG")}


def test_bad_files_get_a_sentence_and_the_page_lives_on(visit):
    page = visit()
    for name, (data, expected) in BAD.items():
        upload(page, data, name)
        page.locator(".stage-status[data-kind=error]", has_text=expected).wait_for()
        assert "Traceback" not in page.content()
    upload(page, encoded(painted().resize((1, 1))), "dot.png")
    own_picture(page)
    page.locator("[data-key='example:patches']").click()
    says(page, picture="example:patches")


def test_hostile_names_stay_text(visit):
    page = visit()
    page.keyboard.press("Escape")
    page.wait_for_selector(".found li")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(80)
    assert page.get_by_text("<img src=x onerror=", exact=False).count() > 0
    assert unharmed(page)


def test_the_theme_turns_and_stays(visit):
    page = visit(theme="dark")
    ink = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ink)
    page.locator(".header-tools button").last.click()
    page.wait_for_function(f"{ink} !== '{dark}'")
    page.reload()
    page.wait_for_selector(".query-row")
    assert page.evaluate(ink) != dark


def test_a_restarted_server_is_noticed(visit):
    page = visit()
    page.route("**/atlas/boot", lambda route: route.fulfill(json={"boot": "another"}))
    page.wait_for_selector(".banner:visible")
    assert "restarted" in page.inner_text(".banner") and page.locator(".banner button").count() == 1


@pytest.mark.parametrize(("theme", "width", "height"), [("dark", 1280, 800), ("light", 390, 844), ("dark", 390, 844)])
def test_it_fits_narrow_and_dark(visit, screenshots, theme, width, height):
    page = visit("/?picture=example:patches&model=detr&weights=scenes&query=0", theme=theme, width=width, height=height)
    page.wait_for_selector(".head-cell")
    drawn(page, STAGE)
    assert fits(page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", dark)[:3])) < 120) == (theme == "dark")
    page.screenshot(path=screenshots / f"explore-{theme}-{width}.png", full_page=True)
