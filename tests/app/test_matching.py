"""The matching lab solves in the browser what training solves in Python, and lets a visitor change the problem."""
from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

import detr_core
from app.pack import unpack
from app.pages.matching import services
from app.panels import address
from app.runs import Run
from detr_core.groups import Group, hidden
from detr_core.structures import Prediction, Targets
from detr_core.training.assignment import Hungarian, Repeated
from detr_core.variants.dn import Noise

from .conftest import answer, sticking_out, watched
from .fake import MATCHING, OBJECTS
from .test_browser import PATIENCE, says

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scripts(browser, served):
    """A blank page that may import the app's scripts: `scripts(name, expression, value)`; `it` is the module, `value` the argument."""
    page = browser.new_page()
    page.goto(f"{served.url}/atlas/boot")

    def call(name: str, expression: str, value=None):
        where = f"{served.url}/{address(f'matching/{name}.js')}"
        run = "async ([where, expression, value]) => { const it = await import(where); return eval(expression); }"
        return page.evaluate(run, [where, expression, value])

    yield call
    page.close()


COSTS = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1), st.booleans())


@settings(max_examples=8)
@given(st.lists(COSTS, min_size=20, max_size=40))
def test_the_browser_assigns_like_scipy(scripts, problems):
    """Whole numbers make ties, where only the total must agree."""
    costs = []
    for rows, columns, seed, whole in problems:
        rng = np.random.default_rng(seed)
        costs.append(rng.integers(-3, 4, (rows, columns)).astype(float) if whole else rng.normal(size=(rows, columns)))
    value = [[cost.ravel().tolist(), *cost.shape] for cost in costs]
    answers = scripts("hungarian", "value.map(([cost, rows, columns]) => [...it.assign(Float64Array.from(cost), rows, columns)])", value)
    for found, cost, (rows, columns, _, whole) in zip(answers, costs, problems):
        taken = [(row, column) for row, column in enumerate(found) if column >= 0]
        expected = linear_sum_assignment(cost)
        assert len(taken) == min(rows, columns) and len({column for _, column in taken}) == len(taken)
        assert sum(cost[pair] for pair in taken) == pytest.approx(cost[expected].sum())
        if not whole:
            assert taken == list(zip(*(side.tolist() for side in expected)))


def test_sixty_objects_among_nine_hundred_queries_take_no_noticeable_time(scripts):
    took = scripts("hungarian", """(() => { const cost = Float64Array.from({length: 60 * 900}, () => Math.random());
        const start = performance.now(); it.assign(cost, 60, 900); return performance.now() - start; })()""")
    assert took < 250


MATCHED = """(() => {
    const [arrays, shape, objects, terms, layers, repeat] = value;
    const of = (list) => Float32Array.from(list);
    const [data, at] = [of(arrays.boxes), (layer, query) => (layer * shape[1] + query) * 4];
    const run = {queries: shape[1], layers: shape[0], box: (layer, query) => data.subarray(at(layer, query), at(layer, query) + 4)};
    const says = {says: {data: of(arrays.scores), shape}, points: arrays.points && {data: of(arrays.points)}};
    const weights = Object.fromEntries(Object.entries(terms).map(([name, {weight}]) => [name, weight]));
    return import(new URL("schemes.js", where)).then((schemes) => layers.map((layer) => {
        const parts = it.matrices(run, says, layer, objects, terms);
        const cost = it.total(parts, weights);
        const sizes = [cost, objects.length, run.queries];
        return {cost: [...cost], one: schemes.oneToOne(...sizes), many: schemes.repeated(...sizes, repeat)};
    })); })()"""


def in_browser(scripts, run: Run, objects: list[dict], repeat: int = 3) -> list[dict]:
    arrays = {name: run.arrays[name].astype("f4").ravel().tolist() for name in ("boxes", "scores", "points") if name in run.arrays}
    value = [arrays, list(run.arrays["scores"].shape), objects, run.facts["matching"]["cost"], list(range(run.facts["layers"])), repeat]
    return scripts("cost", MATCHED, value)


