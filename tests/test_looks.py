"""What a page shows of a detector is on the tape, under stable paths, after one forward pass of one picture."""
from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

import detr_core
from detr_core import Batch, Tape, Targets
from detr_core.training.rehearsal import Rehearsal, rehearse
from detr_core.view_types import ByLayer, Proposed, QueryMap, RowColumn, SampledPoints, TokenMap, TokenMask
from detr_core.views import received, views

SIZES = dict(classes=5, queries=12, encoder_layers=2, decoder_layers=2)
CROSS, SELF = "decoder.layers.1.cross_attention", "decoder.layers.1.self_attention"

# What each detector's literature draws, by the kind of view and the names in it; nobody else needs this table.
SPLIT = ("content", "spatial")
WANTED = {
    "detr": {CROSS: TokenMap},
    "deformable_detr": {CROSS: SampledPoints},
    "deformable_detr_refine": {CROSS: SampledPoints},
    "deformable_detr_two_stage": {CROSS: SampledPoints, "query_init": Proposed},
    "conditional_detr": {CROSS: SPLIT, "position": ("scale",)},
    "dab_detr": {CROSS: (*SPLIT, "unsized"), "position": ("scale", "modulation")},
    "dab_deformable_detr": {CROSS: SampledPoints, "position": ("scale",)},
    "dn_detr": {CROSS: (*SPLIT, "unsized"), "position": ("scale", "modulation")},
    "dn_deformable_detr": {CROSS: SampledPoints, "position": ("scale",)},
    "dino": {CROSS: SampledPoints, "query_init": Proposed},
    "h_deformable_detr": {CROSS: SampledPoints, "query_init": Proposed},
    "sparse_detr": {CROSS: SampledPoints, "query_init": Proposed, "encoder": TokenMask},
    "anchor_detr": {CROSS: RowColumn},
    "smca": {CROSS: ("content", "gaussian")},
    "sap_detr": {CROSS: (*SPLIT, "point", "box", "gaussian"), "position": ("sides",)},
}
GAUSSIANS = ("smca", "sap_detr")
GROUPS = {"dn_detr": "denoising", "dn_deformable_detr": "denoising", "dino": "denoising", "h_deformable_detr": "many"}


@cache
def detector_of(variant: str) -> detr_core.Detector:
    torch.manual_seed(0)
    return detr_core.build(variant, "tiny", **SIZES).eval()


def picture() -> Batch:
    """One picture whose right side is padding on every level."""
    image = torch.randn(3, 128, 160, generator=torch.Generator().manual_seed(1))
    boxes = torch.tensor([[.3, .4, .2, .3], [.7, .6, .3, .2], [.5, .5, .1, .1]])
    return Batch.of([image], [Targets(torch.tensor([0, 3, 3]), boxes)], multiple=128)


@cache
def seen(variant: str) -> tuple[dict, torch.Tensor, Tape]:
    keep = ("decoder.*", "position.*", "query_init.*", "encoder.scores", "encoder.kept")
    with torch.inference_mode(), Tape(detector_of(variant), keep) as tape:
        output = detector_of(variant)(picture())
    return views(tape.entries, output.memory), output, tape


@cache
def rehearsed(variant: str) -> Rehearsal:
    return rehearse(detector_of(variant), picture(), seed=3)


def test_every_variant_says_what_is_wanted_of_it() -> None:
    assert set(WANTED) == set(detr_core.VARIANTS)


@pytest.mark.parametrize("variant", list(WANTED))
def test_what_the_literature_draws_is_on_the_tape(variant: str) -> None:
    found, output, _ = seen(variant)
    assert isinstance(found[SELF], QueryMap) and found[SELF].weights.shape[-2:] == (12, 12)
    for path, wanted in WANTED[variant].items():
        if isinstance(wanted, type):
            assert isinstance(found[path], wanted)
        elif path == CROSS:
            assert isinstance(found[path], TokenMap) and set(found[path].scores) == set(wanted)
        else:
            assert isinstance(found[path], ByLayer) and set(found[path].numbers) == set(wanted)
    assert getattr(found[CROSS], "gaussians", None) is not None or variant not in GAUSSIANS
    paid = received(found, output.memory)
    assert paid.shape == (output.memory.tokens.shape[1],) and (paid >= 0).all() and paid.sum() > 0


@pytest.mark.parametrize("variant", list(WANTED))
def test_where_a_pixel_looked_is_on_the_tape_for_who_asks(variant: str) -> None:
    """The encoder's attention is as large as the square of the tokens, so no page keeps it unasked."""
    path = "encoder.layers.1.attention"
    assert path not in seen(variant)[0]
    with torch.inference_mode(), Tape(detector_of(variant), (f"{path}.*",)) as tape:
        output = detector_of(variant)(picture())
    found = views(tape.entries, output.memory)[path]
    assert type(found) is type(seen(variant)[0][CROSS])
    tokens = output.memory.tokens.shape[1]
    if isinstance(found, SampledPoints):
        kept = seen(variant)[0]["encoder"].kept.sum() if "encoder" in WANTED[variant] else tokens
        assert len(found.locations) == kept
    else:
        rows = found.weights if isinstance(found, TokenMap) else found.row
        assert rows.shape[1] == tokens


