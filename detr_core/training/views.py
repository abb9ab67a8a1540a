"""Pictures on their way into batches: live ones, transformed at every visit, and cached features of frozen backbones."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..structures import Batch, Targets
from .order import Key, mixed_seed

Transform = Callable[[Any, Targets], tuple[Tensor, Targets]]


class Live(Dataset):
    """A data set seen through a transform. What the transform draws depends on the seed, the epoch and the index alone.

    `data[i]` gives (picture, Targets); `transform` makes them (Tensor [3, h, w], Targets). It must take its random
    numbers from torch's global generator.
    """

    def __init__(self, data: Any, transform: Transform, seed: int = 0):
        self.data, self.transform, self.seed = data, transform, seed

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Key) -> tuple[Tensor, Targets]:
        epoch, index = key
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mixed_seed(self.seed, epoch, index))
            return self.transform(*self.data[index])


def collate(multiple: int) -> Callable[[Sequence[tuple[Tensor, Targets]]], Batch]:
    """(Tensor [3, h, w], Targets) pairs -> a Batch padded to a multiple of so many pixels."""
    return _Padded(multiple)


class _Padded:
    """A class, because worker processes need to pickle it."""

    def __init__(self, multiple: int):
        self.multiple = multiple

    def __call__(self, items: Sequence[tuple[Tensor, Targets]]) -> Batch:
        images, targets = zip(*items)
        return Batch.of(images, targets, self.multiple)