def in_python(objective, run: Run, layer: int, objects: list[dict], repeat: int = 3):
    """Cost [T, Q] and pairs by our own training code."""
    scores = torch.from_numpy(run.arrays["scores"][layer].astype("f4"))
    with_rest = torch.cat([scores, 1 - scores.sum(-1, keepdim=True)], -1)
    logits = scores.logit() if "alpha" in objective.described()["class"] else with_rest.clamp(min=1e-30).log()
    extra = {"point": torch.from_numpy(run.arrays["points"][layer])[None]} if "points" in run.arrays else {}
    prediction = Prediction(logits[None], torch.from_numpy(run.arrays["boxes"][layer].astype("f4"))[None], extra)
    target = Targets(torch.tensor([o["label"] for o in objects]), torch.tensor([o["box"] for o in objects], dtype=torch.float32))
    cost = objective.cost(prediction.each(lambda t: t[0]), target).T
    pairs = [assign(objective, prediction, [target])[0] for assign in (Hungarian(), Repeated(multiple=repeat))]
    return cost.numpy(), [sorted(zip(p[1].tolist(), p[0].tolist())) for p in pairs]


@pytest.mark.parametrize("variant", ["detr", "deformable_detr", "sap_detr"])
def test_costs_and_matches_are_those_of_training(scripts, variant):
    """A softmax, a focal and a point objective, on random predictions and objects."""
    rng = np.random.default_rng(3)
    recipe = detr_core.VARIANTS[variant].tiny.but(classes=4)
    objective = recipe.objective(recipe)
    layers, queries = 2, 30
    boxes = [rng.uniform(.2, .8, (layers, queries, 2)), rng.uniform(.05, .4, (layers, queries, 2))]
    arrays = {"boxes": np.concatenate(boxes, -1).astype("f4"), "scores": rng.dirichlet(np.ones(5), (layers, queries))[..., :4].astype("f4"),
              "points": rng.uniform(0, 1, (layers, queries, 2)).astype("f4")}
    run = Run("r", {"layers": layers, "queries": queries, "matching": {"cost": objective.described()}}, arrays)
    objects = [{"label": int(rng.integers(4)), "box": [*rng.uniform(.2, .8, 2), *rng.uniform(.1, .4, 2)]} for _ in range(6)]
    for layer, found in enumerate(in_browser(scripts, run, objects)):
        cost, (one, many) = in_python(objective, run, layer, objects)
        np.testing.assert_allclose(np.array(found["cost"]).reshape(6, queries), cost, rtol=1e-4, atol=1e-4)
        assert sorted((p["object"], p["query"]) for p in found["one"]) == one
        total = sum(cost[p["object"], p["query"]] for p in found["many"])
        assert total == pytest.approx(sum(cost[pair] for pair in many), rel=1e-4) and len(found["many"]) == len(many)


def stored_runs() -> list:
    from app.make_runs import ASSETS
    return sorted((ASSETS / "runs").glob("*--*--*.npz"))


@pytest.mark.parametrize("path", stored_runs()[::3], ids=lambda path: path.stem)
def test_stored_runs_are_matched_as_in_training(scripts, path):
    run = Run.load(path, "")
    if "matching" not in run.facts:
        pytest.fail(f"{path.name} does not tell how it is matched: make it again with `python -m app.make_runs`.")
    examples = json.loads((path.parent.parent / "examples" / "examples.json").read_text())
    example = next(row for row in examples if row["id"] == path.stem.split("--")[0])
    size = np.array([example["width"], example["height"]] * 2)
    objects = [{"label": run.facts["names"].index(name), "box": [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2, b[2] - b[0], b[3] - b[1]]}
               for name, b in zip(example["labels"], (np.array(example["boxes"]) / size).tolist())]
    recipe = detr_core.VARIANTS[run.facts["variant"]].tiny.but(classes=len(run.facts["names"]))
    objective = recipe.objective(recipe)
    for layer, found in enumerate(in_browser(scripts, run, objects)):
        cost, (one, _) = in_python(objective, run, layer, objects)
        total = sum(cost[p["object"], p["query"]] for p in found["one"])
        assert total == pytest.approx(sum(cost[pair] for pair in one), rel=1e-4)
        assert sorted((p["object"], p["query"]) for p in found["one"]) == one


