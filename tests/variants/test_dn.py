"""Denoising must build the paper's queries from recorded noise, stay invisible to matching, and combine with other schemes."""
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from detr_core import VARIANTS, Batch, Detector, Tape, Targets, part
from detr_core.boxes import aligned_giou, inverse_sigmoid
from detr_core.checkpoint import load_state
from detr_core.names import Translation
from detr_core.structures import Queries
from detr_core.training.criterion import Criterion
from detr_core.training.objective import focal
from detr_core.variants.dab import AnchorPosition, ScaledAnchorPosition
from detr_core.variants.dn import Denoising, Noise
from detr_core.variants.h_deformable import HybridMatching

SMALL = dict(heads=4, width=32, hidden=48, queries=10, encoder_layers=1, decoder_layers=2, classes=5)


@cache
def detector(id: str) -> Detector:
    torch.manual_seed(0)
    made = Detector(VARIANTS[id].tiny.but(**SMALL))
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.requires_grad and not parameter.any():
                parameter.normal_(std=0.1)
    return made


def targets_of(counts: tuple[int, ...], seed: int = 1) -> list[Targets]:
    generator = torch.Generator().manual_seed(seed)
    return [Targets(torch.randint(5, (n,), generator=generator), torch.rand(n, 4, generator=generator)) for n in counts]


@cache
def pictures(counts: tuple[int, ...] = (3, 1)) -> Batch:
    torch.manual_seed(2)
    return Batch.of([torch.randn(3, 96, 128), torch.randn(3, 128, 64)], targets_of(counts), multiple=32)


def rebuilt(table: Tensor, noise: Noise, targets: list[Targets], scale: float) -> tuple[Tensor, Tensor]:
    """Content [B, D, C] and anchors [B, D, 4], slot by slot, as section 4 of the paper describes them."""
    slots, groups = max(len(t) for t in targets), len(noise.flip)
    content, logits = torch.zeros(len(targets), groups * slots, 32), torch.zeros(len(targets), groups * slots, 4)
    for group in range(groups):
        seen = 0
        for picture, target in enumerate(targets):
            for index, (label, box) in enumerate(zip(target.labels.tolist(), target.boxes)):
                shown = int(noise.labels[group, seen]) if noise.flip[group, seen] else label
                reach = torch.stack([box[2] / 2, box[3] / 2, box[2], box[3]])
                moved = (box + noise.boxes[group, seen] * reach * scale).clamp(0, 1)
                content[picture, group * slots + index] = torch.cat([table[shown], torch.ones(1)])
                logits[picture, group * slots + index] = inverse_sigmoid(moved, 1e-3)
                seen += 1
    return content, logits.sigmoid()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=3).filter(any), st.integers(0, 9), st.integers(1, 3), st.floats(0, 1))
def test_recorded_noise_gives_the_papers_queries(counts: list[int], seed: int, groups: int, scale: float) -> None:
    targets = targets_of(tuple(counts), seed)
    scheme = Denoising(VARIANTS["dn_detr"].tiny.but(**SMALL), groups=groups, label_noise=0.5, box_noise=scale)
    noise = scheme.draw(targets, torch.Generator().manual_seed(seed))
    noised = scheme.apply(noise, targets)
    content, anchor = rebuilt(scheme.labels, noise, targets, scale)
    assert torch.equal(noised.content, content) and torch.allclose(noised.anchor, anchor, atol=1e-6)
    for picture, (queries, objects) in enumerate(noised.pairs):
        assert objects.tolist() == list(range(counts[picture])) * groups and len(queries.unique()) == len(queries)
        assert noised.objects[picture, queries].tolist() == objects.tolist()


def test_noise_is_as_strong_as_the_paper_says() -> None:
    targets = [Targets(torch.zeros(4000, dtype=torch.int64), torch.tensor([0.5, 0.5, 0.2, 0.4]).expand(4000, 4))]
    scheme = Denoising(VARIANTS["dn_detr"].tiny.but(classes=91))
    noise = scheme.draw(targets, torch.Generator().manual_seed(0))
    noised = scheme.apply(noise, targets)
    assert (noised.labels != 0).float().mean() == pytest.approx(0.2 * 90 / 91, abs=0.01)
    shift = (noised.anchor - targets[0].boxes[0]).abs().amax((0, 1))
    assert shift.tolist() == pytest.approx([0.04, 0.08, 0.08, 0.16], rel=0.01)


def test_drawing_can_be_repeated() -> None:
    scheme, targets = detector("dn_detr").schemes[0], targets_of((3, 1))
    first, again = (scheme.draw(targets, torch.Generator().manual_seed(7)) for _ in range(2))
    assert all(torch.equal(getattr(first, name), getattr(again, name)) for name in ("flip", "labels", "boxes"))


@pytest.mark.parametrize("id", ["dn_detr", "dn_deformable_detr"])
def test_matching_cannot_tell_that_there_is_denoising(id: str) -> None:
    model = detector(id)
    with torch.no_grad():
        alone, together = model.eval()(pictures()), model.train()(pictures())
    assert together.logits.shape[1] == 5 * 3 + 10 and not alone.groups
    for a, b in zip(alone.layers, together.layers):
        assert torch.allclose(a.logits, b.logits[:, 15:], atol=1e-5) and torch.allclose(a.boxes, b.boxes[:, 15:], atol=1e-5)


