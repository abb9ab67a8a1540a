"""The models that somebody trained here, beside those that come with the project."""
from __future__ import annotations

from typing import Any

from .engine import Engine


def with_own(engine: Engine, owner: str, variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The catalogue with the owner's jobs that have weights: "job:<id>" among `weights`, and what the owner calls it in `own`."""
    if engine.workshop is None:
        return variants
    own: dict[str, dict[str, str]] = {}
    for job in engine.workshop().list(owner):
        if job.weights:
            own.setdefault(job.run.variant, {})[job.weights] = job.name
    return [{**each, "weights": [*each["weights"], *own.get(each["id"], ())], "own": own.get(each["id"], {})} for each in variants]