@pytest.mark.parametrize("variant", ["dn_detr", "dino"])
def test_noise_and_mask_are_those_of_the_scheme(scripts, variant):
    recipe = detr_core.VARIANTS[variant].tiny.but(classes=6)
    scheme = recipe.schemes[0](recipe)
    told = scheme.described()
    objects = [{"label": 1, "box": [.5, .5, .2, .3]}, {"label": 2, "box": [.1, .2, .15, .3]}, {"label": 0, "box": [.9, .9, .3, .1]}]
    made = scripts("denoise", """(() => { const noise = it.draw(value[0], 3, 6, 5);
        return {noise, queries: it.noised(value[0], noise, value[1])}; })()""", [told, objects])
    targets = [Targets(torch.tensor([o["label"] for o in objects]), torch.tensor([o["box"] for o in objects]))]
    drawn_noise = scheme.draw(targets)
    assert len(made["noise"]) == len(drawn_noise.boxes)
    raw = torch.tensor([[each["shift"] for each in row] for row in made["noise"]])
    if told["roles"] == 2:
        raw = raw + (torch.arange(len(raw)) % 2)[:, None, None] * torch.where(raw < 0, -1.0, 1.0)
    noise = Noise(torch.tensor([[each["flip"] < told["label_noise"] for each in row] for row in made["noise"]]),
                  torch.tensor([[each["label"] for each in row] for row in made["noise"]]), raw)
    noised = scheme.apply(noise, targets)
    np.testing.assert_allclose([query["box"] for query in made["queries"]], noised.anchor[0].detach(), atol=1e-5)
    assert [query["label"] for query in made["queries"]] == noised.labels[0].tolist()
    positives = sorted(i for i, query in enumerate(made["queries"]) if not query["negative"])
    assert positives == sorted(noised.pairs[0][0].tolist())
    groups = scripts("denoise", "it.layout([value], 7, 3)", told)
    own = tuple(Group(g["name"], g["size"], tuple(g["sees"]), parts=g["parts"], keep=g["keep"]) for g in groups)
    assert own[0].size == len(made["queries"])
    count = sum(g.size for g in own)
    mask = scripts("denoise", """(() => { const all = [...Array(value[1]).keys()];
        return all.map((row) => all.map((column) => it.hidden(value[0], row, column))); })()""", [groups, count])
    assert np.array_equal(np.array(mask), hidden(own).numpy())


def test_overlap_gives_every_object_a_query(scripts):
    iou = np.zeros((2, 4))
    iou[0, :2], iou[1, 3] = (.7, .65), .3
    found = scripts("schemes", "it.byOverlap(value, 2, 4, 0.6)", iou.ravel().tolist())
    assert sorted((pair["object"], pair["query"]) for pair in found) == [(0, 0), (0, 1), (1, 3)]
    pairs = scripts("schemes", "it.grouped(value, 2, 4, 2)", (-iou).ravel().tolist())
    assert len(pairs) == 4 and len({pair["query"] for pair in pairs}) == 4


@pytest.fixture(scope="module")
def lab(browser, served):
    """The page, open on the example; errors and requests to other hosts fail the tests."""
    troubles = []

    def go(theme: str = "light", width: int = 1280, address: str = "/?page=matching&lang=en"):
        context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=theme)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        watched(page, served.url, troubles)
        page.goto(served.url + address)
        page.wait_for_selector("#atlas-matching-weights .pair-table")
        return page

    yield go
    assert not troubles


@pytest.fixture(scope="module")
def page(lab):
    found = lab()
    yield found
    found.context.close()


def matches(page) -> list[list[str]]:
    return page.eval_on_selector_all(".object-table tbody tr", """
        rows => rows.map(row => [...row.querySelectorAll('.match')].map(cell => cell.textContent))""")


def on_picture(page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#atlas-matching-stage canvas").bounding_box()
    scale = min(box["width"] / 4, box["height"] / 3)
    return box["x"] + box["width"] / 2 + (x - .5) * 4 * scale, box["y"] + box["height"] / 2 + (y - .5) * 3 * scale


def press_and_drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on_picture(page, *start))
    page.mouse.down()
    page.mouse.move(*on_picture(page, *((a + b) / 2 for a, b in zip(start, end))))
    page.mouse.move(*on_picture(page, *end))
    page.mouse.up()


def test_it_opens_with_a_close_call_pinned(page, screenshots):
    assert page.locator(".object-table tbody tr").count() == len(OBJECTS)
    assert page.locator(".pair-table thead th").count() == 2 and "would cost" in page.inner_text(".pair-verdict")
    assert page.evaluate("document.body.dataset.hacked") is None
    page.screenshot(path=screenshots / "matching-light-1280.png", full_page=True)


def test_sliders_solve_at_once_without_a_request(page):
    asked = []
    listen = lambda request: re.search("/atlas/boot|heartbeat", request.url) or asked.append(request.url)  # noqa: E731
    page.on("request", listen)
    before = page.inner_text(".pair-table .sum")
    page.locator("#atlas-matching-l1").fill("0.5")
    page.locator("#atlas-matching-class").fill("0")
    page.wait_for_function("before => document.querySelector('.pair-table .sum').innerText !== before", arg=before)
    page.get_by_role("button", name="Official").first.click()
    page.wait_for_function("before => document.querySelector('.pair-table .sum')?.innerText === before", arg=before)
    page.remove_listener("request", listen)
    assert asked == []


