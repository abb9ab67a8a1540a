"""What came of a run, on the other pages: real weights, real pictures, a real browser."""
from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from app.engine import Engine
from app.network import Network
from app.opening import Opening

from .browsing import says
from .servers import ASSETS, launched

pytestmark = pytest.mark.browser
PATIENCE = 240_000                                  # ms; libraries are loaded first, and the machine may be busy


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """A server with the bundled weights, whose example of a finished job is everybody's."""
    opening = Opening(tmp_path_factory.mktemp("data"), ASSETS)
    engine = Engine(lambda: Network("cpu", own=opening.weights), ASSETS)
    engine.workshop = opening
    with launched(engine, ASSETS) as url:
        yield url
    opening.close()


@pytest.fixture
def results(visit):
    """The example's results on the Jobs page."""
    page = visit("/?page=jobs&job=demo")
    page.set_default_timeout(PATIENCE)
    page.locator(".result-numbers dd").first.wait_for()
    page.wait_for_selector(".replay-tile")
    return page


def test_explore_shows_what_the_trained_detector_finds(results, screenshots):
    results.locator(".replay-tile").nth(1).click()          # the picture that is looked at goes along
    results.locator(".results button", has_text="Explore").click()
    says(results, weights="job:demo", model="deformable_detr")
    results.locator(".query-row").nth(2).wait_for()
    results.wait_for_selector(".card-query .head-cell")
    results.wait_for_function("new URLSearchParams(location.search).has('threshold')")
    rows = " ".join(results.locator(".query-row").all_inner_texts()[:3])
    assert "tree" in rows, "the classes are those it learned"
    assert results.evaluate("document.querySelector('#atlas-weights').selectedOptions[0].textContent").startswith("Tree crowns")
    results.screenshot(path=screenshots / "results-explore.png")


def test_the_lines_for_python_run_as_they_are_shown(results, tmp_path, monkeypatch, capsys):
    code = results.locator(".snippet code").first.text_content()
    shutil.copy(ASSETS / "demo_job" / "best.safetensors", tmp_path)
    shutil.copy(ASSETS / "examples" / "other-forest.jpg", tmp_path / "picture.jpg")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "snippet", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("tree 0.") for line in lines)


def test_compare_sets_it_beside_what_it_started_from(results, screenshots):
    results.locator(".results button", has_text="Compare with the start").click()
    results.wait_for_url("**page=compare**")
    results.locator(".difference-row").nth(7).wait_for()     # what a young detector is unsure of is there to be seen, too
    said = results.evaluate("new URLSearchParams(location.search).get('compare')")
    assert said == "deformable_detr@scenes,deformable_detr@job:demo"
    assert results.locator("table.costs tr", has_text="AP50").locator(".best").count() == 0, "measured on different data"
    results.screenshot(path=screenshots / "results-compare.png", full_page=True)
