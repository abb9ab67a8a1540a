"""Losses and matching against torchvision and brute force; empty pictures have losses too."""
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou, generalized_box_iou, sigmoid_focal_loss

from detr_core import VARIANTS, Output, Targets
from detr_core.boxes import aligned_giou, inverse_sigmoid, pairwise_giou, to_cxcywh, to_pixels, to_xyxy
from detr_core.groups import Group
from detr_core.structures import Features, Prediction, Proposals
from detr_core.training import assignment
from detr_core.training.assignment import Hungarian, Repeated, portions
from detr_core.training.criterion import Criterion
from detr_core.training.objective import focal

SHARE = st.floats(1 / 64, 63 / 64, width=32)
BOX = st.tuples(SHARE, SHARE, SHARE, SHARE)
BOXES = st.lists(BOX, min_size=1, max_size=6).map(torch.tensor)
RECIPES = {"softmax": VARIANTS["detr"].recipe.but(classes=4), "focal": VARIANTS["deformable_detr"].recipe.but(classes=4)}
MEMORY = Features(torch.zeros(2, 1, 8), torch.zeros(2, 1, dtype=torch.bool), ((1, 1),), False)


def targets_of(*counts: int) -> list[Targets]:
    return [Targets(torch.arange(n) % 4, torch.rand(n, 4) * 0.4 + 0.3) for n in counts]


def output_of(recipe, queries: int = 6, layers: int = 2, batch: int = 2) -> Output:
    width = recipe.classes + (recipe is RECIPES["softmax"])
    made = [Prediction(torch.randn(batch, queries, width, requires_grad=True), (torch.rand(batch, queries, 4) * 0.4 + 0.3).requires_grad_())
            for _ in range(layers)]
    return Output(tuple(made), MEMORY)


@given(BOXES, BOXES)
def test_generalised_iou_is_torchvisions(left: torch.Tensor, right: torch.Tensor) -> None:
    wanted = generalized_box_iou(to_xyxy(left), to_xyxy(right))
    assert torch.allclose(pairwise_giou(left, right), wanted, atol=1e-5)
    rows = min(len(left), len(right))
    assert torch.allclose(aligned_giou(left[:rows], right[:rows]), wanted.diagonal()[:rows], atol=1e-5)
    assert (wanted <= box_iou(to_xyxy(left), to_xyxy(right)) + 1e-6).all()


@given(BOXES)
def test_box_formats_return(boxes: torch.Tensor) -> None:
    assert torch.allclose(to_cxcywh(to_xyxy(boxes)), boxes, atol=1e-6)
    assert torch.allclose(to_pixels(boxes, (100, 200)), to_xyxy(boxes) * torch.tensor([200, 100, 200, 100]), atol=1e-4)


@given(st.floats(0, 1, width=32), st.sampled_from([1e-3, 1e-5]))
def test_inverse_sigmoid_is_finite_and_inverse_inside(share: float, eps: float) -> None:
    found = inverse_sigmoid(torch.tensor(share), eps)
    assert torch.isfinite(found)
    if eps < share < 1 - eps:
        assert found.sigmoid().item() == pytest.approx(share, abs=1e-4)


@given(st.integers(0, 2**31), st.floats(0.1, 0.9), st.sampled_from([0.0, 1.0, 2.0]))
def test_focal_loss_is_torchvisions(seed: int, alpha: float, gamma: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(4, 7, generator=generator)
    wanted = (torch.rand(4, 7, generator=generator) < 0.3).float()
    assert torch.allclose(focal(logits, wanted, alpha, gamma), sigmoid_focal_loss(logits, wanted, alpha, gamma), atol=1e-5)


def cost_of(kind: str, layer: Prediction, target: Targets) -> torch.Tensor:
    """The papers' matching cost, written down once more: class, 5 x L1, -2 x generalised IoU."""
    logits, boxes = layer.logits[0].detach(), layer.boxes[0].detach()
    if kind == "softmax":
        said = -logits.softmax(-1)[:, target.labels]
    else:
        p = logits.sigmoid()[:, target.labels]
        said = 2 * (0.25 * (1 - p) ** 2 * -(p + 1e-8).log() - 0.75 * p ** 2 * -(1 - p + 1e-8).log())
    return said + 5 * (boxes[:, None] - target.boxes).abs().sum(-1) - 2 * generalized_box_iou(to_xyxy(boxes), to_xyxy(target.boxes))


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 4), st.sampled_from(["softmax", "focal"]))
def test_the_assignment_is_the_cheapest_of_all(seed: int, objects: int, kind: str) -> None:
    torch.manual_seed(seed)
    output, target = output_of(RECIPES[kind], queries=5, layers=1, batch=1), targets_of(objects)[0]
    (queries, indices), = Criterion(RECIPES[kind])(output, [target]).assignments[0, "queries"]
    cost = cost_of(kind, output.layers[0], target)
    best = min(cost[list(chosen), range(objects)].sum().item() for chosen in permutations(range(5), objects))
    assert cost[queries, indices].sum().item() == pytest.approx(best, abs=1e-4)
    assert sorted(indices.tolist()) == list(range(objects)) and (queries.diff() > 0).all()