@pytest.mark.parametrize("variant", [v for v, wanted in WANTED.items() if isinstance(wanted[CROSS], tuple)])
def test_the_summands_of_the_scores_make_the_attention(variant: str) -> None:
    view = seen(variant)[0][CROSS]
    parts = {"content", "gaussian"} | ({"spatial"} if "spatial" in view.scores else set())
    total = sum(view.scores[part] for part in parts & set(view.scores))
    visible = np.isfinite(total)
    assert not visible.all(), "padding is left out"
    normaliser = np.broadcast_to(view.normaliser[..., None], total.shape)
    np.testing.assert_allclose(total[visible], np.log(view.weights[visible]) + normaliser[visible], atol=2e-4)
    for part in view.scores:
        np.testing.assert_allclose(view.alone(part).sum(-1), 1, atol=1e-5)
        assert (view.alone(part)[~visible] == 0).all()


@pytest.mark.parametrize("variant", GAUSSIANS)
def test_gaussians_lie_where_their_map_peaks(variant: str) -> None:
    view = seen(variant)[0][CROSS]
    (height, width), head, query = view.shapes[0], 0, 0
    y, x = np.mgrid[:height, :width]
    x, y = (x.ravel() + .5) / width * view.reach[0, 0], (y.ravel() + .5) / height * view.reach[0, 1]
    (cx, cy), (dx, dy) = view.gaussians.centre[head, query], view.gaussians.deviation[head, query]
    drawn = -((x - cx) / dx) ** 2 / 2 - ((y - cy) / dy) ** 2 / 2
    visible = np.isfinite(view.scores["gaussian"][head, query])
    np.testing.assert_allclose(drawn[visible], view.scores["gaussian"][head, query][visible], rtol=1e-3, atol=1e-3)


def test_size_modulation_is_what_parts_both_spatial_maps() -> None:
    found, _, _ = seen("dab_detr")
    view, numbers = found[CROSS], found["position"].numbers
    visible = np.isfinite(view.scores["spatial"])
    assert np.abs(view.scores["unsized"][visible] - view.scores["spatial"][visible]).max() > 1e-3
    assert numbers["modulation"].shape == (2, 12, 2) and (numbers["modulation"] > 0).all()
    assert numbers["scale"].shape[:2] == (1, 12), "the first layer has no content to scale by"


def test_kept_tokens_are_the_best_scored_and_no_padding() -> None:
    found, output, _ = seen("sparse_detr")
    mask = found["encoder"]
    assert 0 < mask.kept.sum() < len(mask.kept) and mask.scores[mask.kept].min() >= mask.scores[~mask.kept].max()
    assert not (mask.kept & output.memory.padding[0].numpy()).any()


def test_chosen_proposals_are_the_best_and_start_the_queries() -> None:
    for variant in ("deformable_detr_two_stage", "dino"):
        found, _, tape = seen(variant)
        view = found["query_init"]
        assert view.scores[view.chosen].min() >= np.delete(view.scores, view.chosen).max() - 1e-6
        np.testing.assert_allclose(view.boxes, tape["decoder.anchor"][0][0], atol=1e-5)


@pytest.mark.parametrize("variant", list(WANTED))
def test_a_rehearsal_leaves_the_detector_as_it_was(variant: str) -> None:
    output, rehearsal = seen(variant)[1], rehearsed(variant)
    own = rehearsal.place("queries")
    np.testing.assert_allclose(rehearsal.boxes[:, own], [layer.boxes[0].numpy() for layer in output.layers], atol=2e-5)
    assert {group.name for group in rehearsal.groups} == {"queries", *([GROUPS[variant]] if variant in GROUPS else [])}
    assert sorted(q for q in rehearsal.matches[-1, own] if q >= 0) == [0, 1, 2], "one query an object"
    assert not detector_of(variant).query_init.training


def test_denoising_queries_know_what_they_were_made_from() -> None:
    rehearsal = rehearsed("dino")
    group, place = rehearsal.groups[0], rehearsal.place("denoising")
    source, asked = rehearsal.source[place], rehearsal.matches[-1, place]
    assert group.parts > 1 and set(source) == {0, 1, 2} and (rehearsal.told[place] >= 0).all()
    half = len(source) // group.parts // 2
    first = np.arange(len(source)) // half % 2 == 0
    assert (asked[first] == source[first]).all(), "the nearer copy is restored"
    assert (asked[~first] == -1).all(), "the further one is background"
    objects = picture().targets[0].boxes.numpy()
    away = np.abs(rehearsal.start[place][:, :2] - objects[source, :2]).sum(-1)
    assert away[first].mean() < away[~first].mean()


def test_many_queries_have_every_object_several_times() -> None:
    rehearsal = rehearsed("h_deformable_detr")
    asked = rehearsal.matches[-1, rehearsal.place("many")]
    assert np.bincount(asked[asked >= 0], minlength=3).tolist() == [6, 6, 6]


def test_a_rehearsal_without_objects_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one object"):
        rehearse(detector_of("dn_detr"), picture().but(targets=None))
