"""The Benchmark page: curves, families, sorting, gains on parents, and the way into the explorer."""
from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from app.benchmark import tables

from .browsing import fits, says

HOSTILE = "<img src=x onerror=alert(1)>"
TWO_STAGE = "Deformable DETR + two-stage"
SPEED = {
    "detr": (None, 30, 0.9), "conditional_detr": ("detr", 22, 1.6), "dab_detr": ("conditional_detr", 27, 2.0),
    "dn_detr": ("dab_detr", 41, 3.4),
    "deformable_detr": ("detr", 36, 3.0), "deformable_detr_refine": ("deformable_detr", 38, 3.2),
    "deformable_detr_two_stage": ("deformable_detr_refine", 52, 4.6), HOSTILE: ("detr", 12, 0.5),
}
"""Parent, AP at the end and GMACs."""


def evaluation(share: float, top: float, seed: int) -> dict:
    value = round(top / 100 * (1 - math.exp(-3 * share)) + 0.004 * seed, 4)
    return {"images": int(8000 * share), "seconds": 220 * share * (1 + top / 100), "memory": 1_200_000_000, "pictures": 200,
            "AP": value, "AP50": value * 1.5, "AP75": value * 0.9, "APs": value / 2, "APm": value, "APl": None, "AR100": value * 1.3,
            "loose": {"0.1": min(1, value * 2), "0.3": value * 1.7}, "losses": {"total": 20 - 10 * share},
            "matching": {"instability": 0.5 - 0.4 * share, "IS": 2.0} if share > 0.2 else None}


def convergence() -> dict:
    """Two seeds on the scenes and one on the trees, as the command writes them."""
    runs = [{"variant": name, "data": data, "seed": seed, "budget": "images", "state": "finished", "images": 8000, "seconds": 220.0,
             "evaluations": [evaluation(i / 8, top if data == "scenes" else top / 4, seed) for i in range(1, 9)]}
            for data, seeds in (("scenes", (1, 2)), ("trees", (1,))) for seed in seeds for name, (_, top, _) in SPEED.items()]
    runs += [{**run, "budget": "bundled", "seconds": None, "start": "", "evaluations": [{**e, "seconds": None} for e in run["evaluations"]]}
             for run in runs[:2]]
    variants = {name: {"parent": parent, "lineage": [name], "counts": {"trainable": 400_000, "gmacs": gmacs}, "slow_parameters": 0,
                       "deviations": {"objective": HOSTILE}} for name, (parent, _, gmacs) in SPEED.items()}
    return {"format": 1, "made": "2030-01-02", "command": f"python -m detr_core benchmark {HOSTILE}", "variants": variants, "runs": runs,
            "machine": {"processor": HOSTILE, "cores": 1, "torch": "2.14"},
            "policy": {"start": "random numbers", "rate": 6e-4, "batch": 8, "backbone": "frozen"}}


def test_a_damaged_table_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    (tmp_path / "convergence.json").write_text(json.dumps(convergence()))
    (tmp_path / "speed.json").write_text("{half")
    found = tables(tmp_path)
    assert found["speed"] is None and len(found["convergence"]["runs"]) == 26
    assert found["systems"]["deformable_detr"]["ap"] == 44.5


@pytest.fixture(scope="module")
def page(desk, assets):
    (assets / "benchmark").mkdir(exist_ok=True)
    (assets / "benchmark" / "convergence.json").write_text(json.dumps(convergence()))
    return desk("/?page=benchmark")


def rows(page) -> list[str]:
    return page.eval_on_selector_all(".learn tbody th", "(cells) => cells.map((cell) => cell.innerText.trim())")


@pytest.mark.browser
def test_everybody_is_drawn_and_names_stay_text(page, screenshots) -> None:
    assert page.locator(".benchmark-curve").first.locator(".scatterlayer .trace").count() == len(SPEED)
    assert HOSTILE in rows(page)
    assert rows(page)[0] == TWO_STAGE
    page.screenshot(path=screenshots / "benchmark.png", full_page=True)


@pytest.mark.browser
def test_any_column_sorts_and_says_so(page) -> None:
    page.get_by_role("button", name="GMACs").click()
    page.wait_for_selector("th[aria-sort=descending] [data-column=computation]")
    assert rows(page)[0] == TWO_STAGE
    page.keyboard.press("Enter")
    page.wait_for_selector("th[aria-sort=ascending] [data-column=computation]")
    assert rows(page)[0] == HOSTILE


