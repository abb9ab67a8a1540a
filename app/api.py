"""The named endpoints: what a program asks of a running Atlas with `gradio_client`."""
from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from .engine import Engine
from .job_api import job_endpoints
from .own import with_own
from .people import asked_by, asking
from .pictures import LARGEST_FILE
from .runs import AtlasError, Run

log = logging.getLogger(__name__)
PATIENCE = 600                                      # seconds a caller waits in the line


def endpoints(engine: Engine) -> None:
    """Registers /variants, /detect, /inspect and those of jobs on the Blocks being built."""
    def variants(http: gr.Request = None) -> list:
        """Every detector: id, idea, parent, paper (title, authors, venue, year, arxiv, code), its bundled weights and your own."""
        return with_own(engine, asking(), engine.catalogue().result(PATIENCE))

    def detect(picture: gr.FileData, variant: str, weights: str = "scenes", threshold: float = 0.5, http: gr.Request = None) -> dict:
        """Objects in a picture file, best first: `detections` is a list of {"name", "label", "score", "box", "query"}.

        `box` is [x0, y0, x1, y1] in pixels of the upright picture as `width` and `height` tell it (a larger one is brought down to
        4096 pixels a side); `score` and `threshold` are in 0..1.
        """
        lowest = _number("threshold", threshold, 0, 1)
        run = _run(engine, picture, variant, weights)
        return _head(run) | {"detections": run.detections(lowest)}

    def inspect(picture: gr.FileData, variant: str, weights: str = "scenes", query: int = -1, threshold: float = 0.5,
                http: gr.Request = None) -> dict:
        """What `detect` returns and, for one query (-1: the best), what it said at every layer and where it looked.

        `layers[i]`: `box` [cx, cy, w, h] and `reference` in 0..1 of the picture, `scores` by class. `attention[module]`: its
        `kind`, and nested lists: `map` weights [heads, tokens] of the levels in `shapes`, and the same of each of its `parts` alone;
        `factors` row [heads, columns] and column [heads, rows]; `points` locations [heads, levels, points, 2] in 0..1 of the picture
        and weights [heads, levels, points]; `between` weights [heads, queries].
        """
        lowest, asked = _number("threshold", threshold, 0, 1), int(_number("query", query, -1, 10**6))
        run = _run(engine, picture, variant, weights)
        chosen = int(run.arrays["scores"][-1].max(-1).argmax()) if asked < 0 else asked
        return _head(run) | {"detections": run.detections(lowest)} | _inside(run, chosen)

    for function in (variants, detect, inspect):
        gr.api(_spoken(function), api_name=function.__name__, concurrency_limit=8, concurrency_id="detector")
    job_endpoints(engine, _spoken)


def _spoken(function: Callable) -> Callable:
    """Errors that a user can act upon reach the caller as their sentence, others as a plain one: paths stay in the log.

    A parameter `http: gr.Request` says who asks, here and in the engine.
    """
    @wraps(function)
    def call(*values: Any) -> Any:
        try:
            with asked_by(next((value for value in values if isinstance(value, gr.Request)), None)):
                return function(*values)
        except AtlasError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:
            log.exception("/%s failed", function.__name__)
            raise gr.Error("Something failed on the server; its log says what.", print_exception=False) from error
    return call


def _number(name: str, value: Any, least: float, most: float) -> float:
    """Gradio passes on whatever a program sent."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise AtlasError(f"{name} must be a number from {least} to {most}.")
    return value


def _run(engine: Engine, picture: dict[str, Any], variant: str, weights: str) -> Run:
    path = Path(str((picture or {}).get("path", ""))).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise AtlasError("Send the picture as a file: gradio_client.handle_file(path or address).")
    if (size := path.stat().st_size) > LARGEST_FILE:            # before it is read: archives may be far larger
        raise AtlasError(f"The file has {size >> 20} MB, more than the {LARGEST_FILE >> 20} MB taken here: send a smaller copy.")
    added = engine.add(path.read_bytes(), path.name).result(PATIENCE)
    return engine.run(added.key, variant, weights).result(PATIENCE)


def _head(run: Run) -> dict[str, Any]:
    picture = {key: run.facts["picture"][key] for key in ("name", "width", "height")}
    return {"picture": picture} | {key: run.facts[key] for key in ("variant", "weights", "timing", "device", "input")}


def _inside(run: Run, query: int) -> dict[str, Any]:
    _, found = run.query(query)
    boxes, anchors = run.arrays["boxes"][:, query], run.arrays.get("anchors")
    layers = [{"box": boxes[i].tolist(), "reference": None if anchors is None else [v for v in anchors[i, query].tolist() if v == v],
               "scores": dict(zip(run.facts["names"], found["scores"][i].round(5).tolist()))} for i in range(len(boxes))]
    attention = {}
    for path, view in run.facts["views"].items():
        known = (key for key in ("locations", "centre", "deviation") if f"{path}.{key}" in found)
        attention[path] = {**view} | {key: found[f"{path}.{key}"].tolist() for key in known}
        for part in ("", "row.", "column.", *(f"{name}." for name in view.get("parts", ()))):
            if (weights := found.get(f"{path}.{part}weights")) is not None:
                scale = found.get(f"{path}.{part}scale")
                values = weights if scale is None else weights.astype("f4") / 255 * scale[..., None]
                attention[path][part.rstrip(".") or "weights"] = values.tolist()
    return {"query": query, "layers": layers, "attention": attention}
