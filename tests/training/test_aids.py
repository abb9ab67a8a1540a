"""Aids help a detector to learn and leave no trace in what comes out; one that does not fit says so."""
from __future__ import annotations

import copy

import pytest
import torch

from detr_core import api
from detr_core.structures import Batch, Targets
from detr_core.training.aids import aid, centres, owners
from detr_core.training.run import Run

NOTHING = Targets(torch.zeros(0, dtype=torch.long), torch.zeros(0, 4))
SMALL = dict(width=32, hidden=64, queries=10, encoder_layers=1, decoder_layers=2, short=64, long=64)


def batch() -> Batch:
    torch.manual_seed(0)
    targets = [Targets(torch.tensor([1, 0]), torch.tensor([[0.3, 0.3, 0.5, 0.4], [0.8, 0.8, 0.05, 0.05]])), NOTHING]
    return Batch.of([torch.randn(3, 64, 64), torch.randn(3, 64, 48)], targets, 32)


def test_a_cell_belongs_to_the_smallest_object_around_it_and_a_tiny_object_to_its_own_cell():
    cells = centres((4, 4), torch.zeros(1))
    boxes = torch.tensor([[0.5, 0.5, 1.0, 1.0], [0.25, 0.25, 0.5, 0.5], [0.9, 0.9, 0.01, 0.01]])
    found = owners(cells, Targets(torch.zeros(3, dtype=torch.long), boxes)).view(4, 4)
    assert found.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]]
    assert owners(cells, NOTHING).eq(-1).all()


def test_reading_tokens_adds_losses_and_gradients_but_no_tensor_and_no_output():
    detector = api.build("detr", "tiny", ("cat", "dog"), **SMALL).train()
    before, names, pictures = copy.deepcopy(detector).eval(), set(detector.state_dict()), batch()
    aid(detector, ("tokens",))
    assert set(detector.state_dict()) == names
    assert torch.equal(detector.eval()(pictures).layers[-1].boxes, before(pictures).layers[-1].boxes)
    output = detector.train()(pictures)
    losses = detector.schemes[0].losses(output, pictures, None)
    assert set(losses) == {"token_class", "token_l1", "token_giou"} and all(torch.isfinite(value) for value in losses.values())
    sum(losses.values()).backward()
    for part in (detector.neck, detector.encoder, detector.decoder.class_heads[-1], detector.decoder.box_heads[-1]):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())


def test_a_copy_reads_with_its_own_heads():
    """The weight average copies the detector: the copy's scheme must not reach into the original."""
    detector = api.build("detr", "tiny", ("cat", "dog"), **SMALL)
    aid(detector, ("tokens",))
    twin = copy.deepcopy(detector)
    assert twin.schemes[0]._heads[0] is twin.decoder.class_heads[-1] is not detector.decoder.class_heads[-1]


def test_placed_queries_look_at_their_own_place_first():
    detector = api.build("detr", "tiny", ("cat", "dog"), **SMALL | {"queries": 16}).eval()
    aid(detector, ("places",))
    codes = detector.query_init.position.detach()
    attention = detector.decoder.layers[0].cross_attention
    nearness = attention.query(codes) @ attention.key(codes).T
    better = nearness > nearness.diagonal()[:, None]
    assert better.sum(1).float().mean() < 1, "a random projection may put a neighbour first, hardly ever two"
    assert len({tuple(code) for code in codes.tolist()}) == 16


@pytest.mark.parametrize(("variant", "name", "reason"), [
    ("dab_detr", "tokens", "correct an anchor"), ("dab_detr", "places", "no learned position"), ("detr", "magic", "no aid 'magic'")])
def test_an_aid_that_does_not_fit_is_refused_with_the_reason(variant, name, reason):
    with pytest.raises(ValueError, match=reason):
        aid(api.build(variant, "tiny", ("cat",), **SMALL), (name,))


def test_the_command_of_a_run_names_its_aids():
    assert "--aid tokens --aid places" in Run("detr", "scenes", aids=["tokens", "places"]).command()
