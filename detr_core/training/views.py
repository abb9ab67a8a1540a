"""Pictures on their way into batches, transformed anew at every visit and yet always the same ones."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..structures import Targets
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
