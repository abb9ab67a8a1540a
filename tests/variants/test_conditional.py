"""Conditional and DAB-DETR: the parts of a score add up, and what the explorer draws is what the detector did."""
from functools import cache

import pytest
import torch

from detr_core import VARIANTS, Batch, Detector, Tape, part
from detr_core.structures import Queries
from detr_core.variants.dab import AnchorQueries
from detr_core.views import TokenMap, views

SMALL = dict(heads=4, width=32, hidden=48, queries=10, encoder_layers=2, decoder_layers=3, classes=5)


@cache
def detector(id: str) -> Detector:
    torch.manual_seed(0)
    made = Detector(VARIANTS[id].tiny.but(**SMALL, neck=VARIANTS[id].tiny.neck))
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.requires_grad and not parameter.any():
                parameter.normal_(std=0.1)
    return made.eval()


@cache
def picture() -> Batch:
    torch.manual_seed(1)
    return Batch.of([torch.randn(3, 90, 140)], multiple=32)


@pytest.mark.parametrize("id", ["conditional_detr", "dab_detr", "dn_detr"])
def test_content_and_place_add_up_to_the_attention(id: str) -> None:
    with torch.no_grad(), Tape(detector(id)) as tape:
        output = detector(id)(picture())
    for layer in range(3):
        path = f"decoder.layers.{layer}.cross_attention"
        total = (tape[f"{path}.content_scores"][0] + tape[f"{path}.spatial_scores"][0]).masked_fill(output.memory.key_padding, -torch.inf)
        assert torch.allclose(total.softmax(-1), tape[f"{path}.weights"][0], atol=1e-6)
        view = views(tape.entries, output.memory)[path]
        assert isinstance(view, TokenMap)
        for half in map(view.alone, ("content", "spatial")):
            assert half.shape == view.weights.shape and half.sum(-1) == pytest.approx(1, abs=1e-5)
            assert not half[..., output.memory.padding[0].numpy()].any()


def test_looking_inside_changes_nothing_and_costs_scores_only_when_asked() -> None:
    with torch.no_grad():
        plain = detector("dab_detr")(picture())
        with Tape(detector("dab_detr")):
            looked = detector("dab_detr")(picture())
        with Tape(detector("dab_detr"), ("decoder.layers.*.weights",)) as tape:
            detector("dab_detr")(picture())
    assert torch.allclose(plain.boxes, looked.boxes, atol=1e-5) and torch.allclose(plain.logits, looked.logits, atol=1e-5)
    assert not tape.get("*scores")


@pytest.mark.parametrize("id", ["conditional_detr", "dab_detr"])
def test_attention_takes_pytorchs_fast_kernel_though_values_are_narrower_than_queries(id: str) -> None:
    """The plain one writes every score down: three times as slow on the tiny detectors."""
    with torch.no_grad(), torch.profiler.profile() as seen:
        detector(id)(picture())
    called = {event.key for event in seen.key_averages()}
    assert "aten::_scaled_dot_product_flash_attention_for_cpu" in called and "aten::_scaled_dot_product_attention_math" not in called


def test_attention_without_the_size_modulation_can_be_drawn() -> None:
    """The tape's unmodulated code and its ratios give the modulated spatial scores, and those without."""
    model = detector("dab_detr")
    with torch.no_grad(), Tape(model) as tape:
        output = model(picture())
    for layer, (code, ratio) in enumerate(zip(tape["position.spatial"], tape["position.modulation"])):
        attention = model.decoder.layers[layer].cross_attention
        y, x = code.chunk(2, -1)
        for spatial, same in ((torch.cat([y * ratio[..., 1:], x * ratio[..., :1]], -1), True), (code, False)):
            with torch.no_grad():
                where, place = attention.places(Queries(code, spatial=spatial), output.memory)
                drawn = attention.scores(where, place)
            assert torch.allclose(drawn, tape[f"decoder.layers.{layer}.cross_attention.spatial_scores"][0], atol=1e-5) == same


def test_a_reference_point_stays_and_an_anchor_box_moves() -> None:
    tapes = {}
    for id in ("conditional_detr", "dab_detr"):
        with torch.no_grad(), Tape(detector(id)) as tapes[id]:
            detector(id)(picture())
    points, boxes = tapes.values()
    first, *others = points["decoder.anchor"]
    assert first.shape[-1] == 2 and all(torch.equal(first, other) for other in others)
    first, *others = boxes["decoder.anchor"]
    assert first.shape[-1] == 4 and all(not torch.allclose(first, other) for other in others)


@pytest.mark.parametrize("patterns", [1, 2, 3])
def test_patterns_ask_every_box_again(patterns: int) -> None:
    torch.manual_seed(0)
    init = AnchorQueries(VARIANTS["dab_detr"].tiny.but(**SMALL), patterns=patterns)
    with torch.no_grad():
        queries = init(detector("dab_detr")(picture()).memory)
    assert queries.content.shape == (1, 10 * patterns, 32)
    anchor, content = queries.anchor.unflatten(1, (patterns, 10)), queries.content.unflatten(1, (patterns, 10))
    assert (anchor == anchor[:, :1]).all() and (content == content[:, :, :1]).all()
    assert len(content[0, :, 0].unique(dim=0)) == patterns


def test_fixed_centres_never_learn() -> None:
    recipe = VARIANTS["dab_detr"].tiny.but(**SMALL, query_init=part(AnchorQueries, fixed_centres=True))
    torch.manual_seed(0)
    init = AnchorQueries(recipe, fixed_centres=True)
    init(detector("dab_detr")(picture()).memory).anchor.sum().backward()
    assert not init.anchor.grad[:, :2].any() and init.anchor.grad[:, 2:].all()
    assert init.anchor[:, :2].sigmoid().std() > 0.15
