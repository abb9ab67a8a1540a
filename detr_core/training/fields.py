"""The fields of a run that a form may offer: what kind of value each takes and within which bounds."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .optimise import SCHEDULES


@dataclass(frozen=True)
class Field:
    """One field of `Run` (or, with group "detector", of its recipe)."""

    name: str
    kind: str                                       # "whole", "number", "choice" or "switch"
    group: str                                      # "length", "learning", "memory", "record" or "detector"
    least: float = 0
    most: float = 0
    choices: tuple[str, ...] = ()

    def check(self, value: Any) -> Any:
        """The value in its kind. Raises ValueError with one sentence."""
        if self.kind == "switch":
            if isinstance(value, bool):
                return value
            raise ValueError(f"{self.name} is either on or off.")
        if self.kind == "choice":
            if value in self.choices:
                return value
            raise ValueError(f"{self.name} must be one of {', '.join(self.choices)}.")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not self.least <= value <= self.most or (self.kind == "whole" and value != int(value)):
            what = "a whole number" if self.kind == "whole" else "a number"
            raise ValueError(f"{self.name} must be {what} from {self.least:g} to {self.most:g}.")
        return int(value) if self.kind == "whole" else float(value)


FIELDS = (
    Field("images", "whole", "length", 1, 20_000_000),
    Field("evaluations", "whole", "length", 1, 100),
    Field("patience", "whole", "length", 0, 100),
    Field("seed", "whole", "length", 0, 2**31 - 1),
    Field("batch", "whole", "learning", 1, 256),
    Field("rate", "number", "learning", 1e-7, 0.1),
    Field("slow_rate", "number", "learning", 0, 1),
    Field("schedule", "choice", "learning", choices=tuple(SCHEDULES)),
    Field("warmup", "whole", "learning", 0, 100_000),
    Field("weight_decay", "number", "learning", 0, 1),
    Field("clip", "number", "learning", 0, 1000),
    Field("ema", "number", "learning", 0, 0.99999),
    Field("accumulate", "whole", "memory", 1, 64),
    Field("precision", "choice", "memory", choices=("no", "bf16", "fp16")),
    Field("cache", "switch", "memory"),
    Field("views", "whole", "memory", 0, 1_000_000),
    Field("workers", "whole", "memory", 0, 16),
    Field("checkpoint_seconds", "number", "record", 10, 86_400),
    Field("queries", "whole", "detector", 1, 2000),
)
BY_NAME = {field.name: field for field in FIELDS}


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """Values by field name, each in its kind. Raises ValueError for what is unknown or out of bounds."""
    if unknown := sorted(set(values) - set(BY_NAME)):
        raise ValueError(f"A recipe has no field {str(unknown[0])[:40]!r}: choose from {', '.join(BY_NAME)}.")
    return {name: BY_NAME[name].check(value) for name, value in values.items()}


def told() -> list[dict[str, Any]]:
    """The table as JSON, for a page."""
    return [asdict(field) for field in FIELDS]
