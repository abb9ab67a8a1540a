"""The kinds of picture that a forward pass leaves behind, for one picture; `views` reads them off a tape."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .structures import Shapes


@dataclass(frozen=True)
class Gaussians:
    """Where each head of each query was told to look, and how widely (SMCA, section 3.2; SAP-DETR, section 3.3)."""

    centre: np.ndarray                              # [M, Q, 2] (x, y) in 0..1 of the picture
    deviation: np.ndarray                           # [M, Q, 2] one standard deviation along x and y, in the same unit


@dataclass(frozen=True)
class TokenMap:
    """Dense attention: how much each query took from every token of the memory.

    A score is the logarithm of its weight plus the `normaliser`. `scores` holds what the scores are a sum of, by name,
    where a module keeps the summands (Conditional DETR, section 3.3), or what one of them would be otherwise ("unsized").
    """

    weights: np.ndarray                             # [M, Q, N] each row sums to 1
    shapes: Shapes                                  # (height, width) of each level
    reach: np.ndarray                               # [L, 2] (x, y) far edge of the level in pictures, at least 1
    normaliser: np.ndarray | None = None            # [M, Q]
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)      # [M, Q, N] each; -inf in the padding
    gaussians: Gaussians | None = None

    def level(self, level: int) -> np.ndarray:
        """[M, Q, h, w] of one level."""
        ends = np.cumsum([0, *(h * w for h, w in self.shapes)])
        return self.weights[..., ends[level]:ends[level + 1]].reshape(*self.weights.shape[:2], *self.shapes[level])

    def alone(self, part: str) -> np.ndarray:
        """[M, Q, N] what one summand of the scores alone would look at; each row sums to 1."""
        shares = np.exp(self.scores[part] - self.scores[part].max(-1, keepdims=True))
        return shares / shares.sum(-1, keepdims=True)


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


@dataclass(frozen=True)
class TokenMask:
    """Which tokens the encoder refined, by the score it gave them (Sparse DETR, section 3.2)."""

    scores: np.ndarray                              # [N] any number, higher is kept first; -inf in the padding
    kept: np.ndarray                                # [N] bool
    shapes: Shapes
    reach: np.ndarray                               # [L, 2] as in `TokenMap`


@dataclass(frozen=True)
class Proposed:
    """What the encoder's tokens proposed and which of them became queries (Deformable DETR, A.4)."""

    scores: np.ndarray                              # [N] logits
    chosen: np.ndarray                              # [Q] token of each query
    boxes: np.ndarray                               # [Q, 4] its proposal, centre and size in 0..1


@dataclass(frozen=True)
class ByLayer:
    """Numbers that a part shared by all layers said of each query, one array [layers, Q, ...] a name.

    `scale`: by what the content multiplies the position's code, channel by channel, from the second layer on (Conditional
    DETR, section 3.3); `modulation`: the width and height that the content asks for over the anchor's, the larger the
    narrower attention is (DAB-DETR, section 4.4); `sides`: how far left, up, right and down of its point a query's box
    reaches, in pictures (SAP-DETR, section 3.1).
    """

    numbers: Mapping[str, np.ndarray]


View = TokenMap | SampledPoints | QueryMap | RowColumn | TokenMask | Proposed | ByLayer
