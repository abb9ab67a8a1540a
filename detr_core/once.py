"""A property that is worked out once."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class once:
    """`functools.cached_property` for what `torch.compile` traces, which knows no lock (Python 3.11 has one) and keeps what it needs."""

    def __init__(self, make: Callable[[Any], Any]):
        self.make, self.__doc__ = make, make.__doc__

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        value = self.make(owner)
        if not torch.compiler.is_compiling():
            owner.__dict__[self.make.__name__] = value          # found first from now on
        return value
