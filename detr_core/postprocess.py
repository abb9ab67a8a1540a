"""From logits to detections."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .boxes import to_pixels
from .structures import Bundle, Output


@dataclass(frozen=True)
class Detections(Bundle):
    """What was found in one picture, best first."""

    boxes: Tensor                                   # [n, 4] corners in pixels of the picture
    labels: Tensor                                  # [n] class indices
    scores: Tensor                                  # [n] 0..1
    queries: Tensor                                 # [n] which query said so
    names: tuple[str, ...] = ()                     # a class name a detection

    def above(self, threshold: float) -> Detections:
        """Only those whose score reaches `threshold`."""
        keep = (self.scores >= threshold).nonzero()[:, 0]
        names = tuple(self.names[i] for i in keep.tolist()) if self.names else ()
        return Detections(self.boxes[keep], self.labels[keep], self.scores[keep], self.queries[keep], names)

    def __len__(self) -> int:
        return len(self.scores)


class SoftmaxPostprocess:
    """Every query says one class or "no object" (DETR)."""

    def scores(self, logits: Tensor) -> Tensor:
        """[..., K] -> [..., classes] probabilities."""
        return logits.softmax(-1)[..., :-1]

    def select(self, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, Q, classes] -> scores, queries, labels, each [B, n]."""
        best, labels = scores.max(-1)
        best, queries = best.sort(dim=-1, descending=True, stable=True)
        return best, queries, labels.gather(1, queries)

    def __call__(self, output: Output, sizes: Sequence[tuple[int, int]]) -> list[Detections]:
        """`sizes`: (height, width) in pixels of the original pictures."""
        scores, queries, labels = self.select(self.scores(output.logits))
        boxes = output.boxes.gather(1, queries[..., None].expand(-1, -1, 4))
        return [Detections(to_pixels(b, size), label, s, q) for b, label, s, q, size in zip(boxes, labels, scores, queries, sizes)]


class SigmoidPostprocess(SoftmaxPostprocess):
    """The best `top` of all query-class pairs; a query may appear with several classes (Deformable DETR)."""

    def __init__(self, top: int = 100):
        self.top = top

    def scores(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def select(self, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        best, index = scores.flatten(1).topk(min(self.top, scores[0].numel()), 1)
        return best, torch.div(index, scores.shape[-1], rounding_mode="floor"), index % scores.shape[-1]
