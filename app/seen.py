"""Views of a forward pass as the facts and arrays of a run. Knows kinds of view, never variants."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from detr_core.view_types import ByLayer, Proposed, QueryMap, RowColumn, SampledPoints, TokenMap, TokenMask, View
from detr_core.views import layer_of

from .runs import Arrays, shares

Seen = tuple[dict[str, Any], Arrays]


def seen(found: Mapping[str, View], received: np.ndarray | None = None) -> Seen:
    """What the page must know of each view of a layer, by path, and the arrays of all: `path.key` for those, else the view's own."""
    facts, arrays = {}, {}
    for path, view in found.items():
        if (place := layer_of(path)) is not None:
            described, kept = _layer(view)
            facts[path] = {"layer": place[1], "role": place[2], "keys": sorted(kept)} | described
            arrays |= {f"{path}.{key}": value for key, value in kept.items()}
        else:
            arrays |= _whole(view)
    if received is not None:
        arrays["tokens.received"] = received.astype("<f4")
    return facts, arrays


def _layer(view: View) -> Seen:
    match view:
        case TokenMap():
            return _map(view)
        case RowColumn():
            parts = {f"{name}.{key}": value for name in ("row", "column") for key, value in shares(getattr(view, name)).items()}
            facts = {"kind": "factors", "factors": True, "heads": view.row.shape[0], "shapes": _shapes(view), "reach": view.reach.tolist()}
            return facts, parts
        case SampledPoints():
            sizes = dict(zip(("heads", "levels", "points"), view.weights.shape[1:]))
            return {"kind": "points", **sizes}, {"locations": view.locations.astype("<f4"), "weights": view.weights.astype("<f4")}
        case QueryMap():
            return {"kind": "between", "heads": view.weights.shape[0]}, shares(np.nan_to_num(view.weights))
    raise TypeError(f"A layer's view cannot be a {type(view).__name__}: say in app/seen.py how the page gets it.")


def _map(view: TokenMap) -> Seen:
    """Attention, each summand of its scores alone, Gaussians, and the scores at the place that was read most."""
    facts = {"kind": "map", "heads": view.weights.shape[0], "shapes": _shapes(view), "reach": view.reach.tolist()}
    facts["parts"] = list(view.scores)
    arrays = shares(np.nan_to_num(view.weights))
    for part in view.scores:
        arrays |= {f"{part}.{key}": value for key, value in shares(view.alone(part)).items()}
    if view.gaussians is not None:
        arrays |= {"centre": view.gaussians.centre.astype("<f4"), "deviation": view.gaussians.deviation.astype("<f4")}
    if view.normaliser is not None:
        top = view.weights.argmax(-1)
        score = np.log(np.take_along_axis(view.weights, top[..., None], -1)[..., 0]) + view.normaliser
        parts = [np.take_along_axis(scores, top[..., None], -1)[..., 0] for scores in view.scores.values()]
        arrays |= {"peak.token": top.astype("<i4"), "peak.scores": np.nan_to_num(np.stack([score, *parts], -1)).astype("<f4"),
                   "peak.normaliser": view.normaliser.astype("<f4")}
    return facts, arrays


def _whole(view: View) -> Arrays:
    match view:
        case TokenMask():
            scores = np.where(np.isfinite(view.scores), view.scores, np.nan)
            return {"tokens.scores": scores.astype("<f4"), "tokens.kept": view.kept.astype("u1")}
        case Proposed():
            scores = 1 / (1 + np.exp(-view.scores.astype(np.float64)))
            return {"proposals.map": np.rint(scores * 255).astype("u1"), "proposals.scores": scores[view.chosen].astype("<f4"),
                    "proposals.boxes": view.boxes.astype("<f4"), "proposals.chosen": view.chosen.astype("<i4")}
        case ByLayer():
            return {f"numbers.{name}": values.astype("<f4") for name, values in view.numbers.items()}
    return {}


def _shapes(view: TokenMap | RowColumn) -> list[list[int]]:
    return [list(shape) for shape in view.shapes]
