"""SAP-DETR: points that stay in their cell, the gate of matching, the pull towards the sides."""
from functools import cache

import pytest
import torch

from detr_core import VARIANTS, Batch, Detector, Tape, Targets
from detr_core.boxes import to_xyxy
from detr_core.points import GridPoints
from detr_core.structures import Prediction
from detr_core.training.criterion import Criterion
from detr_core.training.inside import InsideObjective
from detr_core.variants.sap import SalientCrossAttention

TINY = VARIANTS["sap_detr"].tiny.but(classes=5, queries=20, encoder_layers=1, decoder_layers=3)
OPTIONS = {"as published": TINY, "no Gaussian": TINY.but(cross_attention=SalientCrossAttention),
           "shared heads": TINY.but(shared_heads=True),
           "empty content": TINY.but(query_init=GridPoints)}


@cache
def detector(name: str) -> Detector:
    torch.manual_seed(0)
    model = Detector(OPTIONS[name]).eval()
    with torch.no_grad():                                       # heads start at zero, where nothing would move
        for head in model.decoder.box_heads:
            for last in (head.sides[-1], head.point[-1]):
                last.weight.normal_(0, 0.5)
    return model


@cache
def batch() -> Batch:
    torch.manual_seed(1)
    targets = [Targets(torch.tensor([1, 3]), torch.rand(2, 4) * 0.3 + 0.3) for _ in range(2)]
    return Batch.of([torch.randn(3, 64, 96), torch.randn(3, 96, 96)], targets, multiple=32)


@pytest.mark.parametrize("name", OPTIONS)
def test_points_stay_in_their_cells(name: str) -> None:
    model = detector(name)
    with Tape(model) as tape, torch.no_grad():
        output = model(batch())
    columns, rows = model.query_init.grid
    home = model.query_init.point.sigmoid()
    cell = torch.tensor([1 / columns, 1 / rows])
    for point in (*tape["decoder.anchor"], *(layer.extra["point"] for layer in output.layers)):
        assert point.shape == (2, 20, 2) and (point >= home).all() and (point <= home + cell + 1e-6).all()
    assert (tape["decoder.anchor"][1] != tape["decoder.anchor"][0]).any()


@pytest.mark.parametrize("queries, grid", [(306, (18, 17)), (400, (20, 20)), (20, (5, 4)), (7, (4, 2)), (1, (1, 1))])
def test_the_grid_is_nearly_square_and_starts_in_the_corner(queries: int, grid: tuple[int, int]) -> None:
    points = GridPoints(TINY.but(queries=queries))
    places = points.point.sigmoid()
    assert points.grid == grid and places.shape == (queries, 2) and not points.point.requires_grad
    assert places[0].tolist() == pytest.approx([0.001, 0.001], abs=1e-6)
    if queries > 1:
        assert places[1].tolist() == pytest.approx([1 / grid[0], 0.001], abs=1e-6)


def test_boxes_are_the_point_and_its_sides() -> None:
    model = detector("as published")
    anchor = torch.tensor([0.5, 0.4, 0.1, 0.2, 0.3, 0.05, 0.5, 0.4, 0.1, 0.1])
    torch.testing.assert_close(to_xyxy(model.decoder.geometry.boxes(anchor)), torch.tensor([0.4, 0.2, 0.8, 0.45]))


def test_a_head_pulls_its_gaussian_to_the_side_that_the_sign_names() -> None:
    model = detector("as published")
    attention = model.decoder.layers[0].cross_attention
    with Tape(model) as tape, torch.no_grad():
        memory = model(batch()).memory
        queries = model.query_init(memory)
        model.decoder.layers[0].cross_attention.bias(queries, memory)
    pull = attention.gaussian(queries.content).unflatten(-1, (2, TINY.heads, 2))[:, :, 0].tanh()
    point, left_top, right_bottom = queries.anchor[:, :, None, :6].chunk(3, -1)
    centre = tape["decoder.layers.0.cross_attention.centre"][-1]
    torch.testing.assert_close(centre, point + pull.clamp(min=0) * right_bottom + pull.clamp(max=0) * left_top)
    assert tape["decoder.layers.0.cross_attention.scale"][-1].min() > 0


def test_scores_split_into_content_point_and_box() -> None:
    model, path = detector("no Gaussian"), "decoder.layers.1.cross_attention."
    with Tape(model) as tape, torch.no_grad():
        model(batch())
    split = [tape[path + key][0] for key in ("content_scores", "point_scores", "box_scores")]
    torch.testing.assert_close(split[1] + split[2], tape[path + "spatial_scores"][0], atol=1e-5, rtol=1e-4)
    one = batch().but(images=batch().images[1:], padding=batch().padding[1:])        # nothing of it is padded
    with Tape(model) as tape, torch.no_grad():
        model(one.but(padded=False))
    total = sum(tape[path + key][0] for key in ("content_scores", "point_scores", "box_scores"))
    torch.testing.assert_close(tape[path + "weights"][0], total.softmax(-1), atol=1e-5, rtol=1e-4)


def test_scores_are_the_product_of_class_and_fit() -> None:
    model = detector("as published")
    with torch.no_grad():
        last = model(batch()).layers[-1]
    product = last.extra["class_logits"].sigmoid() * last.extra["objectness"].sigmoid()
    torch.testing.assert_close(model.postprocess.scores(last.logits), product)


def test_only_points_inside_an_object_are_matched_to_it() -> None:
    objective = InsideObjective(TINY)
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9]])
    point = torch.tensor([[0.9, 0.9], [0.5, 0.55]])
    logits = torch.zeros(2, 5)
    target = Targets(torch.tensor([2]), boxes[:1])
    prediction = Prediction(logits, boxes, {"point": point, "class_logits": logits, "objectness": logits[:, :1]})
    cost = objective.cost(prediction, target)
    assert cost[0, 0] > 9000 > cost[1, 0]               # the exact box with a point elsewhere loses to a worse box
    pairs = [(torch.tensor([0]), torch.tensor([0]))]
    losses = objective.losses(prediction.each(lambda t: t[None]), [target], pairs, 1.0)
    assert losses["inner"] == 1 and losses["l1"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", OPTIONS)
def test_losses_are_finite_without_any_object(name: str) -> None:
    model = detector(name)
    empty = [Targets(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4))] * 2
    losses = Criterion(model.recipe)(model(batch()), empty)
    assert losses.total.isfinite() and not any(losses.terms["inner", layer, "queries"] for layer in range(3))
    losses.total.backward()
    model.zero_grad()


def test_published_and_shared_heads_have_as_many_as_they_say() -> None:
    own, shared = detector("as published").decoder, detector("shared heads").decoder
    assert (len(own.box_heads), len(own.class_heads)) == (3, 2) and (len(shared.box_heads), len(shared.class_heads)) == (1, 2)


def test_padding_changes_nothing_where_no_content_is_sampled() -> None:
    model, pictures = detector("empty content"), batch()
    with torch.no_grad():
        memory = model(pictures).memory
        noisy = memory.but(tokens=torch.where(memory.padding[..., None], torch.randn_like(memory.tokens), memory.tokens))
        first, second = (model.decoder(model.query_init(m), m, model.position)[-1] for m in (memory, noisy))
    torch.testing.assert_close(first.boxes, second.boxes)
