"""Sparse DETR must touch only the tokens it says it keeps, and learn which from the decoder."""
from functools import cache

import pytest
import torch

from detr_core import VARIANTS, Detector, Tape, part
from detr_core.sampling import spread
from detr_core.training.criterion import Criterion
from detr_core.variants.sparse import EfficientQueries, SparseEncoder, TokenScoring
from kernels import deformable_attention
from tests.variants.small import pictures, small


@cache
def detector() -> Detector:
    return small("sparse_detr", queries=20, encoder=part(SparseEncoder, ratio=0.3))


def test_each_picture_keeps_its_own_share_of_tokens_and_the_others_stay_as_they_were() -> None:
    model, batch = detector().eval(), pictures()
    with torch.no_grad(), Tape(model) as tape:
        output = model(batch)
        before = model.neck(model.backbone(batch.images), batch).tokens
    kept, valid = tape["encoder.kept"][0], (~output.memory.padding).sum(1)
    assert valid[0] != valid[1]
    assert kept.sum(1).tolist() == [int(float(v) * 0.3) + 1 for v in valid]
    assert torch.equal(output.memory.tokens[~kept], before[~kept])
    assert not torch.isclose(output.memory.tokens[kept], before[kept]).all(-1).any()
    assert not (kept & output.memory.padding).any()
    for score, keep in zip(tape["encoder.scores"][0], kept):
        assert score[keep].min() >= score[~keep].max()


def test_spread_attention_is_what_sampling_reads() -> None:
    """The sum of what all queries read is the map of attention times the values."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((3, 5), (2, 3))
    locations = torch.rand(2, 7, 1, 2, 4, 2, generator=generator) * 1.4 - 0.2
    weights, values = torch.rand(2, 7, 1, 2, 4, generator=generator), torch.randn(2, 21, 1, 6, generator=generator)
    read = deformable_attention(values, shapes, locations, weights).sum(1)
    assert torch.allclose(torch.einsum("bn,bnd->bd", spread(locations, weights, shapes), values[:, :, 0]), read, atol=1e-5)


def test_the_scorer_is_taught_the_tokens_of_most_attention() -> None:
    model, batch = detector().train(), pictures()
    with torch.no_grad(), Tape(model, model.schemes[0].needs) as tape:
        output = model(batch)
    wanted = model.schemes[0].wanted(output.memory, tape)
    at, weights = (tape[f"decoder.layers.*.cross_attention.{key}"] for key in ("locations", "weights"))
    attention = sum(spread(a, w, output.memory.shapes, centre=0.0) for a, w in zip(at, weights))
    assert wanted.sum(1).tolist() == output.memory.counts.tolist()
    assert not wanted[output.memory.padding].any()
    for picture in range(2):
        inside = ~output.memory.padding[picture]
        chosen, attended = wanted[picture, inside].bool(), attention[picture, inside]
        assert attended[chosen].min() >= attended[~chosen].max()


def test_heads_inside_the_encoder_speak_in_training_and_to_a_tape_only() -> None:
    model, batch = detector(), pictures()
    with torch.no_grad():
        assert model.eval()(batch).memory.predictions == ()
        assert len(model.train()(batch).memory.predictions) == model.recipe.encoder_layers - 1
        with Tape(model.eval(), keep=("encoder.boxes",)):
            assert len(model(batch).memory.predictions) == model.recipe.encoder_layers - 1


def test_every_parameter_learns() -> None:
    model, batch = detector().train(), pictures()
    model.zero_grad()
    with Tape(model, model.schemes[0].needs, detach=False) as tape:
        output = model(batch)
    losses = Criterion(model.recipe)(output, batch.targets)
    (losses.total + sum(model.schemes[0].losses(output, batch, tape).values())).backward()
    assert ("class", "encoder.0", "tokens") in losses.terms
    assert [name for name, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())] == []


@pytest.mark.parametrize("recipe, reason", [
    (VARIANTS["deformable_detr_two_stage"].tiny.but(schemes=(TokenScoring,)), "Token scoring needs SparseEncoder"),
    (VARIANTS["deformable_detr_two_stage"].tiny.but(query_init=EfficientQueries), "share the projection of a sparse encoder"),
    (VARIANTS["sparse_detr"].tiny.but(encoder=part(SparseEncoder, ratio=0.0)), "ratio of tokens above 0")])
def test_recipes_that_cannot_work_are_refused(recipe, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Detector(recipe)
