"""Parameters and multiply-adds of the ResNet-50 detectors beside what their authors printed."""
from __future__ import annotations

import json
import time
from typing import Any

import torch

from .. import api
from ..backbones import ASSETS
from ..counts import SIZE, Counts, count
from ..registry import VARIANTS

TOLERANCE = 0.02
TOLD = ASSETS / "catalogue" / "systems.json"
SAP = "The authors' public code, which ours equals, is larger than the detector of their table."
HEADS = "Printed leaves out the heads that score every token, 4.2 of ours."
EXPLAINED = {
    ("deformable_detr_two_stage", "gflops"): HEADS,                 # printed is the one-stage detector's 173 once more
    ("sparse_detr", "gflops"): HEADS,                               # without them 1.3 % apart, as Deformable DETR is
    ("sap_detr", "parameters"): SAP,
    ("sap_detr", "gflops"): SAP,
}
"""Why a figure of ours is further from the printed one than `TOLERANCE`, by variant and "parameters" or "gflops"."""


def printed() -> dict[str, dict[str, float | None]]:
    """{variant: {"parameters": millions, "gflops": 10^9 multiply-adds}} where a source confirms them."""
    systems = json.loads(TOLD.read_text(encoding="utf-8"))["systems"]
    names = {"parameters": "parameters", "flops": "gflops"}
    return {system["id"]: {name: next((fact["value"] for fact in system.get("facts", []) if fact["what"] == what), None)
                           for what, name in names.items()} for system in systems}


def difference(ours: float, theirs: float | None) -> float | None:
    """Relative to the printed figure; figures without decimals are only known to the half below and above."""
    if theirs is None:
        return None
    slack = 0.0 if theirs % 1 else 0.5
    return max(0.0, abs(ours - theirs) - slack) / theirs


def counted(variant: str) -> Counts:
    """Without computing anything where that is possible; a forward pass that looks at values, as Sparse DETR's does, really runs."""
    try:
        with torch.device("meta"):
            detector = api.build(variant)
        return count(detector)
    except RuntimeError:
        return count(api.build(variant))


def row(variant: str) -> dict[str, Any]:
    """One detector: what learns in it (as authors count), multiply-adds of one picture of `SIZE`, and why they differ."""
    found, told = counted(variant), printed().get(variant, {"parameters": None, "gflops": None})
    ours = {"parameters": found.trainable / 1e6, "gflops": found.gmacs}
    apart = [name for name in ours if (difference(ours[name], told[name]) or 0) > TOLERANCE]
    return {"variant": variant, "parameters": found.trainable, "all_parameters": found.parameters, "gmacs": round(found.gmacs, 2),
            "operations": found.operations, "printed": told, "apart": apart,
            "note": " ".join(dict.fromkeys(EXPLAINED[variant, name] for name in apart if (variant, name) in EXPLAINED))}


def compare(variants: tuple[str, ...] = ()) -> dict[str, Any]:
    """The table of all variants."""
    rows = [row(variant) for variant in VARIANTS if not variants or variant in variants]
    return {"made": time.strftime("%Y-%m-%d"), "torch": torch.__version__, "size": list(SIZE), "rows": rows}
