"""Attention followed through the decoder: which tokens a query heard of by way of the other queries too."""
from __future__ import annotations

import numpy as np

from .runs import AtlasError, Run


def rollout(run: Run, query: int) -> np.ndarray:
    """[layers, N] what one query's content holds of every token after each layer, by attention rollout; rows sum to at most 1.

    Abnar & Zuidema (2020, section 3) carried over to a decoder: each block adds its input to what attention gives, so half
    of each is taken, the mean of the heads; self-attention mixes what the queries hold, cross-attention adds tokens. What the
    encoder mixed before is not undone. Raises AtlasError where attention is not a dense map or the query is not there.
    """
    run.query(query)
    held, found = None, []
    for layer in range(run.facts["layers"]):
        own, cross = (_mean(run, f"decoder.layers.{layer}.{role}") for role in ("self_attention", "cross_attention"))
        held = np.zeros_like(cross) if held is None else held
        held = (held + own @ held) / 2
        held = (held + cross) / 2
        found.append(held[query])
    return np.stack(found).astype("<f4")


def _mean(run: Run, path: str) -> np.ndarray:
    """[Q, N] the mean of the heads of one view."""
    view = run.facts["views"].get(path, {})
    if view.get("kind") == "map" or view.get("kind") == "between":
        return _opened(run, path).mean(0)
    if view.get("kind") == "factors":
        return _product(view["shapes"], _opened(run, f"{path}.row"), _opened(run, f"{path}.column")).mean(0)
    raise AtlasError("Rollout needs attention over all tokens: choose the mean or the largest head instead.")


def _opened(run: Run, path: str) -> np.ndarray:
    return run.arrays[f"{path}.weights"].astype("f4") * (run.arrays[f"{path}.scale"][..., None] / 255)


def _product(shapes: list[list[int]], row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """[M, Q, L * w] and [M, Q, L * h] -> [M, Q, N]."""
    x, y, found = 0, 0, []
    for h, w in shapes:
        found.append((column[..., y:y + h, None] * row[..., None, x:x + w]).reshape(*row.shape[:2], h * w))
        x, y = x + w, y + h
    return np.concatenate(found, -1) / len(shapes)
