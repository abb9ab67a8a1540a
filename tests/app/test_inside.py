"""Inside a query as a visitor uses it, in a real browser."""
from __future__ import annotations

import re

import pytest

from .browsing import drawn, expect, fits, requested, says, unharmed

pytestmark = pytest.mark.browser
START = "Where all queries look from"
BASE = "/?page=inside&lang=en&picture=example:patches&weights=scenes&query=0&model="


def shows(page, *titles: str) -> None:
    """Wait until exactly these blocks of the special part are there."""
    page.wait_for_function("""(titles) => { const found = [...document.querySelectorAll('.special')].filter((block) => !block.hidden);
        return found.map((block) => block.querySelector('h3').textContent).join() === titles.join(); }""", arg=list(titles))


def test_a_link_opens_the_query_with_its_formulas(visit, screenshots):
    page = visit(BASE + "deformable_detr_two_stage")
    page.wait_for_selector(".formula-picks button")
    assert page.inner_text(".inside-name") == "cat" and "Query 0" in page.inner_text(".inside-line")
    page.locator(".formula-picks button").nth(1).click()
    line = page.locator(".formula-line", has_text="p = r + Δ").locator("code").nth(1).inner_text()
    numbers = [float(n) for n in re.findall(r"−?-?\d+\.\d+", line.replace("−", "-"))]
    assert len(numbers) == 6
    for axis in (0, 1):
        assert numbers[axis] + numbers[2 + axis] == pytest.approx(numbers[4 + axis], abs=0.0021), "reference and offset make the place"
    shows(page, START, "Encoder proposals")
    page.wait_for_selector(".inside-chart .main-svg")
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "inside-light-1280.png", full_page=True)


def test_the_mosaic_is_pointed_at_walked_and_scaled(visit):
    page = visit(BASE + "dab_detr")
    page.wait_for_selector(".formula-line.result")
    mosaic, caption = page.locator(".mosaic"), page.locator("#atlas-inside-mosaic .inside-caption")
    box = mosaic.bounding_box()
    mosaic.hover(position={"x": box["width"] * .95, "y": 40})
    page.wait_for_function("document.querySelector('.large-name')?.textContent.includes('head 8')")
    assert "Layer 1" in page.inner_text(".large-name")
    mosaic.click(position={"x": box["width"] * .95, "y": 40})
    says(page, layer="1", head="8")
    mosaic.press("ArrowDown")
    mosaic.press("ArrowLeft")
    says(page, layer="2", head="7")
    before = drawn(page, ".mosaic")
    page.get_by_role("radio", name="All", exact=True).click()
    page.wait_for_function("document.querySelector('#atlas-inside-mosaic .inside-caption')?.textContent.includes('one scale')")
    assert drawn(page, ".mosaic") != before
    page.mouse.move(5, 5)
    page.locator("#atlas-inside-mosaic").get_by_role("radio", name="Content", exact=True).click()
    page.wait_for_function("document.querySelector('#atlas-inside-mosaic .inside-caption')?.textContent.startsWith('Content alone')")
    mosaic.press("ArrowLeft")
    for _ in range(7):
        mosaic.press("ArrowLeft")
    says(page, layer="2", head=None)
    page.get_by_role("radio", name="Rollout", exact=True).click()
    page.wait_for_function("document.querySelector('#atlas-inside-mosaic .inside-caption')?.textContent.includes('rollout')")
    assert caption.is_visible()


def test_the_walk_through_the_layers_can_be_watched_and_ends_at_the_last(visit):
    page = visit(BASE + "deformable_detr_two_stage&layer=1")
    page.get_by_role("button", name="Walk through the layers").first.click()
    page.wait_for_function("new URLSearchParams(location.search).get('layer') === null")
    page.wait_for_function("[...document.querySelectorAll('.inside-walk button')][0]?.ariaLabel === 'Walk through the layers'")
    page.keyboard.press("ArrowLeft")
    says(page, layer="2")
    page.locator(".inside-steps button").first.click()
    says(page, layer="1")


def test_other_queries_lead_on_and_names_stay_text(visit):
    page = visit(BASE + "deformable_detr_two_stage")
    page.wait_for_selector("button.other-row")
    row = page.locator("button.other-row").first
    query = row.get_attribute("data-query")
    row.click()
    says(page, query=query)
    assert unharmed(page)
    page.keyboard.press("Escape")
    page.wait_for_selector(".inside-empty button")
    page.locator(".inside-empty button").click()
    page.wait_for_selector(".inside-name:visible")
    assert unharmed(page) and "${document" in page.inner_text(".inside-name")


def test_training_is_rehearsed_on_the_runs_own_findings(visit, screenshots):
    page = visit(BASE + "dab_detr&layer=2", theme="dark")
    shows(page, "Attention by its summands", "Stretch by width and height", "How the content scales the place's code", START,
          "What training adds")
    page.get_by_role("button", name="Rehearse training on this picture").click()
    page.wait_for_selector(".rehearsal:visible")
    assert "2 queries were asked for this object" in page.inner_text(".rehearse .note")
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "inside-dark-1280.png", full_page=True)


def test_what_another_share_of_tokens_would_keep_is_told_without_the_server(visit, screenshots):
    page = visit(BASE + "sparse_detr", width=390)
    shows(page, START, "Which tokens the encoder refined", "Encoder proposals")
    told = page.locator(".special .note").first
    page.wait_for_function("document.querySelector('.special .note')?.textContent.startsWith('As it was')")
    asked = requested(page)
    page.locator(".special input[type=range]").fill("60")
    expect(told).to_contain_text("If 1,260 were kept")
    assert not asked
    assert fits(page), "nothing scrolls sideways"
    page.screenshot(path=screenshots / "inside-narrow-390.png", full_page=True)


@pytest.mark.parametrize(("model", "titles"), [
    ("anchor_detr", ["Row and column", START]), ("smca", ["Attention by its summands", "The Gaussians"]), ("detr", []),
    ("sap_detr", ["Attention by its summands", "The Gaussians", START])])
def test_each_kind_of_view_is_shown_where_it_is(visit, model, titles):
    page = visit(BASE + model)
    shows(page, *titles)


def test_the_picture_of_the_first_page_shows_one_summand(visit):
    page = visit(BASE + "dab_detr")
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_selector(".stage-tools .part-switch:visible")
    before = drawn(page, ".mat canvas")
    page.locator(".stage-tools").get_by_role("radio", name="Spatial", exact=True).click()
    page.wait_for_function("document.querySelector('.stage-caption')?.textContent.startsWith('Spatial alone')")
    assert drawn(page, ".mat canvas") != before
