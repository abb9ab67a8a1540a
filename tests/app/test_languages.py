"""A visitor who reads Russian finds every word of every page said in it."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import ui

pytestmark = pytest.mark.browser
STATIC = Path(ui.__file__).parent / "static"
PAGES = [ui.name(page) for page in ui.PAGES]


def test_russian_says_everything_and_stays(visit, screenshots):
    page = visit("/?picture=example:patches&model=deformable_detr_two_stage&weights=scenes&query=0&layer=2")
    page.wait_for_selector(".share-bar i")
    page.get_by_role("button", name="Русский").click()
    page.wait_for_function("document.documentElement.lang === 'ru' && document.querySelector('.share-bar i')")
    assert "слой 2 из 3" in page.inner_text(".card-line") and re.search(r"\b0,\d\d\b", page.inner_text(".card-line"))
    assert page.evaluate("new URLSearchParams(location.search).get('lang')") == "ru"
    assert page.inner_text(".pages [aria-selected=true]") == "Обзор"
    left = page.evaluate("""() => [...document.querySelectorAll(
            '#atlas-page-explore h2, #atlas-page-explore h3, #atlas-page-explore button, .stage-caption, .note')]
        .map((e) => e.textContent.trim()).filter((t) => /[a-z]{4}/i.test(t) && !/[а-яё]/i.test(t) && !/hacked|^(cat|dog|car)/.test(t))""")
    assert left == []
    page.screenshot(path=screenshots / "explore-ru.png")
    page.goto(page.url.replace("picture=example:patches", "picture=" + "0" * 32))
    page.wait_for_selector(".stage-status[data-kind=error]")
    assert "уже нет на сервере" in page.inner_text(".stage-status")
    page.get_by_role("button", name="English").click()
    page.wait_for_function("document.documentElement.lang === 'en'")


def test_charts_write_numbers_as_russian_does(visit):
    page = visit("/?page=inside&lang=ru&picture=example:patches&model=deformable_detr_two_stage&weights=scenes&query=0")
    page.wait_for_selector(".inside-chart .ytick text")
    marks = page.locator(".inside-chart").first.locator(".ytick text").all_text_contents()
    assert "0,5" in "".join(marks) and not any("." in mark for mark in marks), marks


def words_of(page, name: str, language: str) -> dict:
    """Keys of a file of words, and what kind of thing each says."""
    return page.evaluate("""async ([name, language]) => {
        const base = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/bus.js')).name;
        const { say } = await import(new URL(`words/${name}.${language}.js`, base));
        const plain = (value) => value?.constructor === Object;
        const shape = (value) => plain(value) ? Object.keys(value).length : typeof value;
        return Object.fromEntries(Object.entries(say).map(([key, value]) => [key, shape(value)])); }""", [name, language])


def test_no_page_lacks_a_word_in_russian(explore):
    for path in sorted((STATIC / "words").glob("*.en.js")):
        name = path.name.removesuffix(".en.js")
        assert path.with_name(f"{name}.ru.js").exists(), f"{name} is not said in Russian"
        english, russian = words_of(explore, name, "en"), words_of(explore, name, "ru")
        assert not english.keys() - russian.keys(), f"{name}: the Russian words lack some"
        assert all(kind == russian[key] for key, kind in english.items() if isinstance(kind, str)), name
    assert {*PAGES} <= {*explore.evaluate("[...document.querySelectorAll('.pages [role=tab]')].map((tab) => tab.dataset.page)")}


@pytest.mark.parametrize("line", re.findall(r"^  \[/\^(.*?[^\\])/s?, ", (STATIC / "words" / "server.ru.js").read_text(), re.M))
def test_the_translated_sentences_are_those_of_the_server(line):
    """A sentence that is written anew on the server would silently lose its Russian."""
    start = re.split(r"[\\(.]", line)[0].rstrip(" '")
    root = Path(ui.__file__).parent.parent
    assert not start or any(start in path.read_text() for folder in ("app", "detr_core") for path in (root / folder).rglob("*.py")), line
