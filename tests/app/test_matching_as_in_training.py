"""The matching lab solves in the browser what training solves in Python."""
from __future__ import annotations

import base64
import json

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

from .servers import answer

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


def test_class_scores_are_those_of_the_run(served):
    run = served.engine.run("example:patches", "deformable_detr_two_stage", "scenes").result(20)
    service = services(served.engine)[0]
    _, arrays = unpack(base64.b64decode(answer(service, run=run.id)["pack"]))
    np.testing.assert_array_equal(arrays["says"], run.arrays["scores"].astype("f4"))
    assert "no longer kept" in answer(service, run="another")["error"]
