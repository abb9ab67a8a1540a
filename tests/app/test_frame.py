"""The frame of every page: tabs, addresses, and a header that fits."""
from __future__ import annotations

import pytest

from app import ui

from .browsing import fits

pytestmark = pytest.mark.browser
PAGES = [ui.name(page) for page in ui.PAGES]
PICTURE = """async (name) => {
    const base = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/bus.js')).name;
    const { snapshot } = await import(new URL('snapshot.js', base));
    return (await snapshot(document.getElementById(`atlas-page-${name}`))).size; }"""


def shown(page, name: str) -> None:
    """Wait until that page's tab is the open one."""
    page.wait_for_function("(name) => document.getElementById(`atlas-page-${name}`)?.offsetParent !== null "
                           "&& document.querySelector('.pages [aria-selected=true]')?.dataset.page === name", arg=name)


def test_every_page_opens_by_its_tab_and_by_its_address(visit):
    page = visit("/?picture=example:patches&model=detr&weights=scenes&query=2")
    for name in PAGES:
        page.locator(f".pages [data-page={name}]").click()
        shown(page, name)
        assert page.evaluate("new URLSearchParams(location.search).get('page') ?? 'explore'") == name
        assert page.evaluate("new URLSearchParams(location.search).get('query')") == "2", "the selection goes along"
        for _ in range(30):                             # some are still asking for what they show
            if (size := page.evaluate(PICTURE, name)) > 5000:
                break
            page.wait_for_timeout(500)
        assert size > 5000, f"{name} becomes a picture"
    if len(PAGES) > 1:
        page.go_back()
        shown(page, PAGES[-2])
        page.goto(f"{page.url.split('?')[0]}?page={PAGES[-1]}&query=1")
        shown(page, PAGES[-1])
    page.goto(f"{page.url.split('?')[0]}?page=nonsense")
    shown(page, "explore")


def test_the_tabs_walk_by_keyboard(explore):
    explore.locator(".pages [aria-selected=true]").focus()
    explore.keyboard.press("End")
    assert explore.evaluate("document.activeElement.dataset.page") == PAGES[-1]
    explore.keyboard.press("Home")
    assert explore.evaluate("document.activeElement.dataset.page") == "explore"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_header_fits(visit, screenshots, width):
    page = visit(width=width, locale="ru-RU")
    assert fits(page)
    overlap = """() => { const [a, b] = ['.pages', '.header-tools'].map((name) => document.querySelector(name).getBoundingClientRect());
        return a.right > b.left + 1 && a.bottom > b.top && b.bottom > a.top; }"""
    assert not page.evaluate(overlap)
    assert width < 1080 or page.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('.pages'))")
    page.locator(".pages [role=tab]").last.click()
    last = page.locator(".pages [role=tab]").last.bounding_box()
    assert last["x"] >= 0 and last["x"] + last["width"] <= width, "the open page's tab is in sight"
    page.screenshot(path=screenshots / f"header-ru-{width}.png")
