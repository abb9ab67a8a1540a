"""Every detector learns and predicts in half precision as it does in float32, only a little less exactly."""
from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from detr_core import VARIANTS, Batch, Detector, Tape, Targets
from detr_core.training.criterion import Criterion, Losses

SMALL = dict(queries=10, encoder_layers=1, decoder_layers=2, classes=5)


def pictures() -> Batch:
    generator = torch.Generator().manual_seed(1)
    images = [torch.randn(3, h, w, generator=generator) for h, w in ((96, 128), (128, 64))]
    targets = [Targets(torch.randint(5, (n,), generator=generator), torch.rand(n, 4, generator=generator) * 0.3 + 0.2) for n in (3, 1)]
    return Batch.of(images, targets, multiple=32)


def losses_of(detector: Detector, dtype: torch.dtype | None) -> Losses:
    """As the trainer works them out: the pass under autocast, the criterion after it."""
    needs = tuple(pattern for scheme in detector.schemes for pattern in scheme.needs)
    torch.manual_seed(2)
    with Tape(detector, needs, detach=False) if needs else nullcontext() as tape, torch.autocast("cpu", dtype, enabled=dtype is not None):
        output = detector(pictures())
    losses = Criterion(detector.recipe)(output, pictures().targets)
    for scheme in detector.schemes:
        losses.terms.update({(term, "scheme", "own"): value for term, value in scheme.losses(output, pictures(), tape).items()})
    return losses


@pytest.mark.parametrize("id", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_losses_keep_float32_and_nearly_their_values(id: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    recipe = VARIANTS[id].tiny
    detector = Detector(recipe.but(**SMALL, extra_queries=min(recipe.extra_queries, 10))).train()
    exact, half = losses_of(detector, None), losses_of(detector, dtype)
    assert {value.dtype for value in half.terms.values()} == {torch.float32}
    assert half.total.item() == pytest.approx(exact.total.item(), rel=0.1)
    half.total.backward()
    assert all(torch.isfinite(p.grad).all() for p in detector.parameters() if p.grad is not None)
    with torch.inference_mode(), torch.autocast("cpu", dtype):
        assert torch.isfinite(detector.eval()(pictures()).boxes).all()
