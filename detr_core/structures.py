"""What flows between the parts of a detector. Everything here is frozen: a part returns a changed copy.

Shape legend, used in every docstring of the package:
B pictures in a batch, H x W pixels, N tokens of all levels one after another, L levels, C width, Q queries,
K class outputs, D numbers of an anchor, T objects of one picture, M attention heads, P sampled points.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .groups import Group, hidden
from .once import once

Shapes = tuple[tuple[int, int], ...]


class Bundle:
    """Frozen data that travels together; `but` returns a copy with some fields changed."""

    def but(self, **changes: Any):
        return replace(self, **changes)


@dataclass(frozen=True)
class Targets(Bundle):
    """The labelled objects of one picture."""

    labels: Tensor                                  # [T] int64, contiguous class indices
    boxes: Tensor                                   # [T, 4] centre x, centre y, width, height in 0..1 of the picture
    image_id: int = 0
    size: tuple[int, int] = (0, 0)                  # (height, width) in pixels of the original picture

    def to(self, device: torch.device | str) -> Targets:
        return self.but(labels=self.labels.to(device), boxes=self.boxes.to(device))

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Batch(Bundle):
    """Pictures of different sizes, padded on the right and at the bottom to one size."""

    images: Tensor | None                           # [B, 3, H, W] normalised; None when `maps` carries backbone features
    padding: Tensor                                 # [B, H, W] True where there is no picture
    targets: tuple[Targets, ...] | None = None
    padded: bool = True                             # False promises that nothing is padded, so that masks can be skipped
    maps: tuple[Tensor, ...] | None = None          # backbone maps [B, channels, h, w] computed earlier (frozen backbones)
    hints: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, images: Sequence[Tensor], targets: Sequence[Targets] | None = None, multiple: int = 1) -> Batch:
        """Pad pictures [3, h, w] with zeros to the largest height and width, rounded up to `multiple`."""
        if not images:
            raise ValueError("A batch needs at least one picture: pass a list of tensors [3, height, width].")
        if any(image.ndim != 3 or image.shape[0] != 3 for image in images):
            raise ValueError(f"Pictures must be [3, height, width], got {[tuple(i.shape) for i in images]}: convert them to RGB first.")
        if targets is not None and len(targets) != len(images):
            raise ValueError(f"{len(images)} pictures came with {len(targets)} targets: pass one Targets a picture.")
        height, width = (-(-max(i.shape[d] for i in images) // multiple) * multiple for d in (1, 2))
        padded = any(i.shape[1:] != (height, width) for i in images)
        padding = torch.ones(len(images), height, width, dtype=torch.bool, device=images[0].device)
        for mask, image in zip(padding, images):
            mask[: image.shape[1], : image.shape[2]] = False
        if padded:
            images = [F.pad(i, (0, width - i.shape[2], 0, height - i.shape[1])) for i in images]
        stacked = torch.stack(tuple(images)) if len(images) > 1 else images[0].contiguous().unsqueeze(0)    # one that fits is not copied
        return cls(stacked, padding, None if targets is None else tuple(targets), padded)

    def to(self, device: torch.device | str) -> Batch:
        return self.but(
            images=None if self.images is None else self.images.to(device),
            padding=self.padding.to(device),
            targets=None if self.targets is None else tuple(t.to(device) for t in self.targets),
            maps=None if self.maps is None else tuple(m.to(device) for m in self.maps))

    @property
    def extent(self) -> Tensor:
        """[B, 2] (width, height) in pixels of each picture, without padding."""
        inside = ~self.padding
        return torch.stack([inside[:, 0].sum(1), inside[:, :, 0].sum(1)], -1)

    def __len__(self) -> int:
        return len(self.padding)


@dataclass(frozen=True)
class Features(Bundle):
    """Tokens of one or several feature levels; the encoder returns the same bundle and calls it memory."""

    tokens: Tensor                                  # [B, N, C]
    padding: Tensor                                 # [B, N] True where the picture does not reach
    shapes: Shapes                                  # (height, width) of each level
    padded: bool = True                             # False promises that `padding` is all False
    position: Tensor | None = None                  # [B or 1, N, C] code of each token's place
    maps: tuple[Tensor, ...] = ()                   # levels as maps [B, C, h, w] where a part needs them
    extent: Tensor | None = None                    # [B, 2] (width, height) in pixels of each picture, without padding
    predictions: tuple[Prediction, ...] = ()        # of the encoder layers that have heads of their own

    @property
    def key_padding(self) -> Tensor | None:
        """[B, 1, 1, N] for attention, or None when there is nothing to hide."""
        return self.padding[:, None, None] if self.padded else None

    @once
    def masks(self) -> tuple[Tensor, ...]:
        """[B, h, w] per level, True where the picture is."""
        sizes = [h * w for h, w in self.shapes]
        return tuple(~p.view(-1, h, w) for p, (h, w) in zip(self.padding.split(sizes, 1), self.shapes))

    @once
    def valid(self) -> Tensor:
        """[B, L, 2] share (width, height) of each level that is picture."""
        if not self.padded:
            return self.tokens.new_ones(len(self.padding), len(self.shapes), 2)
        shares = [torch.stack([m[:, 0].sum(1) / m.shape[2], m[:, :, 0].sum(1) / m.shape[1]], -1) for m in self.masks]
        return torch.stack(shares, 1).to(self.tokens.dtype)

    @once
    def centres(self) -> Tensor:
        """[B, N, 2] (x, y) of each token; 1 is the picture's own far edge."""
        grid = (token_centres.__wrapped__ if torch.compiler.is_compiling() else token_centres)(self.shapes, self.tokens.device)
        if not self.padded:
            return grid.to(self.tokens.dtype).expand(len(self.padding), -1, -1)
        sizes = torch.tensor([h * w for h, w in self.shapes], device=grid.device)
        return grid.to(self.tokens.dtype) / self.valid.repeat_interleave(sizes, 1, output_size=grid.shape[1])


