"""The same detectors in Hugging Face's transformers, which is a development dependency, holding the same weights."""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..api import build
from ..checkpoint import load_state
from ..detector import Detector
from ..registry import VARIANTS

PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "detr": ("Detr", {}), "conditional_detr": ("ConditionalDetr", {}), "dab_detr": ("DabDetr", {}),
    "deformable_detr": ("DeformableDetr", {}), "deformable_detr_refine": ("DeformableDetr", {"with_box_refine": True}),
    "deformable_detr_two_stage": ("DeformableDetr", {"with_box_refine": True, "two_stage": True}),
}
"""Variant -> the start of their classes' names, and their options."""
PROCESSORS = {"DabDetr": "ConditionalDetr"}                     # transformers reads its detections the same way


def available() -> bool:
    """Whether transformers is installed."""
    try:
        import transformers  # noqa: F401
    except ImportError:
        return False
    return True


def theirs(id: str) -> nn.Module:
    """Their model with random weights, every decoder layer trained, with the authors' dropout wherever ours has it, so in attention too."""
    import transformers

    kind, options = PEERS[id]
    dropouts = dict.fromkeys(("dropout", "attention_dropout", "activation_dropout"), VARIANTS[id].recipe.dropout)
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(num_labels=91, auxiliary_loss=True, **dropouts, **options)
    return getattr(transformers, f"{kind}ForObjectDetection")(config).eval()


def processor_of(id: str, size: tuple[int, int]) -> Any:
    """What makes their inputs and reads their outputs; pictures of `size` (height, width) keep it."""
    import transformers

    kind = PROCESSORS.get(PEERS[id][0], PEERS[id][0])
    return getattr(transformers, f"{kind}ImageProcessor")(size={"shortest_edge": min(size), "longest_edge": max(size)})


def ours(id: str, size: tuple[int, int], weights: nn.Module | None = None) -> Detector:
    """Our detector for pictures of `size` (height, width), with the weights of their model or random ones."""
    torch.manual_seed(0)
    detector = build(id, short=min(size), long=max(size)).eval()
    if weights is not None:
        load_state(detector, weights.state_dict(), "transformers' model")
    return detector


def labels(pictures: int, objects: int, classes: int = 91) -> list[dict[str, Tensor]]:
    """Random objects as transformers wants them: class_labels and boxes (centre, size in 0..1)."""
    generator = torch.Generator().manual_seed(0)
    made = []
    for _ in range(pictures):
        sides = 0.05 + 0.4 * torch.rand(objects, 2, generator=generator)
        centres = sides / 2 + (1 - sides) * torch.rand(objects, 2, generator=generator)
        made.append({"class_labels": torch.randint(classes, (objects,), generator=generator), "boxes": torch.cat([centres, sides], 1)})
    return made
