"""What a visitor is looking at, as plain data: it travels in the address bar, in requests and in links."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlencode

_NAME = re.compile(r"[\w.:/-]{1,120}")


@dataclass(frozen=True)
class Selection:
    """Picture, detector, weights and the place inside the run. Layers and heads count from 1; 0 is the last layer, the mean head."""

    picture: str = ""
    model: str = ""
    weights: str = ""
    query: int | None = None
    layer: int = 0
    head: int = 0
    threshold: float = 0.5
    top: int = 20

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Selection:
        """From anybody's words; a value that makes no sense counts as absent, because links outlive models."""
        read = {"picture": _name, "model": _name, "weights": _name, "query": _count, "layer": _count, "head": _count,
                "threshold": _share, "top": _count}
        found = {name: parse(values[name]) for name, parse in read.items() if values.get(name) not in (None, "")}
        return cls(**{name: value for name, value in found.items() if value is not None})

    def parameters(self) -> str:
        """The address's query part; what stands at its default is left out."""
        default = {field.name: field.default for field in fields(self)}
        return urlencode({name: value for name, value in asdict(self).items() if value != default[name]}, safe=":/")


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _count(value: Any) -> int | None:
    text = str(value)
    return int(text) if re.fullmatch(r"\d{1,6}", text, re.ASCII) else None


def _share(value: Any) -> float | None:
    try:
        share = float(value)
    except (TypeError, ValueError):
        return None
    return share if 0 <= share <= 1 else None