@lru_cache(maxsize=16)
def token_centres(shapes: Shapes, device: torch.device) -> Tensor:
    """[1, N, 2] (x, y) of the tokens of all levels, 1 is the far edge of each; kept between calls of one size."""
    with torch.inference_mode(False):                   # what predict() made may be needed by training
        sides = [[(torch.arange(n, device=device) + 0.5) / n for n in shape] for shape in shapes]
        return torch.cat([torch.stack(torch.meshgrid(*pair, indexing="ij")[::-1], -1).flatten(0, 1) for pair in sides])[None]


@dataclass(frozen=True)
class Prediction(Bundle):
    """What one decoder layer says of every query."""

    logits: Tensor                                  # [B, Q, K]
    boxes: Tensor                                   # [B, Q, 4] centre x, centre y, width, height in 0..1
    extra: dict[str, Tensor] = field(default_factory=dict)      # what else a paper's layers say, [B, Q, ...]

    def each(self, cut: Callable[[Tensor], Tensor]) -> Prediction:
        """The same cut of every tensor: one picture, some queries."""
        return Prediction(cut(self.logits), cut(self.boxes), {name: cut(value) for name, value in self.extra.items()})


@dataclass(frozen=True)
class Proposals(Prediction):
    """What the encoder's tokens propose, and which of them became queries."""

    chosen: Tensor | None = None                    # [B, Q] token indices, best first
    scores: Tensor | None = None                    # [B, N] the score they were chosen by
    class_agnostic: bool = True                     # its loss knows one class only: object


@dataclass(frozen=True)
class Queries(Bundle):
    """Object queries on their way through the decoder."""

    content: Tensor                                 # [B, Q, C] what has been found so far
    position: Tensor | None = None                  # [B, Q, *] added to content in attention
    spatial: Tensor | None = None                   # [B, Q, *] set beside content in conditional cross-attention
    unsized: Tensor | None = None                   # [B, Q, *] `spatial` before a size modulated it; only a tape asks
    anchor: Tensor | None = None                    # [B, Q, D] where it looks, in its geometry's own numbers
    groups: tuple[Group, ...] = ()                  # who sees whom; empty: everybody sees everybody
    proposals: Proposals | None = None

    @once
    def hidden(self) -> Tensor | None:
        """[Q, Q] True where a row may not see a column, or None."""
        return hidden(self.groups, self.content.device) if len(self.groups) > 1 else None


@dataclass(frozen=True)
class Output(Bundle):
    """Everything a forward pass returns."""

    layers: tuple[Prediction, ...]                  # one a decoder layer, last layer last
    memory: Features
    proposals: Proposals | None = None
    groups: tuple[Group, ...] = ()

    @property
    def logits(self) -> Tensor:
        return self.layers[-1].logits

    @property
    def boxes(self) -> Tensor:
        return self.layers[-1].boxes