@pytest.mark.parametrize("at_once", [1, 150, 1 << 20], ids=str)
@pytest.mark.parametrize("kind", RECIPES)
def test_pictures_are_matched_alike_alone_and_together(kind: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of very different numbers of objects share one tensor of costs: the filling must never be matched."""
    monkeypatch.setattr(assignment, "AT_ONCE", at_once)
    torch.manual_seed(0)
    counts = (3, 0, 9, 1, 6, 0)
    layer, targets = output_of(RECIPES[kind], queries=7, layers=1, batch=len(counts)).layers[0], targets_of(*counts)
    objective = RECIPES[kind].objective(RECIPES[kind])
    for picture, (queries, objects) in enumerate(Hungarian()(objective, layer, targets)):
        one = layer.each(lambda t, picture=picture: t[picture:picture + 1])
        alone, = Hungarian()(objective, one, [targets[picture]])
        assert torch.equal(queries, alone[0]) and torch.equal(objects, alone[1])
        assert len(queries) == min(7, counts[picture]) and (queries.diff() > 0).all() and (objects < max(1, counts[picture])).all()


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 300))
def test_portions_hold_every_picture_once_and_little_filling(objects: list[int], queries: int) -> None:
    found = list(portions(objects, queries))
    assert [picture for part in found for picture in range(part.start, part.stop)] == list(range(len(objects)))
    for part in found:
        several, most = part.stop - part.start, max(objects[part], default=0)
        assert several == 1 or several * most * queries <= assignment.AT_ONCE


def test_a_cost_that_is_no_number_stops_training() -> None:
    layer = output_of(RECIPES["focal"], layers=1).layers[0]
    with pytest.raises(FloatingPointError, match="diverged"):
        Hungarian()(RECIPES["focal"].objective(RECIPES["focal"]), layer.each(lambda t: t * float("nan")), targets_of(1, 2))


def test_repeated_matching_asks_for_every_object_as_often_as_it_says() -> None:
    output = output_of(RECIPES["focal"], queries=9, layers=1, batch=1).but(groups=(Group("many", 9, assign=Repeated(multiple=3)),))
    (queries, indices), = Criterion(RECIPES["focal"])(output, targets_of(2)).assignments[0, "many"]
    assert len(set(queries.tolist())) == 6 and indices.bincount().tolist() == [3, 3]


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("counts", [(0, 0), (0, 3), (6, 6), (9, 1)], ids=str)
def test_losses_of_empty_and_crowded_pictures_are_finite(kind: str, counts: tuple[int, int]) -> None:
    torch.manual_seed(0)
    output = output_of(RECIPES[kind])
    losses = Criterion(RECIPES[kind])(output, targets_of(*counts))
    losses.total.backward()
    assert torch.isfinite(losses.total) and losses.total > 0
    assert all(torch.isfinite(layer.logits.grad).all() and layer.logits.grad.any() for layer in output.layers)
    if not sum(counts):
        assert losses.terms["l1", 0, "queries"] == losses.terms["giou", 1, "queries"] == 0


def test_a_perfect_answer_costs_next_to_nothing_in_boxes() -> None:
    targets = targets_of(3)
    logits = torch.full((1, 3, 5), -9.0)
    logits[0, range(3), targets[0].labels] = 9.0
    losses = Criterion(RECIPES["softmax"])(Output((Prediction(logits, targets[0].boxes[None]),), MEMORY), targets)
    assert losses.total.item() == pytest.approx(0, abs=1e-4)


def test_no_object_weighs_a_tenth() -> None:
    target, logits = targets_of(1), torch.zeros(1, 2, 5)
    logits[0, 1, 4] = 3.0                                                           # the second query is rightly silent
    boxes = torch.cat([target[0].boxes, target[0].boxes / 2])[None]                 # and the first one has the object's box
    loss = Criterion(RECIPES["softmax"])(Output((Prediction(logits, boxes),), MEMORY), target).terms["class", 0, "queries"]
    cross = -logits.log_softmax(-1)
    assert loss.item() == pytest.approx(((cross[0, 0, 0] + 0.1 * cross[0, 1, 4]) / 1.1).item(), abs=1e-6)


def test_losses_are_divided_by_the_objects_of_all_processes() -> None:
    output, targets = output_of(RECIPES["focal"]), targets_of(2, 2)
    own, shared = (Criterion(RECIPES["focal"])(output, targets, count).total.item() for count in (None, 8))
    assert own == pytest.approx(2 * shared, rel=1e-5)


def test_groups_are_matched_apart_and_named() -> None:
    torch.manual_seed(0)
    output = output_of(RECIPES["focal"]).but(groups=(Group("first", 4, keep=True), Group("second", 2, assign=Repeated(multiple=1))))
    losses = Criterion(RECIPES["focal"])(output, targets_of(1, 2))
    assert {group for _, _, group in losses.terms} == {"first", "second"}
    assert [len(q) for q, _ in losses.assignments[0, "first"]] == [len(q) for q, _ in losses.assignments[0, "second"]] == [1, 2]


def test_class_agnostic_proposals_learn_their_first_output_only() -> None:
    torch.manual_seed(0)
    logits, boxes = torch.randn(2, 5, 4), torch.rand(2, 5, 4) * 0.4 + 0.3
    output, targets = output_of(RECIPES["focal"]), targets_of(2, 1)
    for agnostic in (True, False):
        found = Criterion(RECIPES["focal"])(output.but(proposals=Proposals(logits, boxes, class_agnostic=agnostic)), targets)
        labels = [torch.zeros_like(t.labels) if agnostic else t.labels for t in targets]
        relabelled = [t.but(labels=c) for t, c in zip(targets, labels)]
        plain = Criterion(RECIPES["focal"])(Output((Prediction(logits, boxes),), MEMORY), relabelled)
        assert found.terms["class", "encoder", "proposals"] == plain.terms["class", 0, "queries"]


def test_diverged_training_says_so() -> None:
    output = output_of(RECIPES["softmax"], layers=1)
    broken = Output((output.layers[0].but(boxes=torch.full((2, 6, 4), float("nan"))),), MEMORY)
    with pytest.raises(FloatingPointError, match="learning rate"):
        Criterion(RECIPES["softmax"])(broken, targets_of(1, 1))
