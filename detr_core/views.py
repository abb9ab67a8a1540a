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
class SplitMap(TokenMap):
    """Dense attention whose scores are a sum: what each summand alone would look at (Conditional DETR, section 3.3)."""

    content: np.ndarray                             # [M, Q, N] by what stands there; each row sums to 1
    spatial: np.ndarray                             # [M, Q, N] by where it is


@dataclass(frozen=True)
class SampledPoints:
    """Sampled attention: a few weighted places a query read from, per head and level (Deformable DETR, section 4.1)."""

    locations: np.ndarray                           # [Q, M, L, P, 2] (x, y), 1 is the picture's far edge; may lie outside
    weights: np.ndarray                             # [Q, M, L, P] sums to 1 over levels and points


@dataclass(frozen=True)
class QueryMap:
    """Self-attention: how much each query took from every other."""

    weights: np.ndarray                             # [M, Q, Q]


@dataclass(frozen=True)
class RowColumn:
    """Attention in two factors: over columns along x, then over rows along y (Anchor DETR, section 3.3)."""

    row: np.ndarray                                 # [M, Q, L * w] each level sums to 1
    column: np.ndarray                              # [M, Q, L * h]
    shapes: Shapes
    reach: np.ndarray                               # [L, 2] as in `TokenMap`

    def dense(self) -> TokenMap:
        """The product of the factors, which is what the query took from each place."""
        x, y, found = 0, 0, []
        for h, w in self.shapes:
            found.append((self.column[..., y:y + h, None] * self.row[..., None, x:x + w]).reshape(*self.row.shape[:2], h * w))
            x, y = x + w, y + h
        return TokenMap(np.concatenate(found, -1), self.shapes, self.reach)


View = TokenMap | SampledPoints | QueryMap | RowColumn
Values = Mapping[str, np.ndarray]


def _dense(path: str, values: Values, memory: Features) -> View:
    """Queries look at each other in self-attention and at tokens elsewhere; sizes cannot tell, as Q may equal N."""
    if path.endswith("self_attention"):
        return QueryMap(values["weights"])
    return TokenMap(values["weights"], memory.shapes, 1 / memory.valid[0].float().cpu().numpy())


def _split(path: str, values: Values, memory: Features) -> View:
    whole, hidden = _dense(path, values, memory), memory.padding[0].cpu().numpy()
    alone = []
    for key in ("content_scores", "spatial_scores"):
        scores = np.where(hidden, -np.inf, values[key])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        alone.append(shares / shares.sum(-1, keepdims=True))
    return SplitMap(whole.weights, whole.shapes, whole.reach, *alone)


def _sampled(path: str, values: Values, memory: Features) -> View:
    valid = memory.valid[0].float().cpu().numpy()   # [L, 2] share of each padded level that is picture
    return SampledPoints(values["locations"] / valid[:, None], values["weights"])


def _factors(path: str, values: Values, memory: Features) -> View:
    return RowColumn(values["row"], values["column"], memory.shapes, 1 / memory.valid[0].float().cpu().numpy())


# The first row whose keys a module noted says what its view is; further keys are the module's own matter.
KINDS: tuple[tuple[frozenset[str], Callable[[str, Values, Features], View]], ...] = (
    (frozenset({"locations", "weights"}), _sampled),
    (frozenset({"row", "column"}), _factors),
    (frozenset({"weights", "content_scores", "spatial_scores"}), _split),
    (frozenset({"weights"}), _dense),
)


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
    read = {path: next((read for keys, read in KINDS if keys <= values.keys()), None) for path, values in modules.items()}
    return {path: view(path, modules[path], memory) for path, view in read.items() if view is not None}


def layer_of(path: str) -> tuple[str, int, str] | None:
    """`decoder.layers.2.cross_attention` -> ("decoder", 2, "cross_attention"); None for other modules."""
    found = re.fullmatch(r"(\w+)\.layers\.(\d+)\.(\w+)", path)
    return (found[1], int(found[2]), found[3]) if found else None
