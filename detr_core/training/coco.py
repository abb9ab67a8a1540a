"""COCO's average precision by pycocotools, the reference, as plain numbers.

The twelve numbers are those of `COCOeval.summarize`. Overlaps from 0.1 on are evaluated in the same pass: detectors
that find objects long before they outline them (every young DETR) show it there.
"""
from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

LOOSE = (0.1, 0.2, 0.3, 0.4)
STRICT = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
NUMBERS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def _index(dataset: dict[str, Any]) -> COCO:
    coco = COCO()
    coco.dataset = dataset
    coco.createIndex()
    return coco


def _truth(annotations: dict[str, Any]) -> COCO:
    filled = [{"iscrowd": 0, "area": a["bbox"][2] * a["bbox"][3], **a, "id": i} for i, a in enumerate(annotations["annotations"], 1)]
    return _index({**annotations, "annotations": filled})


def _found(annotations: dict[str, Any], results: Sequence[dict[str, Any]]) -> COCO:
    filled = [{**r, "id": i, "iscrowd": 0, "area": r["bbox"][2] * r["bbox"][3]} for i, r in enumerate(results, 1)]
    return _index({"images": annotations["images"], "categories": annotations["categories"], "annotations": filled})


def _mean(values: np.ndarray) -> float | None:
    """COCO marks what has no ground truth with -1; no number at all is None."""
    values = values[values > -1]
    return float(values.mean()) if values.size else None


def average_precision(annotations: dict[str, Any], results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`annotations`: a COCO ground truth; `results`: [{image_id, category_id, bbox [x, y, w, h] in pixels, score}, ...].

    Returns the twelve COCO numbers in 0..1 under their usual names, `classes` {name: AP} and `loose` {"0.1": AP, ..., "0.5"}.
    A number without any ground truth behind it is None.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_truth(annotations), _found(annotations, results), "bbox")
        evaluation.params.iouThrs = np.array(LOOSE + STRICT)
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]                                # [IoU, recall, class, area, detections a picture]
    strict, recall = precision[len(LOOSE):], evaluation.eval["recall"][len(LOOSE):]
    values = [_mean(strict[..., 0, 2]), _mean(strict[0, ..., 0, 2]), _mean(strict[5, ..., 0, 2]),
              *(_mean(strict[..., a, 2]) for a in (1, 2, 3)),
              *(_mean(recall[..., 0, limit]) for limit in range(3)), *(_mean(recall[..., a, 2]) for a in (1, 2, 3))]
    names = {category["id"]: category["name"] for category in annotations["categories"]}
    return {
        **dict(zip(NUMBERS, values)),
        "classes": {names[c]: _mean(strict[:, :, k, 0, 2]) for k, c in enumerate(evaluation.params.catIds)},
        "loose": {str(t): _mean(precision[i, ..., 0, 2]) for i, t in enumerate(LOOSE + (0.5,))},
    }
