"""One picture through one detector, kept: what every query said at every layer and where it looked.

Nothing here needs torch, so that a stored run opens before any library of size is imported.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

# By a view's kind: which axis of its arrays counts queries, and the arrays of runs that were stored without their names.
QUERY_AXIS = {"map": 1, "factors": 1, "between": 1, "points": 0}
FIRST_KEYS = {"map": ("weights", "scale"), "between": ("weights", "scale"), "points": ("locations", "weights")}


class AtlasError(Exception):
    """Something a user can understand and act upon; the message is shown as it is."""


@dataclass(frozen=True)
class Run:
    """`facts` is JSON: picture, variant, weights, names, layers, queries, input, levels, views, card, timing.

    Arrays: boxes [L, Q, 4] f32; scores [L, Q, classes] f16; found.boxes [n, 4] in pixels, found.labels, found.scores,
    found.queries [n] as the detector's own post-processing gives them, best first; where the detector has them anchors [L, Q, 4]
    f32 (NaN sizes where it looked from a point), proposals.boxes [Q, 4], proposals.scores [Q], proposals.chosen [Q] tokens,
    proposals.map [N] u8, tokens.scores [N] and tokens.kept [N] of an encoder that chooses, tokens.received [N] the attention
    that every token got, numbers.* [layers, Q, ...]; and for every path in facts["views"] the arrays it names in `keys`.
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
        light = {name: self.arrays[name] for name in self.arrays if name.startswith(("boxes", "anchors", "proposals.", "tokens."))}
        best = {"labels": scores.argmax(-1).astype("<u2"), "scores": scores.max(-1).astype("<f4")}
        return {"run": self.id, **self.facts}, {**best, **light}

    def query(self, query: int) -> tuple[dict[str, Any], Arrays]:
        """Everything about one query: class scores per layer, its slice of every view, and as `heard` [Q] how much the others
        listened to it, the mean of the heads. Raises AtlasError."""
        if not 0 <= query < self.facts["queries"]:
            raise AtlasError(f"This run has queries 0 to {self.facts['queries'] - 1}, not {query}: choose one of them.")
        found = {"scores": self.arrays["scores"][:, query].astype("<f4")}
        for path, view in self.facts["views"].items():
            for key in view.get("keys") or FIRST_KEYS[view["kind"]]:
                found[f"{path}.{key}"] = self.arrays[f"{path}.{key}"].take(query, QUERY_AXIS[view["kind"]])
            if view["kind"] == "between":
                weights, scale = self.arrays[f"{path}.weights"][..., query], self.arrays[f"{path}.scale"]
                found[f"{path}.heard"] = (weights.astype("<f4") * (scale / 255)).mean(0)
        found |= {name: values.take(query, 1) for name, values in self.arrays.items() if name.startswith("numbers.")}
        return {"run": self.id, "query": query}, found

    def objects(self, queries: Sequence[int]) -> list[dict[str, Any]]:
        """What these queries found at the last layer: label, box [cx, cy, w, h] in 0..1. Raises AtlasError for unknown ones."""
        if not queries or any(not 0 <= query < self.facts["queries"] for query in queries):
            raise AtlasError(f"Choose queries of this run, 0 to {self.facts['queries'] - 1}, and at least one.")
        scores, boxes = self.arrays["scores"][-1], self.arrays["boxes"][-1]
        return [{"label": int(scores[query].argmax()), "box": [float(v) for v in boxes[query]]} for query in queries]

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
