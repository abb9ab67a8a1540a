"""The guided tour drives the pages and leaves them as they were; every term is explained."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import ui

pytestmark = pytest.mark.browser
STATIC = Path(ui.__file__).parent / "static"
HEIGHT = 800


@pytest.fixture(scope="module")
def page(desk):
    found = desk(height=HEIGHT)
    found.wait_for_selector(".share-bar i")
    return found


ARRIVED = """async () => {                              // the card is placed once a frame and glides there
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.querySelector('.guide').getAnimations().map((each) => each.finished)); }"""


def chosen(page) -> list:
    """The selection as the address tells it, a little later."""
    page.wait_for_timeout(250)
    names = ["page", "picture", "model", "query", "layer", "head"]
    return page.evaluate("(names) => names.map((name) => new URLSearchParams(location.search).get(name))", names)


def test_a_first_visit_is_invited_once(page):
    assert page.locator(".invitation").is_visible()
    page.get_by_role("button", name="Not now").click()
    assert not page.locator(".invitation").is_visible()
    page.reload()
    page.wait_for_selector(".share-bar i")
    assert not page.locator(".invitation").is_visible()


def test_every_step_shows_what_it_speaks_of(page, screenshots):
    before = chosen(page)
    page.get_by_role("button", name="Guide", exact=True).click()
    steps = int(page.inner_text(".guide .note").split()[-1])
    titles = set()
    for step in range(steps):
        page.wait_for_function("(n) => document.querySelector('.guide .note')?.textContent.startsWith(`${n} of`)", arg=step + 1)
        name = page.get_attribute(".guide", "data-step")
        page.wait_for_selector(".tour-ring:visible", timeout=30000)
        page.evaluate(ARRIVED)
        ring, card = (page.locator(part).bounding_box() for part in (".tour-ring", ".guide"))
        assert ring["width"] > 40 and ring["height"] > 20, name
        assert card["x"] >= 0 and card["y"] >= 0 and card["y"] + card["height"] <= HEIGHT, name
        titles.add(page.inner_text(".guide-title"))
        if name in ("reference", "matching", "family"):
            page.wait_for_timeout(400)
            page.screenshot(path=screenshots / f"tour-{name}.png")
        page.locator(".guide footer button").last.click()
    assert len(titles) == steps
    page.wait_for_selector(".guide", state="detached")
    assert not page.locator(".tour-ring").count()
    page.locator(".pages [data-page=explore]").click()
    assert chosen(page) == before, "the tour puts back what it changed"


def test_closed_and_opened_again_it_goes_on(page):
    page.get_by_role("button", name="Guide", exact=True).click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.guide')?.dataset.step === 'attention'")
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector(".share-bar i")
    page.get_by_role("button", name="Guide", exact=True).click()
    page.wait_for_function("document.querySelector('.guide')?.dataset.step === 'attention'")
    page.locator(".guide").get_by_role("button", name="Close the guide").click()


def test_a_badge_opens_the_glossary_at_its_term(page, screenshots):
    badge = page.locator("#atlas-page-explore .badge:visible").first
    term = re.sub(r"What is: (.*)\?", r"\1", badge.get_attribute("aria-label"))
    badge.click()
    assert page.inner_text(".term.chosen dt") == term
    page.locator(".find").fill("hungarian")
    assert page.locator(".term:visible").count() in (1, 2, 3)
    page.locator(".find").fill("zzz")
    assert page.locator(".term:visible").count() == 0 and page.locator(".guide .empty").is_visible()
    page.screenshot(path=screenshots / "glossary.png")
    page.keyboard.press("Escape")


def test_badges_name_terms_that_exist():
    terms = set(re.findall(r"^    (\w+): \[", (STATIC / "words" / "guide.en.js").read_text(), re.M))
    used = {(path.name, term) for path in STATIC.rglob("*.js") for term in re.findall(r"\bbadge\(\"(\w+)\"\)", path.read_text())}
    assert used and {term for _, term in used} <= terms, used
