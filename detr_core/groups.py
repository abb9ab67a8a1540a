"""Queries come in groups: who may see whom, and what each group is matched to.

Denoising (DN-DETR), hybrid matching (H-DETR), Group DETR, Team DETR and UP-DETR's patches differ in nothing else.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Group:
    """`size` neighbouring queries with one role.

    A group always sees itself; `sees` names other groups, or families of them by the part of their name before the
    dot (`group` stands for `group.0`, `group.1`, ...). `assign` says how its predictions meet the
    targets (None: the objective's own assignment); `weight` scales its losses. Groups without `keep` exist in training only.
    `parts` cuts the group into that many equal runs that cannot see each other (the repeats of denoising).
    """

    name: str
    size: int
    sees: tuple[str, ...] = ()
    assign: Any = None
    keep: bool = False
    weight: float = 1.0
    parts: int = 1

    @property
    def family(self) -> str:
        return self.name.split(".")[0]


def slices(groups: tuple[Group, ...]) -> dict[str, slice]:
    """Where each group's queries stand."""
    found, start = {}, 0
    for group in groups:
        found[group.name] = slice(start, start + group.size)
        start += group.size
    return found


@lru_cache(maxsize=32)
def _hidden(layout: tuple[tuple[str, str, int, tuple[str, ...], int], ...], device: torch.device) -> Tensor:
    owner = torch.cat([torch.full((size,), i) for i, (_, _, size, _, _) in enumerate(layout)])
    part = torch.cat([torch.arange(size) * parts // max(size, 1) for _, _, size, _, parts in layout])
    sees = torch.tensor([[a == b or layout[b][0] in layout[a][3] or layout[b][1] in layout[a][3] for b in range(len(layout))]
                         for a in range(len(layout))])
    apart = (owner[:, None] == owner) & (part[:, None] != part)
    return (~sees[owner][:, owner] | apart).to(device)


def hidden(groups: tuple[Group, ...], device: torch.device | str = "cpu") -> Tensor:
    """[Q, Q] True where a row may not see a column."""
    return _hidden(tuple((g.name, g.family, g.size, g.sees, g.parts) for g in groups), torch.device(device))
