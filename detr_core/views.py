"""What a running tape kept, told as a few kinds of picture.

Every module notes some of a few keys; which keys stand together decides the kind of view, never the variant. A new kind
of attention adds a row to `KINDS` and a frozen dataclass to `view_types`.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from .sampling import spread
from .structures import Features
from .view_types import ByLayer, Gaussians, Proposed, QueryMap, RowColumn, SampledPoints, TokenMap, TokenMask, View

Values = Mapping[str, list[np.ndarray]]             # what a module noted, call after call, of the one picture


def _reach(memory: Features) -> np.ndarray:
    return 1 / memory.valid[0].float().cpu().numpy()


def _dense(path: str, values: Values, memory: Features) -> View:
    """Queries look at each other in self-attention and at tokens elsewhere; sizes cannot tell, as Q may equal N."""
    weights = values["weights"][-1]
    if path.endswith("self_attention"):
        return QueryMap(weights)
    hidden, normaliser = memory.padding[0].cpu().numpy(), values.get("normaliser", [None])[-1]
    scores = {key.removesuffix("_scores"): np.where(hidden, -np.inf, value[-1]) for key, value in values.items() if key.endswith("_scores")}
    gaussians = None
    if {"centre", "scale"} <= values.keys():
        centre, scale = (values[key][-1].swapaxes(0, 1) * _reach(memory)[0] for key in ("centre", "scale"))
        gaussians = Gaussians(centre, scale)
    return TokenMap(weights, memory.shapes, _reach(memory), normaliser, scores, gaussians)


def _sampled(path: str, values: Values, memory: Features) -> View:
    return SampledPoints(values["locations"][-1] * _reach(memory)[:, None], values["weights"][-1])


def _factors(path: str, values: Values, memory: Features) -> View:
    return RowColumn(values["row"][-1], values["column"][-1], memory.shapes, _reach(memory))


def _mask(path: str, values: Values, memory: Features) -> View:
    hidden = memory.padding[0].cpu().numpy()
    return TokenMask(np.where(hidden, -np.inf, values["scores"][-1]), values["kept"][-1].astype(bool), memory.shapes, _reach(memory))


def _proposed(path: str, values: Values, memory: Features) -> View:
    chosen = values["chosen"][-1].astype(int)
    return Proposed(values["scores"][-1], chosen, values["proposals"][-1][chosen])


def _by_layer(path: str, values: Values, memory: Features) -> View:
    return ByLayer({key: np.stack(values[key]) for key in ("scale", "modulation", "sides") if key in values})


# The first row whose keys a module noted says what its view is; further keys are the module's own matter.
KINDS: tuple[tuple[frozenset[str], Callable[[str, Values, Features], View]], ...] = (
    (frozenset({"locations", "weights"}), _sampled),
    (frozenset({"row", "column"}), _factors),
    (frozenset({"weights"}), _dense),
    (frozenset({"scores", "kept"}), _mask),
    (frozenset({"scores", "chosen", "proposals"}), _proposed),
    *((frozenset({key}), _by_layer) for key in ("modulation", "sides", "scale")),
)


def views(entries: Mapping[str, list[Tensor]], memory: Features) -> dict[str, View]:
    """`tape.entries` of one forward pass of one picture -> module path -> its view.

    Modules whose keys make no known kind (a decoder's `anchor`, say) are left out. Raises ValueError where the pass
    held several pictures: their padding would mix.
    """
    modules: dict[str, dict[str, list[Tensor]]] = {}
    for path, values in entries.items():
        module, key = path.rsplit(".", 1)
        modules.setdefault(module, {})[key] = values
    found = {}
    for path, noted in modules.items():
        if (read := next((read for keys, read in KINDS if keys <= noted.keys()), None)) is None:
            continue
        for key, values in noted.items():
            if len(values[-1]) != 1:
                raise ValueError(f"Views describe one picture, '{path}.{key}' holds {len(values[-1])}: run the pictures one by one.")
        found[path] = read(path, {key: [v[0].float().cpu().numpy() for v in values] for key, values in noted.items()}, memory)
    return found


def received(found: Mapping[str, View], memory: Features) -> np.ndarray | None:
    """[N] how much attention the decoder's queries paid every token, over all layers and heads.

    What falls outside the map or on its padding is lost. None where no layer left attention that tokens can be told from.
    """
    total = None
    for path, view in found.items():
        if (place := layer_of(path)) is None or place[0] != "decoder" or place[2] != "cross_attention":
            continue
        view = view.dense() if isinstance(view, RowColumn) else view
        if isinstance(view, SampledPoints):
            places, weights = torch.from_numpy(view.locations / _reach(memory)[:, None])[None], torch.from_numpy(view.weights)[None]
            paid = spread(places, weights, memory.shapes)[0].numpy()
        else:
            paid = view.weights.sum((0, 1))
        total = paid if total is None else total + paid
    return total


def layer_of(path: str) -> tuple[str, int, str] | None:
    """`decoder.layers.2.cross_attention` -> ("decoder", 2, "cross_attention"); None for other modules."""
    found = re.fullmatch(r"(\w+)\.layers\.(\d+)\.(\w+)", path)
    return (found[1], int(found[2]), found[3]) if found else None
