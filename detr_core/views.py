"""What a running tape kept, told as a few kinds of picture.

Every attention module notes some of a few keys; which keys stand together decides the kind of view, never the
variant. A new kind of attention adds a row to `KINDS` and a frozen dataclass beside the others.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .structures import Features, Shapes


@dataclass(frozen=True)
class TokenMap:
    """Dense attention: how much each query took from every token of the memory."""

    weights: np.ndarray                             # [M, Q, N] each row sums to 1
    shapes: Shapes                                  # (height, width) of each level
    reach: np.ndarray                               # [L, 2] (x, y) far edge of the level in pictures, at least 1

    def level(self, level: int) -> np.ndarray:
        """[M, Q, h, w] of one level."""
        ends = np.cumsum([0, *(h * w for h, w in self.shapes)])
        return self.weights[..., ends[level]:ends[level + 1]].reshape(*self.weights.shape[:2], *self.shapes[level])


@dataclass(frozen=True)
class SampledPoints:
    """Sampled attention: a few weighted places a query read from, per head and level (Deformable DETR, section 4.1)."""

    locations: np.ndarray                           # [Q, M, L, P, 2] (x, y), 1 is the picture's far edge; may lie outside
    weights: np.ndarray                             # [Q, M, L, P] sums to 1 over levels and points


@dataclass(frozen=True)
class QueryMap:
    """Self-attention: how much each query took from every other."""

    weights: np.ndarray                             # [M, Q, Q]


View = TokenMap | SampledPoints | QueryMap
Values = Mapping[str, np.ndarray]


def _dense(path: str, values: Values, memory: Features) -> View:
    """Queries look at each other in self-attention and at tokens elsewhere; sizes cannot tell, as Q may equal N."""
    if path.endswith("self_attention"):
        return QueryMap(values["weights"])
    return TokenMap(values["weights"], memory.shapes, 1 / memory.valid[0].float().cpu().numpy())


def _sampled(path: str, values: Values, memory: Features) -> View:
    valid = memory.valid[0].float().cpu().numpy()   # [L, 2] share of each padded level that is picture
    return SampledPoints(values["locations"] / valid[:, None], values["weights"])


KINDS: dict[frozenset[str], Callable[[str, Values, Features], View]] = {
    frozenset({"weights"}): _dense,
    frozenset({"locations", "weights"}): _sampled,
}


def views(entries: Mapping[str, list[Tensor]], memory: Features) -> dict[str, View]:
    """`tape.entries` of one forward pass of one picture -> module path -> its view.

    Modules whose keys make no known kind (a decoder's `anchor`, say) are left out. Raises ValueError where the pass
    held several pictures: their padding would mix.
    """
    modules: dict[str, dict[str, np.ndarray]] = {}
    for path, values in entries.items():
        module, key = path.rsplit(".", 1)
        if "attention" in module.rsplit(".", 1)[-1]:
            if len(values[-1]) != 1:
                raise ValueError(f"Views describe one picture, {path!r} holds {len(values[-1])}: run the pictures one by one.")
            modules.setdefault(module, {})[key] = values[-1][0].float().cpu().numpy()
    return {path: KINDS[keys](path, values, memory) for path, values in modules.items() if (keys := frozenset(values)) in KINDS}


def layer_of(path: str) -> tuple[str, int, str] | None:
    """`decoder.layers.2.cross_attention` -> ("decoder", 2, "cross_attention"); None for other modules."""
    found = re.fullmatch(r"(\w+)\.layers\.(\d+)\.(\w+)", path)
    return (found[1], int(found[2]), found[3]) if found else None
