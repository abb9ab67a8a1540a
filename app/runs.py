"""One picture through one detector, kept: what every query said at every layer and where it looked.

Nothing here needs torch, so that a stored run opens before any library of size is imported.
"""
from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

# Which axis of a view's array counts queries, by the view's kind.
QUERY_AXIS = {
    "map": {"weights": 1, "scale": 1},
    "points": {"locations": 0, "weights": 0},
    "between": {"weights": 1, "scale": 1},
}


class AtlasError(Exception):
    """Something a user can understand and act upon; the message is shown as it is."""


@dataclass(frozen=True)
class Run:
    """`facts` is JSON: picture, variant, weights, names, layers, queries, input, levels, views, card, timing.

    Arrays: boxes [L, Q, 4] f32; scores [L, Q, classes] f16; found.boxes [n, 4] in pixels, found.labels, found.scores,
    found.queries [n] as the detector's own post-processing gives them, best first; where the detector has them anchors [L, Q, 4]
    f32 (NaN sizes where it looked from a point), proposals.boxes [Q, 4], proposals.scores [Q], proposals.map [N] u8; and
    for every path in facts["views"] the arrays of its kind.
    """

    id: str
    facts: dict[str, Any]
    arrays: Arrays

    @cached_property
    def size(self) -> int:
        """Bytes, for the store's budget."""
        return sum(array.nbytes for array in self.arrays.values())

    def named(self, run: str) -> Run:
        return replace(self, id=run)

    def summary(self) -> tuple[dict[str, Any], Arrays]:
        """What the page needs at once: best class and score of every query at every layer, boxes, anchors, proposals."""
        scores = self.arrays["scores"]
        light = {name: self.arrays[name] for name in self.arrays if name in ("boxes", "anchors") or name.startswith("proposals.")}
        best = {"labels": scores.argmax(-1).astype("<u2"), "scores": scores.max(-1).astype("<f4")}
        return {"run": self.id, **self.facts}, {**best, **light}

    def query(self, query: int) -> tuple[dict[str, Any], Arrays]:
        """Everything about one query: class scores per layer and its slice of every view. Raises AtlasError."""
        if not 0 <= query < self.facts["queries"]:
            raise AtlasError(f"This run has queries 0 to {self.facts['queries'] - 1}, not {query}: choose one of them.")
        found = {"scores": self.arrays["scores"][:, query].astype("<f4")}
        for path, view in self.facts["views"].items():
            for key, axis in QUERY_AXIS[view["kind"]].items():
                found[f"{path}.{key}"] = self.arrays[f"{path}.{key}"].take(query, axis)
        return {"run": self.id, "query": query}, found

    def detections(self, threshold: float, top: int = 100) -> list[dict[str, Any]]:
        """Objects at or above `threshold`, best first: name, score, box [x0, y0, x1, y1] in pixels, query."""
        boxes, labels, scores, queries = (self.arrays[f"found.{name}"] for name in ("boxes", "labels", "scores", "queries"))
        keep = np.flatnonzero(scores >= threshold)[:top]
        return [{"name": self.facts["names"][int(labels[i])], "label": int(labels[i]), "score": round(float(scores[i]), 4),
                 "box": [round(float(v), 2) for v in boxes[i]], "query": int(queries[i])} for i in keep]

    def save(self, path: Path) -> None:
        """One compressed file without pickles."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(file, facts=np.frombuffer(json.dumps(self.facts).encode(), np.uint8), **self.arrays)

    @classmethod
    def load(cls, path: Path, run: str) -> Run:
        """The way back. Raises AtlasError where the file is not a run."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            return cls(run, json.loads(arrays.pop("facts").tobytes()), arrays)
        except (OSError, ValueError, KeyError) as error:
            raise AtlasError(f"The stored run {path.name} cannot be read: make it again with `python -m app.make_runs`.") from error


def shares(weights: np.ndarray) -> Arrays:
    """[M, Q, N] attention -> 8 bits with one scale [M, Q] a row: value = weights / 255 * scale."""
    scale = weights.max(-1).astype("<f4")
    return {"weights": np.rint(weights / np.maximum(scale, 1e-12)[..., None] * 255).astype("u1"), "scale": scale}
