"""What the authors print for the weights that they released, on COCO val2017, in per cent."""
from __future__ import annotations

PUBLISHED: dict[str, dict[str, float]] = {
    "detr": {"AP": 42.0, "AP50": 62.4, "AP75": 44.2, "APs": 20.5, "APm": 45.8, "APl": 61.1},     # the paper, table 1
    "deformable_detr": {"AP": 44.5, "APs": 27.1, "APm": 47.6, "APl": 59.6},                       # the authors' repository, as those below
    "deformable_detr_refine": {"AP": 46.2, "APs": 28.3, "APm": 49.2, "APl": 61.5},
    "deformable_detr_two_stage": {"AP": 46.9, "APs": 29.6, "APm": 50.1, "APl": 61.6},
    "conditional_detr": {"AP": 41.0, "APs": 20.6, "APm": 44.3, "APl": 59.3},
    "dab_detr": {"AP": 42.2},
}
