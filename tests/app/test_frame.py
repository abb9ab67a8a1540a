"""The frame of every page: addresses, languages, files of the view, and the code that reproduces it."""
from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from app import ui
from app.runs import Run

from .conftest import watched

pytestmark = pytest.mark.browser
PATIENCE = 90000
STATIC = Path(ui.__file__).parent / "static"
PAGES = [ui.name(page) for page in ui.PAGES]


@pytest.fixture(scope="module")
def desk(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light", locale="en-GB")
    yield context
    context.close()


@pytest.fixture(scope="module")
def troubles(served):
    """Errors of any page and requests to any other host fail the module."""
    found: list[str] = []
    yield found
    assert not found


@pytest.fixture(scope="module")
def go(desk, served, troubles):
    def visit(address: str = "/", context=None):
        page = (context or desk).new_page()
        page.set_default_timeout(PATIENCE)
        watched(page, served.url, troubles, also=("file:",))
        page.goto(served.url + address)
        page.wait_for_selector("[role=tab]")
        return page

    return visit


@pytest.fixture(scope="module")
def explore(go):
    """Explore at one query of one layer and head."""
    page = go("/?picture=example:patches&model=deformable_detr_two_stage&weights=scenes&query=0&layer=2&head=3")
    page.wait_for_selector(".share-bar i")
    yield page
    page.close()


PICTURE = """async (name) => {
    const base = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/bus.js')).name;
    const { snapshot } = await import(new URL('snapshot.js', base));
    return (await snapshot(document.getElementById(`atlas-page-${name}`))).size; }"""


def shown(page, name: str) -> None:
    """Wait until that page's tab is the open one."""
    page.wait_for_function("(name) => document.getElementById(`atlas-page-${name}`)?.offsetParent !== null "
                           "&& document.querySelector('.pages [aria-selected=true]')?.dataset.page === name", arg=name)


def test_every_page_opens_by_its_tab_and_by_its_address(go):
    page = go("/?picture=example:patches&model=detr&weights=scenes&query=2")
    page.wait_for_selector(".query-row")
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
    page.close()


def test_the_tabs_walk_by_keyboard(explore):
    explore.locator(".pages [aria-selected=true]").focus()
    explore.keyboard.press("End")
    assert explore.evaluate("document.activeElement.dataset.page") == PAGES[-1]
    explore.keyboard.press("Home")
    assert explore.evaluate("document.activeElement.dataset.page") == "explore"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_header_fits(browser, go, screenshots, width):
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="ru-RU")
    page = go("/", context)
    page.wait_for_selector(".query-row")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overlap = """() => { const [a, b] = ['.pages', '.header-tools'].map((name) => document.querySelector(name).getBoundingClientRect());
        return a.right > b.left + 1 && a.bottom > b.top && b.bottom > a.top; }"""
    assert not page.evaluate(overlap)
    assert width < 1080 or page.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('.pages'))")
    page.locator(".pages [role=tab]").last.click()
    last = page.locator(".pages [role=tab]").last.bounding_box()
    assert last["x"] >= 0 and last["x"] + last["width"] <= width, "the open page's tab is in sight"
    page.screenshot(path=screenshots / f"header-ru-{width}.png")
    context.close()


def test_russian_says_everything_and_stays(go, screenshots):
    page = go("/?picture=example:patches&model=deformable_detr_two_stage&weights=scenes&query=0&layer=2")
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
    page.close()


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


def test_the_saved_page_works_without_the_server(explore, browser, troubles, tmp_path, screenshots):
    path = tmp_path / "saved.html"
    take(explore, "HTML").save_as(path)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or troubles.append(request.url))
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
    assert page.evaluate("document.body.dataset.hacked") is None
    context.close()


VIEWS = {"model=deformable_detr_two_stage&query=0&layer=2": "share by level",
         "model=detr&query=3&head=2": "brightest token",
         "page=matching&model=detr&query=1": "-> ",
         "page=compare&model=detr&compare=detr@scenes,deformable_detr@scenes": "deformable_detr ["}


@pytest.mark.parametrize("address", [each for each in VIEWS if each.partition("page=")[2].partition("&")[0] in ("", *PAGES)])
def test_the_code_of_a_view_computes_it(go, assets, capsys, monkeypatch, address):
    page = go(f"/?picture=example:patches&weights=scenes&{address}")
    page.wait_for_selector(".query-row", state="attached")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("menuitem", name="Show the code").click()
    texts = {name: page.locator(f"[data-code={name}]").inner_text() for name in ("python", "client")}
    page.close()
    monkeypatch.chdir(assets.parent)
    for name, text in texts.items():
        exec(compile(text.replace("assets/examples", f"{assets.name}/examples"), name, "exec"), {})
        said = capsys.readouterr().out
        assert (VIEWS[address] if name == "python" else "'decoder.layers.0.cross_attention'") in said, name
