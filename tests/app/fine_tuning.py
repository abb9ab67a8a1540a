"""What a visitor does to fine-tune: fill in the recipe, start, and wait for the job."""
from __future__ import annotations

from .browsing import PATIENCE

HOSTILE = "${document.body.dataset.hacked=1}<img src=x onerror=document.title=1>"
OVER = ("finished", "failed", "stopped", "interrupted")


def charted(page, key: str) -> None:
    """Wait until a chart is drawn."""
    page.wait_for_selector(f"[data-chart={key}] .main-svg >> nth=0")


def in_state(page, *states: str) -> None:
    """Wait until the job is in one of these states."""
    page.locator(",".join(f".job-state .chip[data-state={state}]" for state in states)).wait_for(timeout=3 * PATIENCE)


def chosen(page) -> str:
    """The job that the page shows."""
    return page.evaluate("new URLSearchParams(location.search).get('job')")


def recipe(page, **fields: str) -> None:
    """Go on to the recipe, set fields behind "advanced", and go on to the start."""
    page.locator(".step-foot .solid").click()
    page.wait_for_selector(".recipe-sum dd >> nth=0")
    page.locator(".segment[data-value=epochs]").click()
    page.locator(".own-number input").fill("12")
    page.locator(".segment[data-value='320']").click()
    advanced(page, **fields)


def advanced(page, **fields: str) -> None:
    """Fields of the recipe by their labels."""
    page.locator("details.advanced summary").click()
    for label, value in fields.items():
        field = page.locator(".field", has=page.get_by_text(label.replace("_", " "), exact=True))
        field.locator("input").fill(value)
        field.locator("input").press("Tab")
        field.locator(".modified").wait_for()
    page.wait_for_function("(n) => document.querySelector('summary .modified')?.textContent.startsWith(n)", arg=str(len(fields)))
