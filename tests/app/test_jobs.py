"""The Jobs page: an example before any job, warnings with the next step, quiet while hidden."""
from __future__ import annotations

import hashlib
import json
import re

import pytest

from detr_core.training.run import Run

from .browsing import fits, unharmed
from .fine_tuning import HOSTILE, charted, chosen

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(shop) -> str:
    return shop.url


def test_an_example_is_there_before_any_job(visit, screenshots):
    page = visit("/?page=jobs")
    for key in ("loss", "quality", "matching", "rate", "norm", "pace", "memory"):
        charted(page, key)
    page.wait_for_selector(".replay-tile")
    assert page.inner_text(".job-title") == "Tree crowns from the air" and chosen(page) == "demo"
    assert page.locator(".job-tools button:visible").all_inner_texts() == ["Clone with edits"], "nobody stops or deletes it"
    page.locator("output", has_text="8 / 8").wait_for()
    assert re.search(r"\d+ of \d+ objects changed", page.inner_text(".sample-words"))
    page.locator("#atlas-evaluation").focus()
    page.keyboard.press("Home")
    page.locator(".sample-words", has_text="the first evaluation").wait_for()
    page.keyboard.press("End")
    page.locator(".sample-badge:visible").first.click()
    page.locator(".replay-tile[aria-pressed=true]").wait_for()
    page.screenshot(path=screenshots / "jobs-light-1280.png", full_page=True)


def test_warnings_are_cards_with_the_next_step(visit, shop, screenshots):
    """What the server noted of a run, in the visitor's language; names of classes are text."""
    screen = {"width": 390, "theme": "dark", "locale": "ru-RU"}
    phone = visit.profile(**screen)
    phone.request.get(shop.url)
    secret = next(each["value"] for each in phone.cookies() if each["name"] == "atlas-visitor")
    owner = "visitor:" + hashlib.sha256(secret.encode()).hexdigest()[:32]
    job = shop.jobs.add(owner, Run("detr", "trees", device="cpu"), "Warned")
    shop.jobs.stop(owner, job.id, True)
    warnings = [{"kind": "flat", "sentence": "", "action": "stop", "facts": {"evaluations": 3, "AP": 0.1234, "step": 40}},
                {"kind": "unseen", "sentence": "", "action": "clone", "facts": {"classes": [HOSTILE, "dog"], "count": 9}},
                {"kind": "scarce", "sentence": "", "action": "", "facts": {"free": 2**29}},
                {"kind": "unmatched", "sentence": "", "action": "stop", "facts": {"steps": 21}}]
    shop.jobs.table.move(job.id, "stopped", "", warnings=json.dumps(warnings))
    shop.jobs.table.note(job.id, "warning", "AP has not risen for 3 evaluations, the best is 12.3 at step 40. Stop the run")
    page = visit(f"/?page=jobs&job={job.id}", **screen)
    page.locator(".job-alert.mild").nth(3).wait_for()
    said = page.inner_text(".job-warnings")
    wanted = ("AP не растёт", "12,3 на шаге 40", HOSTILE, "и ещё 7", "537", "Сопоставлять нечего", "(21)")
    assert [words for words in wanted if words not in said] == []
    assert page.locator(".job-warnings button").all_inner_texts() == ["Повторить с правками"], "what is over cannot be stopped"
    assert "AP не растёт (измерений подряд: 3), лучшее 12.3" in page.inner_text(".job-events")
    assert page.locator(".job-row .chip.warned").count() == 1 and unharmed(page)
    assert fits(page)
    page.screenshot(path=screenshots / "jobs-warned-390.png", full_page=True)
    shop.jobs.delete(owner, job.id)


def test_a_hidden_page_asks_nothing(visit):
    page = visit("/?page=jobs")
    charted(page, "loss")
    page.locator(".pages [data-page=explore]").click()
    page.wait_for_timeout(300)
    asked = []
    page.on("request", lambda request: "component_server" in request.url and "job_news" in (request.post_data or "") and asked.append(1))
    page.wait_for_timeout(2600)
    assert not asked


@pytest.mark.parametrize("address", ["train", "jobs"])
def test_they_fit_narrow_and_dark(visit, screenshots, address):
    page = visit(f"/?page={address}&lang=ru", theme="dark", width=390)
    if address == "train":
        page.wait_for_selector(".data-cards [aria-checked=true]")
        page.locator(".step-foot .solid").click()
        page.wait_for_selector(".recipe-sum dd >> nth=0")
    else:
        charted(page, "loss")
        page.wait_for_selector(".replay-tile")
    page.wait_for_timeout(300)
    assert fits(page)
    wide = page.evaluate("[...document.querySelectorAll('#atlas-train *, .desk *')].filter((e) => e.getBoundingClientRect().right > 391 && "
                         "e.closest('.segments, pre, svg, .chart, .sr, .job-rows') === null).map((e) => e.className).slice(0, 5)")
    assert wide == []
    page.screenshot(path=screenshots / f"{address}-dark-390.png", full_page=True)
