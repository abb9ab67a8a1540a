"""A detector of drawn scenes learns to find trees, all from a browser: minutes of training, run when asked for."""
from __future__ import annotations

import time
from contextlib import suppress

import psutil
import pytest

from detr_core.data import open_dataset
from detr_core.jobs.process import of_folder
from detr_core.training.evaluate import evaluate
from detr_core.training.run import Run
from detr_core.training.session import starting_detector

from .fine_tuning import advanced, chosen, in_state
from .servers import Shop

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(shop) -> str:
    return shop.url


@pytest.mark.long
def test_a_detector_of_scenes_learns_trees_from_a_browser(visit, shop):
    """From below 0.05 to at least 0.25 AP50 in at most 15 minutes on two cores, stopped and resumed once on the way."""
    page, spent, begun = visit("/?page=train"), {}, time.monotonic()
    page.locator(".data-cards [data-id=trees], .data-cards [role=radio]", has_text="Trees").first.click()
    page.locator(".step-foot .solid").click()
    page.wait_for_selector(".recipe-sum dd >> nth=0")
    page.locator(".card[data-start=scenes]").click()
    page.locator(".segment[data-value=small]").click()
    advanced(page, Pictures_seen="5000", Batch="4", Kept_views="800", Evaluations="10")
    for _ in range(2):
        page.locator(".step-foot .solid").click()
    page.locator("button.start").click()
    page.wait_for_selector(".job-title")
    job = job_of(shop, page)
    page.close()                                    # nobody needs to watch
    awaited(shop, job, spent, lambda now: now.progress.get("best"))
    page = visit(f"/?page=jobs&job={job.id}")
    page.locator(".job-tools button", has_text="Stop").click()
    stopped = awaited(shop, job, spent, lambda now: now.state == "stopped")
    in_state(page, "stopped")
    page.locator(".job-tools button", has_text="Resume").click()
    in_state(page, "queued", "preparing", "running")
    page.close()
    ended = awaited(shop, job, spent, lambda now: now.state in ("finished", "failed"))
    minutes, lines = (time.monotonic() - begun) / 60, shop.jobs.metrics(job.owner, job.id)
    found, before = [line["AP50"] for line in lines if line["kind"] == "evaluation"], AP50_before(job.run)
    print(f"AP50 {before:.3f} -> {[round(each, 3) for each in found]} in {minutes:.1f} minutes, {sum(spent.values()) / 60:.1f} of them "
          f"computing; stopped at step {stopped.progress['step']} of {stopped.progress['steps']}")
    assert ended.state == "finished" and before < 0.05 and max(found) >= 0.25 and minutes <= 15
    page = visit(f"/?page=jobs&job={job.id}")
    page.locator(".result-numbers dd").nth(1).wait_for()
    assert float(page.inner_text(".result-numbers div:nth-child(2) dd")) >= 25


def awaited(shop: Shop, job, spent: dict[int, float], reached):
    """Wait until a job has come so far; `spent` gets the seconds that each of its processes computed."""
    while not reached(now := shop.jobs.get(job.owner, job.id)) and now.state != "failed":
        for pid in of_folder(job.folder):
            with suppress(psutil.Error):
                spent[pid] = sum(psutil.Process(pid).cpu_times()[:2])
        time.sleep(3)
    return now


def AP50_before(run: Run) -> float:
    """Of the detector that a run starts from."""
    trees = open_dataset(run.data, "val")
    return evaluate(starting_detector(run, tuple(trees.names)), trees)["AP50"]


def job_of(shop: Shop, page):
    return shop.jobs.table.find("id = ?", chosen(page))[0]
