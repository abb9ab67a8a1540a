"""Hybrid matching must change training alone, and match the further queries to repeated objects."""
from functools import cache

import pytest
import torch

from detr_core import VARIANTS, Detector, Output
from detr_core.training.criterion import Criterion
from tests.variants.small import pictures, small


@cache
def detector() -> Detector:
    return small("h_deformable_detr", queries=12, extra_queries=30)


def test_inference_knows_only_the_first_queries_and_training_predicts_the_same_for_them() -> None:
    with torch.no_grad():
        seen, trained = detector().eval()(pictures()), detector().train()(pictures())
    assert seen.logits.shape[1] == 12 and trained.logits.shape[1] == 42 and not seen.groups
    for inference, training in zip(seen.layers, trained.layers):
        assert torch.allclose(inference.logits, training.logits[:, :12], atol=1e-5)
        assert torch.allclose(inference.boxes, training.boxes[:, :12], atol=1e-5)


def test_the_two_kinds_of_queries_cannot_see_each_other() -> None:
    output = detector().train()(pictures())
    query_init = detector().query_init(output.memory)
    hidden = detector().schemes[0].extend(query_init, output.memory, pictures()).hidden
    first = torch.arange(42) < 12
    assert torch.equal(hidden, first[:, None] != first)


def test_further_queries_answer_for_every_object_six_times() -> None:
    """Their loss is the plain loss of a detector that has only them, against targets written down six times."""
    output, objects = detector().train()(pictures()), pictures().targets
    criterion = Criterion(detector().recipe)
    found = criterion(output, objects)
    alone = Output(tuple(p.but(logits=p.logits[:, 12:], boxes=p.boxes[:, 12:]) for p in output.layers), output.memory)
    expected = criterion(alone, [t.but(labels=t.labels.repeat(6), boxes=t.boxes.repeat(6, 1)) for t in objects])
    for (term, layer, _), value in expected.terms.items():
        assert found.terms[term, layer, "many"].item() == pytest.approx(value.item(), rel=1e-5)
    queries, indices = found.assignments[1, "many"][0]
    assert len(queries.unique()) == 18 and indices.bincount().tolist() == [6, 6, 6]


def test_pictures_without_objects_have_a_loss() -> None:
    losses = Criterion(detector().recipe)(detector().train()(pictures((0, 0))), pictures((0, 0)).targets)
    assert torch.isfinite(losses.total)


def test_every_parameter_learns() -> None:
    model = detector().train()
    model.zero_grad()
    Criterion(model.recipe)(model(pictures()), pictures().targets).total.backward()
    silent = [name for name, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert silent == []


def test_a_body_without_further_queries_is_refused() -> None:
    with pytest.raises(ValueError, match="extra_queries"):
        Detector(VARIANTS["h_deformable_detr"].tiny.but(extra_queries=0))
