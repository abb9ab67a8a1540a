"""Fine-tuning as a visitor does it: a zip, a recipe, the start, the live page; closed, stopped, resumed, taken home."""
from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from ..training.painted import Painted
from .browsing import unharmed
from .fine_tuning import HOSTILE, OVER, charted, chosen, in_state, recipe
from .servers import ASSETS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(shop) -> str:
    return shop.url


@pytest.fixture(scope="module")
def archive() -> bytes:
    """Sixteen painted pictures to learn from and four to judge by, as a zip in COCO's layout."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for split, count in (("train", 16), ("val", 4)):
            painted = Painted(count, seed=len(split))
            table = painted.annotations()
            for row, (picture, _) in zip(table["images"], (painted[i] for i in range(count))):
                row["file_name"] = f"{split}-{row['id']}.png"
                data = io.BytesIO()
                picture.save(data, "PNG")
                packed.writestr(f"images/{row['file_name']}", data.getvalue())
            packed.writestr(f"annotations/instances_{split}.json", json.dumps(table))
    return out.getvalue()


def test_the_plan_survives_a_reload_and_marks_what_was_changed(visit, screenshots):
    page = visit("/?page=train")
    page.wait_for_selector(".data-cards [aria-checked=true]")
    recipe(page, Batch="4")
    page.locator(".card[data-start='']").click()
    page.wait_for_function("document.querySelector('.recipe-sum')?.textContent.includes('random numbers')")
    assert page.locator(".field .modified:visible").count() == 0, "another start has another preset"
    page.reload()
    page.wait_for_function("document.querySelector('.recipe-sum')?.textContent.includes('random numbers')")
    assert page.locator(".segment[data-value=epochs]").get_attribute("aria-checked") == "true"
    page.screenshot(path=screenshots / "train-recipe-1280.png", full_page=True)
    page.locator(".step-foot .solid").click()
    page.wait_for_function("document.querySelector('.command code')?.textContent.startsWith('python -m detr_core train --variant')")
    page.screenshot(path=screenshots / "train-review-1280.png", full_page=True)
    assert str(Path.home()) not in page.content() and str(ASSETS.parent) not in page.content()
    page.evaluate("localStorage.clear()")


def test_from_a_zip_to_a_detector(visit, shop, archive, browser, screenshots):
    page = visit("/?page=train")
    page.wait_for_selector(".data-cards [aria-checked=true]")
    page.set_input_files("#atlas-train-dataset input[type=file]", {"name": "painted.zip", "mimeType": "application/zip", "buffer": archive})
    page.locator(".data-cards [aria-checked=true]", has_text="painted").wait_for()
    recipe(page, Batch="2", Evaluations="4", Kept_views="8")
    page.locator(".step-foot .solid").click()
    page.locator(".step-foot .solid").click()
    page.locator("#atlas-train-name").fill(HOSTILE)
    page.locator("button.start").click()
    page.wait_for_function("(name) => document.querySelector('.job-title')?.textContent === name", arg=HOSTILE)
    job = chosen(page)
    charted(page, "loss")                           # while it runs
    page.close()                                    # the tab is closed, and another one opened
    page = visit(f"/?page=jobs&job={job}")
    charted(page, "loss")
    page.evaluate("window.Plotly.relayout(document.querySelector('[data-chart=loss] .chart'), {'xaxis.range': [0, 40]})")
    in_state(page, "running", *OVER)
    page.locator(".job-tools button", has_text="Stop").click()
    in_state(page, "stopped")
    assert page.evaluate("document.querySelector('[data-chart=loss] .chart').layout.xaxis.range[1]") == 40, "the zoom is kept"
    stopped = shop.jobs.table.find("id = ?", job)[0]
    assert 0 < stopped.progress["step"] < stopped.progress["steps"]

    page.close()                                    # and come back another day
    page = visit(f"/?page=jobs&job={job}")
    in_state(page, "stopped")
    charted(page, "loss")
    page.locator(".job-tools button", has_text="Resume").click()
    in_state(page, "finished")
    charted(page, "quality")
    lines = shop.jobs.metrics(stopped.owner, job)
    steps = [line["step"] for line in lines if line["kind"] == "train"]
    assert steps == sorted(set(steps)) and steps[-1] == stopped.progress["steps"], "no step is lost or told twice"
    page.locator(".result-numbers dd").first.wait_for()
    page.screenshot(path=screenshots / "jobs-finished-1280.png", full_page=True)
    assert unharmed(page)
    taken_home(page, shop, browser, job)
    ends_badly(page, shop, stopped.owner, job, screenshots)


def taken_home(page, shop, browser, job: str) -> None:
    """The zip is its owner's; the log can be searched."""
    with page.expect_download() as coming:
        page.locator(".results a.button").click()
    with zipfile.ZipFile(coming.value.path()) as packed:
        assert {"best.safetensors", "weights.safetensors", "run.json", "classes.json", "metrics.jsonl"} <= set(packed.namelist())
    stranger = browser.new_context()
    assert stranger.request.get(f"{shop.url}/atlas/jobs/{job}/archive").status == 404
    stranger.close()
    page.locator(".job-log summary").click()
    page.wait_for_function("document.querySelector('.log')?.textContent.trim().length > 20")
    page.locator(".job-log input").fill("no such words")
    page.wait_for_function("document.querySelector('.log')?.textContent.startsWith('Nothing')")


def ends_badly(page, shop, owner: str, job: str, screenshots) -> None:
    """A clone that runs out of memory says so, with the next step; deleting asks first."""
    clone = shop.jobs.clone(owner, job, "Too large", batch=4)
    shop.jobs.stop(owner, clone.id, True)
    alert = {"kind": "memory", "sentence": "The memory was not enough.", "action": "smaller", "changes": {}}
    shop.jobs.table.move(clone.id, "failed", "The memory was not enough.", alert=json.dumps(alert))
    row = page.locator(f"#atlas-job-{clone.id}")
    row.click()
    page.locator(".job-alert", has_text="Out of memory").wait_for()
    row.locator(".overlay input").is_disabled()
    page.locator(f"#atlas-job-{job} .overlay input").check()
    charted(page, "quality")
    page.screenshot(path=screenshots / "jobs-alert-1280.png", full_page=True)
    page.locator(".job-alert button", has_text="half the batch").click()
    page.locator(".job-alert").wait_for(state="hidden")
    assert shop.jobs.get(owner, clone.id).run.accumulate == 2
    shop.jobs.stop(owner, clone.id, True)
    page.locator(".job-tools button", has_text="Delete").click()
    page.locator("dialog.ask .solid").click()
    row.wait_for(state="detached")
    assert [each.id for each in shop.jobs.list(owner)] == [job]