def test_draw_move_and_delete_an_object(page):
    rows = page.locator(".object-table tbody tr")
    press_and_drag(page, (.35, .1), (.42, .25))
    assert rows.count() == len(OBJECTS) + 1
    page.locator(".object-table select").last.select_option("dog")
    page.locator(".pair-name", has_text="dog").wait_for()
    held = matches(page)[-1]
    press_and_drag(page, (.385, .18), (.6, .8))
    page.wait_for_function("""held => [...document.querySelector('.object-table tbody')?.lastChild.querySelectorAll('.match')]
        .map(cell => cell.textContent).join() !== held""", arg=",".join(held))
    page.locator("#atlas-matching-stage canvas").focus()
    page.keyboard.press("Delete")
    assert rows.count() == len(OBJECTS)
    page.keyboard.press("n")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert rows.count() == len(OBJECTS) + 1
    page.get_by_role("button", name="Restore the objects").click()
    assert rows.count() == len(OBJECTS)


def test_the_matrix_pins_a_pair_everywhere(page):
    canvas = page.locator(".matrix-scroll canvas")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * .31, "y": 40})
    preview = page.inner_text(".pair-table thead")
    canvas.click(position={"x": box["width"] * .31, "y": 40})
    assert page.inner_text(".pair-table thead") == preview
    query = re.findall(r"query (\d+)", preview)
    page.wait_for_function("queries => queries.includes(new URLSearchParams(location.search).get('query'))", arg=query)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('.pair-table thead').innerText !== before", arg=preview)
    for button in ("Class", "GIoU", "Total", "Matched first", "All queries", "All queries", "By score"):
        page.locator("#atlas-matching-matrix").get_by_role("button", name=button, exact=True).click()


def test_layers_mark_what_changed_hands(page):
    page.locator(".layer-pick button").first.click()
    says(page, layer="1")
    table = matches(page)
    changed = [sum(row[i] != row[i - 1] for row in table) for i in range(1, 3)]
    shown = [int("0" + count.replace("⇄", "").strip()) for count in page.locator(".layer-pick button small").all_inner_texts()[1:]]
    assert shown == changed and page.locator(".match.flipped").count() == sum(changed)
    page.locator(".layer-pick button").last.click()


def test_denoising_answers_to_its_sliders(page):
    line = page.locator("#atlas-matching-noise .noise-picture .rule-line")
    assert line.inner_text().startswith(f"{MATCHING['schemes'][0]['groups']} groups: {5 * len(OBJECTS)} positives")
    page.locator("#atlas-matching-labelNoise").fill("1")
    page.wait_for_function(f"document.querySelector('.noise-picture .rule-line')?.textContent.includes('{5 * len(OBJECTS)} pretend')")
    page.locator("#atlas-matching-noise .mask-figure canvas").hover(position={"x": 120, "y": 60})
    page.wait_for_function("/may|see/.test(document.querySelector('.mask-figure .rule-line')?.textContent)")


def test_one_to_many_counts_its_positives(page):
    lines = page.locator("#atlas-matching-many .rule-line").all_inner_texts()
    assert lines[0].startswith(f"{len(OBJECTS)} of 40") and lines[1].startswith(f"{6 * len(OBJECTS)} of 40")
    page.locator("#atlas-matching-repeated").fill("2")
    page.wait_for_function(f"document.querySelectorAll('.rules .rule-line')[1]?.textContent.startsWith('{2 * len(OBJECTS)} of 40')")


@pytest.mark.parametrize(("theme", "width", "language"), [("dark", 1280, "en"), ("light", 390, "ru")])
def test_it_fits_narrow_dark_and_russian(lab, screenshots, theme, width, language):
    found = lab(theme, width, f"/?page=matching&lang={language}")
    found.wait_for_timeout(300)
    assert found.evaluate("document.documentElement.scrollWidth") <= width and not sticking_out(found, "#atlas-bench")
    found.screenshot(path=screenshots / f"matching-{theme}-{width}.png", full_page=True)
    found.context.close()


def test_class_scores_are_those_of_the_run(served):
    run = served.engine.run("example:patches", "deformable_detr_two_stage", "scenes").result(20)
    service = services(served.engine)[0]
    _, arrays = unpack(base64.b64decode(answer(service, run=run.id)["pack"]))
    np.testing.assert_array_equal(arrays["says"], run.arrays["scores"].astype("f4"))
    assert "no longer kept" in answer(service, run="another")["error"]