def test_who_sees_whom() -> None:
    model = detector("dn_detr").train()
    with torch.no_grad(), Tape(model, ("decoder.hidden", "schemes.*")) as tape:
        model(pictures())
    hidden, owner = tape["decoder.hidden"][0], torch.tensor([0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3 + [5] * 10)
    assert torch.equal(~hidden, (owner[:, None] == owner) | (owner == 5))               # own group, and everybody sees the matched
    assert tape["schemes.0.boxes"][0].shape == (2, 15, 4)
    assert tape["schemes.0.objects"][0].tolist() == [[0, 1, 2] * 5, [0, -1, -1] * 5]
    assert (tape["schemes.0.labels"][0][1] >= 0).tolist() == [True, False, False] * 5


def test_denoising_losses_count_every_copy_once_and_no_empty_slot() -> None:
    model, targets = detector("dn_detr").train(), pictures().targets
    noise = model.schemes[0].draw(targets)
    output = model(pictures().but(hints={"denoising": noise}))
    losses, divisor = Criterion(model.recipe)(output, targets), 5 * 4
    for layer, prediction in enumerate(output.layers):
        place = [(b, g * 3 + i, b, i) for b, n in enumerate((3, 1)) for g in range(5) for i in range(n)]
        logits = torch.stack([prediction.logits[b, q] for b, q, _, _ in place])
        boxes = torch.stack([prediction.boxes[b, q] for b, q, _, _ in place])
        labels = torch.stack([targets[b].labels[i] for _, _, b, i in place])
        objects = torch.stack([targets[b].boxes[i] for _, _, b, i in place])
        expected = {"class": focal(logits, F.one_hot(labels, 5).float()).sum() / divisor,
                    "l1": (boxes - objects).abs().sum() / divisor, "giou": (1 - aligned_giou(boxes, objects)).sum() / divisor}
        for term, value in expected.items():
            assert losses.terms[term, layer, "denoising"].item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("counts", [(0, 0), (0, 2), (2, 0)])
def test_pictures_without_objects(counts: tuple[int, int]) -> None:
    model, batch = detector("dn_detr").train(), pictures(counts)
    model.zero_grad()
    losses = Criterion(model.recipe)(model(batch), batch.targets)
    losses.total.backward()
    assert torch.isfinite(losses.total) and all(p.grad is not None for p in model.schemes.parameters())


@pytest.mark.parametrize("order", [(HybridMatching, Denoising), (Denoising, HybridMatching)])
def test_denoising_and_hybrid_matching_on_one_body(order: tuple[type, type]) -> None:
    torch.manual_seed(0)
    model = Detector(VARIANTS["dn_deformable_detr"].tiny.but(**SMALL, extra_queries=20, schemes=order))
    output = model.train()(pictures())
    assert [(g.name, g.size, g.sees) for g in output.groups] == [("denoising", 15, ("queries",)), ("queries", 10, ()), ("many", 20, ())]
    losses = Criterion(model.recipe)(output, pictures().targets)
    assert {group for _, _, group in losses.terms} == {"denoising", "queries", "many"}
    with torch.no_grad():
        alone, together = model.eval()(pictures()), model.train()(pictures())
    assert torch.allclose(alone.boxes, together.boxes[:, 15:25], atol=1e-5)


@pytest.mark.parametrize("id", ["detr", "conditional_detr", "deformable_detr", "deformable_detr_two_stage"])
def test_a_body_whose_positions_are_not_boxes_refuses_with_the_reason(id: str) -> None:
    with pytest.raises(ValueError, match=f"'{id}' cannot carry denoising.*box"):
        Detector(VARIANTS[id].tiny.but(**SMALL, schemes=(Denoising,)))


def test_proposals_carry_denoising_once_positions_are_coded_from_boxes() -> None:
    recipe = VARIANTS["deformable_detr_two_stage"].tiny.but(**SMALL, schemes=(part(Denoising, groups=2),))
    for position in (AnchorPosition, ScaledAnchorPosition):
        torch.manual_seed(0)
        output = Detector(recipe.but(position=position)).train()(pictures())
        assert output.logits.shape[1] == 2 * 3 + 10 and torch.isfinite(output.logits).all()


def test_an_official_label_table_is_shared_out() -> None:
    model, table = detector("dn_detr"), torch.randn(6, 31)
    found, unknown = Translation(VARIANTS["dn_detr"].names, model.recipe)({"label_enc.weight": table})
    assert unknown == [] and torch.equal(found["schemes.0.labels"], table[:5]) and torch.equal(found["query_init.unknown"], table[5:])
    with torch.no_grad():
        queries: Queries = model.eval().query_init(model(pictures()).memory)
    assert torch.equal(queries.content[0, 0], torch.cat([model.query_init.unknown[0], torch.zeros(1)]))


def test_weights_move_to_other_classes_and_to_a_detector_that_no_longer_denoises() -> None:
    recipe, state = detector("dn_detr").recipe, detector("dn_detr").state_dict()
    with pytest.warns(UserWarning, match="5 class outputs and this detector 3"):
        started_anew = load_state(Detector(recipe.but(classes=3)), state)
    assert started_anew == ["decoder.class_heads.0.bias", "decoder.class_heads.0.weight", "schemes.0.labels"]
    plain = Detector(recipe.but(schemes=()))
    assert load_state(plain, state) == []
    with torch.no_grad():
        assert torch.equal(plain.eval()(pictures()).boxes, detector("dn_detr").eval()(pictures()).boxes)
