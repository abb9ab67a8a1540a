"""Small detectors and batches for tests of what is special about a variant."""
from __future__ import annotations

from typing import Any

import torch

from detr_core import VARIANTS, Batch, Detector, Targets

SIZES = dict(width=32, heads=2, hidden=32, encoder_layers=2, decoder_layers=2, classes=5)


def small(id: str, **changes: Any) -> Detector:
    """The tiny pyramid detector, smaller still, with values where training starts from zeros (else much has no gradient)."""
    torch.manual_seed(0)
    tiny = VARIANTS[id].tiny
    detector = Detector(tiny.but(**{**SIZES, "neck": tiny.neck.but(groups=4), **changes}))
    with torch.no_grad():
        for parameter in detector.parameters():
            if parameter.requires_grad and not parameter.any():
                parameter.normal_(std=0.1)
    return detector


def pictures(objects: tuple[int, ...] = (3, 1), seed: int = 1) -> Batch:
    """Two pictures of different sizes, so that both are padded, with so many objects each."""
    generator = torch.Generator().manual_seed(seed)
    images = [torch.randn(3, h, w, generator=generator) for h, w in ((96, 128), (128, 64))]
    targets = [Targets(torch.randint(5, (n,), generator=generator), torch.rand(n, 4, generator=generator) * 0.4 + 0.2) for n in objects]
    return Batch.of(images, targets, multiple=32)
