"""Which picture comes when: a function of the seed and the position alone, so that a resumed run goes on where it was.

The pictures form one endless stream, a fresh permutation for every pass over the data set; step s sees pictures
s x batch to (s + 1) x batch of it. Processes and accumulated parts split a step's pictures between them and change
nothing else.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch.utils.data import Sampler

Key = tuple[int, int]                               # (epoch, index): augmentation depends on both


def mixed_seed(*numbers: int) -> int:
    """One 63-bit seed from several numbers, none of which shows through."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


@lru_cache(maxsize=2)
def _permutation(pictures: int, seed: int, epoch: int) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(mixed_seed(seed, epoch))
    return tuple(torch.randperm(pictures, generator=generator).tolist())


@dataclass(frozen=True)
class Order:
    """The stream of `pictures` indices in steps of `batch`, each cut into `parts` equal pieces."""

    pictures: int
    batch: int
    seed: int
    parts: int = 1

    def __post_init__(self) -> None:
        if self.pictures < 1:
            raise ValueError("The training set has no pictures.")
        if self.batch % self.parts:
            raise ValueError(f"A batch of {self.batch} cannot be cut into {self.parts} equal parts (processes x accumulation): "
                             f"choose a multiple of {self.parts}.")

    def step(self, step: int) -> list[list[Key]]:
        """The keys of every part of a step."""
        keys = []
        for position in range(step * self.batch, (step + 1) * self.batch):
            epoch, place = divmod(position, self.pictures)
            keys.append((epoch, _permutation(self.pictures, self.seed, epoch)[place]))
        size = self.batch // self.parts
        return [keys[start:start + size] for start in range(0, self.batch, size)]


class StepSampler(Sampler[list[Key]]):
    """For a DataLoader: the parts that belong to one process, step after step, from `start` to `stop`."""

    def __init__(self, order: Order, start: int, stop: int, process: int = 0, processes: int = 1):
        self.order, self.start, self.stop, self.process, self.processes = order, start, stop, process, processes

    def __iter__(self) -> Iterator[list[Key]]:
        for step in range(self.start, self.stop):
            yield from self.order.step(step)[self.process::self.processes]

    def __len__(self) -> int:
        return (self.stop - self.start) * self.order.parts // self.processes
