"""Charts and files that pages make in the browser, whatever names they are given."""
from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.body.dataset.hacked=1>"

DRAW = """async ([name, height]) => {
    const at = (file) => performance.getEntriesByType('resource').find(({ name }) => name.includes('/bus.js')).name.replace('bus.js', file);
    window.parts ??= { chart: await import(at('chart.js')), files: await import(at('export.js')), bus: await import(at('bus.js')) };
    window.place ??= document.body.appendChild(document.createElement('div'));
    place.style.cssText = 'width: 500px';
    const traces = [{ type: 'bar', x: [name, 'b'], y: [1, height], name }, { y: [height, 2], name: 'other' }];
    await parts.chart.chart(place, traces, { yaxis: { title: { text: name } } }, { label: 'A chart', click: () => {} });
    return place.querySelector('svg').textContent; }"""


@pytest.fixture(scope="module")
def page(desk):
    return desk()


def test_names_stay_text_and_zoom_outlives_an_update_and_the_theme(page):
    assert HOSTILE in page.evaluate(DRAW, [HOSTILE, 3])
    assert page.evaluate("place.querySelectorAll('img').length === 0 && !document.body.dataset.hacked")
    page.evaluate("window.Plotly.relayout(place, {'yaxis.range': [0.5, 1.5]})")
    svg = page.evaluate_handle("place.querySelector('svg')")
    page.evaluate(DRAW, [HOSTILE, 9])
    assert page.evaluate("place.layout.yaxis.range") == [0.5, 1.5]
    assert page.evaluate("(svg) => svg === place.querySelector('svg')", svg)
    colour = "getComputedStyle(place.querySelector('.ytitle')).fill"
    light = page.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'dark'; parts.bus.set({ theme: 'dark' })")
    page.wait_for_function(f"{colour} !== '{light}'")
    assert page.evaluate("place.layout.yaxis.range") == [0.5, 1.5]


NAMES = [(["run", "a b/c"], "run-a-b-c"), (["../../etc/passwd"], "etc-passwd"), ([HOSTILE], None), (["кот", "слой 3"], "кот-слой-3"),
         (["", None], "atlas-view"), (["CON"], "atlas-CON"), (["..."], "atlas-view"), (["x" * 300], "x" * 80)]


@pytest.mark.parametrize(("parts", "safe"), NAMES)
def test_file_names_are_safe_everywhere(page, parts, safe):
    page.evaluate(DRAW, ["a", 3])
    found = page.evaluate("(name) => parts.files.safeName(...name)", parts)
    assert found == (safe or found) and not set(found) & set('<>:"/\\|?*= ')


def test_charts_canvases_and_numbers_become_files(page):
    page.evaluate(DRAW, ["a", 3])
    with page.expect_download() as waiting:
        page.evaluate("parts.files.exportPng(place, 'my chart')")
    assert waiting.value.suggested_filename == "my-chart.png"
    assert waiting.value.path().read_bytes().startswith(b"\x89PNG")
    sizes = page.evaluate("""async () => { const width = async (source) => (await createImageBitmap(await parts.files.png(source))).width;
        return Promise.all([place, document.querySelector('.mat canvas'), document.querySelector('svg.mark')].map(width)); }""")
    assert sizes[0] == 1000 and sizes[1] > 100 and sizes[2] > 20
    with page.expect_download() as waiting:
        page.evaluate("parts.files.exportJson({ weights: new Float32Array([1, 0.5]) }, 'numbers')")
    assert json.loads(waiting.value.path().read_text()) == {"weights": [1, 0.5]}
