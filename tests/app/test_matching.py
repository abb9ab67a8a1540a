"""The matching lab lets a visitor change the problem: costs, objects, layers, noise."""
from __future__ import annotations

import re

import pytest

from .browsing import fits, requested, says, sticking_out, unharmed
from .fake import MATCHING, OBJECTS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(desk):
    return desk("/?page=matching&lang=en")


def matches(page) -> list[list[str]]:
    return page.eval_on_selector_all(".object-table tbody tr", """
        rows => rows.map(row => [...row.querySelectorAll('.match')].map(cell => cell.textContent))""")


def on_picture(page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#atlas-matching-stage canvas").bounding_box()
    scale = min(box["width"] / 4, box["height"] / 3)
    return box["x"] + box["width"] / 2 + (x - .5) * 4 * scale, box["y"] + box["height"] / 2 + (y - .5) * 3 * scale


def press_and_drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on_picture(page, *start))
    page.mouse.down()
    page.mouse.move(*on_picture(page, *((a + b) / 2 for a, b in zip(start, end))))
    page.mouse.move(*on_picture(page, *end))
    page.mouse.up()


def test_it_opens_with_a_close_call_pinned(page, screenshots):
    assert page.locator(".object-table tbody tr").count() == len(OBJECTS)
    assert page.locator(".pair-table thead th").count() == 2 and "would cost" in page.inner_text(".pair-verdict")
    assert unharmed(page)
    page.screenshot(path=screenshots / "matching-light-1280.png", full_page=True)


def test_sliders_solve_at_once_without_a_request(page):
    asked = requested(page)
    before = page.inner_text(".pair-table .sum")
    page.locator("#atlas-matching-l1").fill("0.5")
    page.locator("#atlas-matching-class").fill("0")
    page.wait_for_function("before => document.querySelector('.pair-table .sum').innerText !== before", arg=before)
    page.get_by_role("button", name="Official").first.click()
    page.wait_for_function("before => document.querySelector('.pair-table .sum')?.innerText === before", arg=before)
    assert asked == []


def test_draw_move_and_delete_an_object(page):
    rows = page.locator(".object-table tbody tr")
    press_and_drag(page, (.35, .1), (.42, .25))
    assert rows.count() == len(OBJECTS) + 1
    page.locator(".object-table select").last.select_option("dog")
    page.locator(".pair-name", has_text="dog").wait_for()
    held = matches(page)[-1]
    press_and_drag(page, (.385, .18), (.6, .8))
    page.wait_for_function("""held => [...document.querySelector('.object-table tbody')?.lastChild.querySelectorAll('.match')]
        .map(cell => cell.textContent).join() !== held""", arg=",".join(held))
    page.locator("#atlas-matching-stage canvas").focus()
    page.keyboard.press("Delete")
    assert rows.count() == len(OBJECTS)
    page.keyboard.press("n")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert rows.count() == len(OBJECTS) + 1
    page.get_by_role("button", name="Restore the objects").click()
    assert rows.count() == len(OBJECTS)


def test_the_matrix_pins_a_pair_everywhere(page):
    canvas = page.locator(".matrix-scroll canvas")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * .31, "y": 40})
    preview = page.inner_text(".pair-table thead")
    canvas.click(position={"x": box["width"] * .31, "y": 40})
    assert page.inner_text(".pair-table thead") == preview
    query = re.findall(r"query (\d+)", preview)
    page.wait_for_function("queries => queries.includes(new URLSearchParams(location.search).get('query'))", arg=query)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('.pair-table thead').innerText !== before", arg=preview)
    for button in ("Class", "GIoU", "Total", "Matched first", "All queries", "All queries", "By score"):
        page.locator("#atlas-matching-matrix").get_by_role("button", name=button, exact=True).click()


def test_layers_mark_what_changed_hands(page):
    page.locator(".layer-pick button").first.click()
    says(page, layer="1")
    table = matches(page)
    changed = [sum(row[i] != row[i - 1] for row in table) for i in range(1, 3)]
    shown = [int("0" + count.replace("⇄", "").strip()) for count in page.locator(".layer-pick button small").all_inner_texts()[1:]]
    assert shown == changed and page.locator(".match.flipped").count() == sum(changed)
    page.locator(".layer-pick button").last.click()


def test_denoising_answers_to_its_sliders(page):
    line = page.locator("#atlas-matching-noise .noise-picture .rule-line")
    assert line.inner_text().startswith(f"{MATCHING['schemes'][0]['groups']} groups: {5 * len(OBJECTS)} positives")
    page.locator("#atlas-matching-labelNoise").fill("1")
    page.wait_for_function(f"document.querySelector('.noise-picture .rule-line')?.textContent.includes('{5 * len(OBJECTS)} pretend')")
    page.locator("#atlas-matching-noise .mask-figure canvas").hover(position={"x": 120, "y": 60})
    page.wait_for_function("/may|see/.test(document.querySelector('.mask-figure .rule-line')?.textContent)")


def test_one_to_many_counts_its_positives(page):
    lines = page.locator("#atlas-matching-many .rule-line").all_inner_texts()
    assert lines[0].startswith(f"{len(OBJECTS)} of 40") and lines[1].startswith(f"{6 * len(OBJECTS)} of 40")
    page.locator("#atlas-matching-repeated").fill("2")
    page.wait_for_function(f"document.querySelectorAll('.rules .rule-line')[1]?.textContent.startsWith('{2 * len(OBJECTS)} of 40')")


@pytest.mark.parametrize(("theme", "width", "language"), [("dark", 1280, "en"), ("light", 390, "ru")])
def test_it_fits_narrow_dark_and_russian(visit, screenshots, theme, width, language):
    found = visit(f"/?page=matching&lang={language}", theme=theme, width=width)
    found.wait_for_timeout(300)
    assert fits(found) and not sticking_out(found, "#atlas-bench")
    found.screenshot(path=screenshots / f"matching-{theme}-{width}.png", full_page=True)
