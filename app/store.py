"""Keeps the most recently used things within a budget."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Store(Generic[Kept]):
    """Least recently used goes first once the sizes pass `budget`; the newest always stays. Safe between threads."""

    def __init__(self, budget: float, size: Callable[[Kept], float] = lambda _: 1):
        self._budget, self._size = budget, size
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock, self._used = Lock(), 0.0

    def get(self, key: Hashable) -> Kept | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, value: Kept) -> Kept:
        with self._lock:
            if key in self._kept:
                self._used -= self._size(self._kept.pop(key))
            self._kept[key] = value
            self._used += self._size(value)
            while self._used > self._budget and len(self._kept) > 1:
                self._used -= self._size(self._kept.popitem(last=False)[1])
        return value

    def __len__(self) -> int:
        return len(self._kept)