@pytest.mark.browser
def test_a_family_narrows_curves_and_table(page) -> None:
    page.get_by_role("button", name="Denoising queries").click()
    page.wait_for_function("document.querySelectorAll('.learn tbody tr').length === 1")
    assert rows(page) == ["DN-DETR"]
    gain = page.locator(".learn tbody td").nth(8).inner_text()
    assert gain.startswith("+") and "…" in gain                # the spread over two seeds
    page.get_by_role("button", name="Denoising queries").click()
    page.wait_for_function(f"document.querySelectorAll('.learn tbody tr').length === {len(SPEED)}")


@pytest.mark.browser
def test_other_pictures_and_other_measures_redraw(page) -> None:
    page.get_by_role("button", name="Trees").click()
    page.select_option("#atlas-benchmark-measure", "instability")
    page.wait_for_function("document.querySelector('.learn h3')?.textContent.startsWith('Changed matches')")
    page.get_by_role("button", name="Scenes").click()
    page.select_option("#atlas-benchmark-measure", "AP")


@pytest.mark.browser
def test_runs_that_tell_no_time_have_no_chart_of_it(page) -> None:
    page.get_by_role("button", name="Bundled weights").click()
    page.wait_for_function("document.querySelectorAll('.learn tbody tr').length === 2")
    assert page.locator(".benchmark-curves figure:visible").count() == 1 and "random numbers" in page.inner_text(".learn .note >> nth=0")
    assert page.locator(".learn tbody tr").first.locator("td").nth(0).inner_text() == "8,000"
    assert "0.0" not in page.locator(".learn tbody tr").first.locator("td").all_inner_texts()
    page.get_by_role("button", name="Equal pictures").click()
    page.wait_for_function(f"document.querySelectorAll('.learn tbody tr').length === {len(SPEED)}")
    assert page.locator(".benchmark-curves figure:visible").count() == 2


@pytest.mark.browser
def test_a_budget_that_a_data_set_has_no_runs_of_is_never_asked_of_it(page) -> None:
    page.get_by_role("button", name="Bundled weights").click()
    page.wait_for_function("document.querySelectorAll('.learn tbody tr').length === 2")
    page.get_by_role("button", name="Trees").click()
    page.wait_for_function(f"document.querySelectorAll('.learn tbody tr').length === {len(SPEED)}")
    pressed = page.locator(".benchmark-choice [data-key=budget]")
    assert [(each.inner_text(), each.get_attribute("aria-pressed")) for each in pressed.all()] == [("Equal pictures", "true")]
    page.get_by_role("button", name="Scenes").click()


@pytest.mark.browser
def test_it_fits_a_telephone_at_night(page, screenshots) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Dark or light").click()
    page.wait_for_function("document.querySelector('.benchmark-curve .main-svg')?.clientWidth < 390")
    assert fits(page)
    page.screenshot(path=screenshots / "benchmark-narrow.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 844})


@pytest.mark.browser
def test_a_detector_opens_in_the_explorer(page) -> None:
    page.get_by_role("button", name=TWO_STAGE).click()
    page.wait_for_function("""() => {
        const words = new URLSearchParams(location.search);
        return words.get('model') === 'deformable_detr_two_stage' && words.get('page') !== 'benchmark';
    }""")


@pytest.mark.browser
def test_weights_of_trees_open_on_trees(visit, page) -> None:
    own = visit("/?page=benchmark&picture=example:patches")
    own.wait_for_selector(".learn tbody tr")
    own.evaluate("""async () => {
        const bus = await import(performance.getEntriesByType("resource").map(({ name }) => name).find((name) => /\\/bus\\.js/.test(name)));
        while (!bus.get().examples.length) await new Promise((then) => setTimeout(then, 20));
        bus.set({ examples: bus.get().examples.map((each) => (each.id === "moved" ? { ...each, data: "trees" } : each)) });
    }""")
    own.get_by_role("button", name="Trees").click()
    own.locator(".learn button[title*='weights: trees']", has_text=TWO_STAGE).click()
    says(own, model="deformable_detr_two_stage", weights="trees", picture="example:moved")
