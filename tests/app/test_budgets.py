"""How long a visitor waits: the time that processors work for the page, which other work on the machine does not lengthen much."""
from __future__ import annotations

import statistics
import time

import pytest

from app.engine import Engine
from app.make_statistics import coarse
from app.runs import Run
from app.slots import joined, slots

from .browsing import requested, upload
from .fake import FakeRunner
from .pictures import encoded, painted
from .servers import ASSETS, launched

pytestmark = pytest.mark.browser
QUERIES = 900
SIZE = {"width": 1280, "height": 800}
WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")      # what our scripts and styles cost; painting is the browser's

BUS = "performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/bus.js')).name"
DETAIL = (f"async (query) => {{ const base = {BUS}; const {{ get }} = await import(base);"
          " const { ask } = await import(new URL('session.js', base)); await ask('query_detail', { run: get().run.id, query }); }")
SENT = "performance.getEntriesByType('resource').map(({ name, startTime, transferSize }) => [name, startTime, transferSize])"
SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
CHANGE = f"async (patch) => {{ (await import({BUS})).set(patch); await ({SETTLE})(); }}"

# page, where the pointer moves, and what it changes: a list or picture of nine hundred queries, slots or pairs
HOVERS = [("explore", ".query-list", ".card-line"), ("explore", ".mat canvas", ".stage-words"),
          ("matching", ".matrix-scroll", "#atlas-matching-weights .atlas-panel"),
          ("statistics", "#atlas-statistics-slots canvas", ".card-name"),
          ("inside", ".mosaic", ".large-name"), ("compare", ".difference-list:has(.difference-row)", ".object-name")]


class Meter:
    """Milliseconds of processor time of the page's main thread."""

    def __init__(self, page):
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def __call__(self, *names: str) -> float:
        told = {each["name"]: each["value"] for each in self._session.send("Performance.getMetrics")["metrics"]}
        return 1000 * sum(told[name] for name in names or WORK)


@pytest.fixture(scope="module")
def page(desk, served, assets):
    """A picture with nine hundred queries, all of them in the list, and a record of forty such pictures."""
    facts, arrays = FakeRunner(queries=QUERIES).inspect(painted(), "deformable_detr_two_stage", "scenes")
    record = assets / "statistics" / "deformable_detr_two_stage--scenes.npz"
    record.parent.mkdir(exist_ok=True)
    coarse(joined([slots(Run("", facts, arrays))] * 40)).save(record)
    found = desk(f"/?top={QUERIES}", height=SIZE["height"])
    usual, served.runner.queries = served.runner.queries, QUERIES
    upload(found, encoded(painted(1280, 960, 0.017)), "many.png")
    found.wait_for_function(f"document.querySelectorAll('.query-row').length === {QUERIES}")
    yield found
    served.runner.queries = usual
    record.unlink()


def opened(page, name: str, place: str) -> None:
    page.evaluate("(name) => document.querySelector(`.pages [data-page=${name}]`).click()", name)
    page.locator(place).first.scroll_into_view_if_needed()
    page.wait_for_function("() => !document.querySelector('.stage-status:not(:empty)')?.checkVisibility()")
    page.wait_for_timeout(1500)                         # what came with the page has been drawn


@pytest.mark.parametrize(("name", "place", "words"), HOVERS)
def test_pointing_reaches_everything_within_a_frame(page, record_property, name, place, words):
    opened(page, name, place)
    meter, bounds = Meter(page), page.locator(place).first.bounding_box()
    costs, told = [], []
    for i in range(40):
        across, down = (0.08 + 0.84 * (i * 11 % 40) / 40, 0.1 + 0.8 * (i * 7 % 40) / 40)
        at = bounds["x"] + across * bounds["width"], min(bounds["y"] + down * bounds["height"], SIZE["height"] - 4)
        before = meter()
        page.mouse.move(*at)
        page.evaluate(SETTLE)
        costs.append(meter() - before)
        told.append(page.inner_text(f"{words}:visible"))
    changes = [cost for cost, now, last in zip(costs[1:], told[1:], told, strict=False) if now != last]
    record_property("milliseconds", statistics.median(changes))
    assert len(set(told)) >= 3, "the pointer changed nothing"
    assert statistics.median(changes) <= 16, sorted(changes)


@pytest.mark.parametrize("change", ["threshold", "hover"])
def test_a_change_of_the_selection_is_drawn_within_a_frame(page, record_property, change):
    opened(page, "explore", ".query-list")
    page.mouse.move(4, 4)
    values = {"threshold": lambda i: 0.05 + i / 50, "hover": lambda i: 7 * i % QUERIES}[change]
    meter, costs = Meter(page), []
    asked = requested(page)
    for i in range(24):
        before = meter()
        page.evaluate(CHANGE, {change: values(i)})
        costs.append(meter() - before)
    page.evaluate(CHANGE, {"threshold": 0.5, "hover": None})
    record_property("milliseconds", statistics.median(costs))
    assert statistics.median(costs) <= 16, sorted(costs)
    assert change == "hover" or not asked, "only a query's details may be sent for"


def test_details_of_a_query_come_quickly(page, record_property):
    """Asked one after the other; the server's work and the browser's together."""
    opened(page, "explore", ".query-list")
    meter, costs = Meter(page), []
    for query in range(100, 112):
        since, before = time.process_time(), meter("TaskDuration")
        page.evaluate(DETAIL, query)
        costs.append(meter("TaskDuration") - before + 1000 * (time.process_time() - since))
    record_property("milliseconds", statistics.median(costs))
    assert statistics.median(costs) <= 150, sorted(costs)


@pytest.fixture(scope="module")
def real():
    """The app over its own assets: the opening run is a stored one of real weights, and no detector is asked."""
    runner = FakeRunner()
    with launched(Engine(lambda: runner, ASSETS), ASSETS) as url:
        yield url, runner


def test_a_cold_page_shows_a_pinned_query_soon(browser, real, record_property):
    """Three seconds: all that server and browser compute fits into them on one core, in few steps that wait for one another."""
    url, runner = real
    costs = []
    for _ in range(3):
        context = browser.new_context(viewport=SIZE)
        page = context.new_page()
        meter, since, clock = Meter(page), time.process_time(), time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector(".card-query:not([hidden]) .by-layer td", timeout=60000)
        seconds = time.perf_counter() - clock
        costs.append(time.process_time() - since + meter("TaskDuration") / 1000)
        sent = page.evaluate(SENT)
        context.close()
    record_property("seconds", seconds)
    record_property("processor seconds", min(costs))
    own = [start for name, start, _ in sent if name.endswith(".js") and "/atlas/static/" in name]
    asked = [name for name, *_ in sent if "component_server" in name]
    assert min(costs) <= 3, costs
    assert sorted(own)[len(own) // 2] < min(start for name, start, _ in sent if "/Blocks-" in name), "scripts come beside the framework's"
    assert len(asked) <= 6 and len(sent) <= 130 and sum(size for *_, size in sent) < 1.2e6, (len(asked), len(sent))
    assert runner.calls == 0
