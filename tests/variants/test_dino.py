"""DINO's denoising must build the paper's queries, and combine with matching six times; its proposals learn all classes."""
from functools import cache

import pytest
import torch
from torch.nn import functional as F

from detr_core import Detector, Output, Tape, Targets, part
from detr_core.boxes import aligned_giou, inverse_sigmoid
from detr_core.training.criterion import Criterion, Losses
from detr_core.training.objective import focal
from detr_core.variants.dino import ContrastiveDenoising
from detr_core.variants.h_deformable import HybridMatching
from tests.variants.small import pictures, small

OBJECTS = (3, 1)


@cache
def detector() -> Detector:
    return small("dino", queries=12, schemes=(part(ContrastiveDenoising, number=50),))      # 100 // 6 = 16 groups


def trained(model: Detector) -> tuple[Output, Losses]:
    output = model.train()(pictures())
    return output, Criterion(model.recipe)(output, pictures().targets)


def test_recorded_noise_gives_the_papers_queries() -> None:
    """Slot by slot as the authors build them: a group is all objects near their places, then all further away."""
    scheme, targets = detector().schemes[0], pictures().targets
    noise = scheme.draw(targets, torch.Generator().manual_seed(3))
    noised, groups = scheme.apply(noise, targets), 16
    slots = max(OBJECTS)
    content, logits = torch.zeros(2, groups * 2 * slots, 32), torch.zeros(2, groups * 2 * slots, 4)
    for copy in range(2 * groups):
        seen = 0
        for picture, target in enumerate(targets):
            for index, (label, (x, y, w, h)) in enumerate(zip(target.labels.tolist(), target.boxes)):
                share = noise.boxes[copy, seen]
                assert (share.abs() < 1).all() if copy % 2 == 0 else ((share.abs() >= 1) & (share.abs() < 2)).all()
                corners = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) + share * torch.stack([w, h, w, h]) / 2
                left, top, right, bottom = corners.clamp(0, 1)
                moved = torch.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
                shown = int(noise.labels[copy, seen]) if noise.flip[copy, seen] else label
                content[picture, copy * slots + index] = scheme.labels[shown]
                logits[picture, copy * slots + index] = inverse_sigmoid(moved, 1e-3)
                seen += 1
    assert torch.equal(noised.content, content) and torch.allclose(noised.anchor, logits.sigmoid(), atol=1e-6)


@pytest.mark.parametrize("number, objects, groups", [(100, (7, 2), 14), (100, (1,), 100), (100, (150,), 1), (50, (3,), 16), (20, (5,), 40)])
def test_more_objects_make_fewer_groups(number: int, objects: tuple[int, ...], groups: int) -> None:
    scheme = ContrastiveDenoising(detector().recipe, number=number)
    targets = [Targets(torch.zeros(n, dtype=torch.int64), torch.rand(n, 4)) for n in objects]
    assert scheme.group_count(targets) == groups and len(scheme.draw(targets).labels) == 2 * groups


def test_near_boxes_are_restored_and_all_else_is_background() -> None:
    output, losses = trained(detector())
    targets, divisor, size = pictures().targets, 16 * sum(OBJECTS), 16 * 2 * 3
    for layer, prediction in enumerate(output.layers):
        wanted = torch.full((2, size), 5)
        near = [(b, group * 6 + i, b, i) for b, n in enumerate(OBJECTS) for group in range(16) for i in range(n)]
        for picture, query, _, index in near:
            wanted[picture, query] = targets[picture].labels[index]
        boxes = torch.stack([prediction.boxes[b, q] for b, q, _, _ in near])
        objects = torch.stack([targets[b].boxes[i] for _, _, b, i in near])
        expected = {"class": focal(prediction.logits[:, :size], F.one_hot(wanted, 6)[..., :5].float()).sum() / divisor,
                    "l1": (boxes - objects).abs().sum() / divisor, "giou": (1 - aligned_giou(boxes, objects)).sum() / divisor}
        for term, value in expected.items():
            assert losses.terms[term, layer, "denoising"].item() == pytest.approx(value.item(), rel=1e-5)


def test_who_sees_whom() -> None:
    """Near and further copies of one group see each other and the matched queries, which see neither."""
    with torch.no_grad(), Tape(detector().train(), ("decoder.hidden",)) as tape:
        detector()(pictures())
    group = torch.cat([torch.arange(16).repeat_interleave(6), torch.full((12,), 16)])
    assert torch.equal(~tape["decoder.hidden"][0], (group[:, None] == group) | (group == 16))


def test_only_the_chosen_proposals_have_a_loss_and_it_knows_all_classes() -> None:
    output, losses = trained(detector())
    proposals, (pairs, count) = output.proposals, (losses.assignments["encoder", "proposals"], sum(OBJECTS))
    assert proposals.logits.shape == (2, 12, 5) and not proposals.class_agnostic
    wanted = torch.full((2, 12), 5)
    for row, target, (queries, objects) in zip(wanted, pictures().targets, pairs):
        row[queries] = target.labels[objects]
    expected = focal(proposals.logits, F.one_hot(wanted, 6)[..., :5].float()).sum() / count
    assert losses.terms["class", "encoder", "proposals"].item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("order", [(ContrastiveDenoising, HybridMatching), (HybridMatching, ContrastiveDenoising)])
def test_denoising_and_hybrid_matching_on_one_body(order: tuple[type, type]) -> None:
    model = small("dino", queries=12, extra_queries=18, schemes=tuple(
        part(kind, number=50) if kind is ContrastiveDenoising else part(kind) for kind in order))
    output, losses = trained(model)
    assert [(g.name, g.size, g.sees) for g in output.groups] == [("denoising", 96, ("queries",)), ("queries", 12, ()), ("many", 18, ())]
    assert {group for _, _, group in losses.terms} == {"denoising", "queries", "many", "proposals"}
    losses.total.backward()
    assert [name for name, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())] == []
    with torch.no_grad():
        alone = model.eval()(pictures())
    assert torch.allclose(alone.boxes, output.boxes[:, 96:108], atol=1e-5) and not alone.groups
