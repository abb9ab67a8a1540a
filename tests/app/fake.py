"""A runner that needs no network: plausible queries around given objects, in the arrays of `app.runs.Run`."""
from __future__ import annotations

import time
from typing import Any

import numpy as np
from PIL import Image

from app.runs import Arrays, AtlasError, shares

NAMES = ["cat", "dog", "car", "${document.body.dataset.hacked=1}", "<img src=x onerror=document.body.dataset.hacked=1>"]
OBJECTS = ((0, .3, .6, .22, .34), (1, .72, .55, .2, .3), (2, .5, .25, .3, .18), (3, .15, .2, .12, .12), (4, .86, .84, .14, .16))
VARIANTS = {"detr": "map", "deformable_detr": "points", "deformable_detr_two_stage": "points", "dab_detr": "split",
            "anchor_detr": "factors", "smca": "gaussians", "sap_detr": "sides", "sparse_detr": "points"}
PARTS = {"split": ("content", "spatial", "unsized"), "gaussians": ("content", "gaussian"), "sides": ("content", "spatial", "gaussian")}
ANCHORED = ("points", "split", "sides", "factors")

MATCHING = {
    "cost": {"class": {"kind": "focal", "alpha": 0.25, "gamma": 2.0, "weight": 2}, "l1": {"kind": "l1", "corners": False, "weight": 5},
             "giou": {"kind": "giou", "weight": 2}},
    "schemes": [{"kind": "denoising", "groups": 5, "label_noise": 0.2, "box_noise": 0.4, "roles": 1, "moves": "centre", "shared": False}],
}


class FakeRunner:
    """`detr` leaves dense maps, the deformable ones sampled points, two-stage ones proposals as well; the others what they are for."""

    def __init__(self, objects=OBJECTS, names=NAMES, queries: int = 40, layers: int = 3, heads: int = 8, delay: float = 0.0):
        self.objects, self.names, self.delay = objects, list(names), delay
        self.queries, self.layers, self.heads, self.calls = queries, layers, heads, 0

    def catalogue(self) -> list[dict[str, Any]]:
        paper = {"title": "A Paper", "authors": "Somebody et al.", "venue": "ECCV", "year": 2020, "arxiv": "2005.12872", "code": "",
                 "url": "https://arxiv.org/abs/2005.12872"}
        return [{"id": name, "idea": "An idea in one sentence.", "parent": None, "borrows": [], "paper": paper,
                 "rehearses": name == "dab_detr", "weights": ["scenes", "trees"]} for name in VARIANTS]

    def inspect(self, image: Image.Image, variant: str, weights: str) -> tuple[dict[str, Any], Arrays]:
        if variant not in VARIANTS:
            raise AtlasError(f"There is no detector named {variant!r}: choose one of {', '.join(VARIANTS)}.")
        self.calls += 1
        time.sleep(self.delay)
        rng = np.random.default_rng(7)
        boxes, scores, anchors = self._boxes(rng)
        facts, arrays = self._views(rng, boxes, VARIANTS[variant])
        arrays |= {"boxes": boxes, "scores": scores.astype("f2")}
        if VARIANTS[variant] in ANCHORED:
            sized = variant not in ("deformable_detr", "anchor_detr", "sap_detr")
            arrays["anchors"] = np.where([True, True, sized, sized], anchors, np.nan).astype("f4")
        if variant.endswith("two_stage") or variant == "sparse_detr":
            arrays |= {"proposals.boxes": anchors[0], "proposals.scores": scores[0].max(-1).astype("f4")}
        arrays |= self._special(rng, variant, anchors)
        arrays |= _found(boxes[-1], scores[-1], image)
        return {"variant": variant, "weights": weights, "names": self.names, "card": {"data": weights, "AP": 0.61, "AP50": 0.9},
                "layers": self.layers, "queries": self.queries, "classes": len(self.names), "input": [320, 320],
                "levels": [[40, 40], [20, 20], [10, 10]], "reach": [[1, 1]] * 3, "views": facts,
                "matching": MATCHING, "timing": {"prepare": 3.1, "network": 41.7, "read": 5.2}, "device": "CPU, 2 threads"}, arrays

    def measure(self, image: Image.Image, variant: str, weights: str) -> dict[str, Any]:
        return {"milliseconds": {"prepare": 2.5, "network": 40.0 + len(variant), "read": 0.8}, "rounds": 5, "input": [320, 320],
                "precision": "float32", "parameters": 1_000_000 + len(variant), "flops": 2_400_000_000, "device": "CPU, 2 threads"}

    def _boxes(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Queries start anywhere; the first ones close in on an object, the others stay without."""
        start = np.concatenate([rng.uniform(.1, .9, (self.queries, 2)), rng.uniform(.05, .3, (self.queries, 2))], -1)
        goal, final = start.copy(), rng.uniform(.001, .2, (self.queries, len(self.names)))
        for query, (label, *box) in enumerate(self.objects):
            goal[query], final[query] = np.array(box) + rng.normal(0, .004, 4), rng.uniform(0, .06, len(self.names))
            final[query, label] = rng.uniform(.75, .97)
            start[query, :2] = np.clip(goal[query, :2] + rng.normal(0, .14, 2), .05, .95)
        share = 1 - .38 ** np.arange(1, self.layers + 1)[:, None, None] + .38 ** self.layers
        boxes = (start + (goal - start) * share).astype("f4")
        scores = (final * share ** 1.5).astype("f4")
        return boxes, scores, np.concatenate([start[None], boxes[:-1]]).astype("f4")

    def _views(self, rng: np.random.Generator, boxes: np.ndarray, kind: str) -> tuple[dict[str, Any], Arrays]:
        facts, arrays = {}, {}
        for layer in range(self.layers):
            path, between = f"decoder.layers.{layer}.cross_attention", f"decoder.layers.{layer}.self_attention"
            facts[between] = {"layer": layer, "role": "self_attention", "kind": "between", "heads": self.heads,
                              "keys": ["scale", "weights"]}
            others = shares(rng.dirichlet(np.ones(self.queries), (self.heads, self.queries)))
            arrays |= {f"{between}.{key}": value for key, value in others.items()}
            described, kept = self._cross(rng, boxes[layer], kind)
            facts[path] = {"layer": layer, "role": "cross_attention", "heads": self.heads, "keys": sorted(kept)} | described
            arrays |= {f"{path}.{key}": value for key, value in kept.items()}
        return facts, arrays

    def _cross(self, rng: np.random.Generator, boxes: np.ndarray, kind: str) -> tuple[dict[str, Any], Arrays]:
        if kind == "points":
            angle = rng.uniform(0, 6.3, (self.queries, self.heads, 3, 4))
            offset = np.stack([np.cos(angle), np.sin(angle)], -1) * rng.uniform(.05, .6, (*angle.shape, 1))
            box = boxes[:, None, None, None]
            weights = rng.dirichlet(np.full(12, .4), (self.queries, self.heads)).reshape(-1, self.heads, 3, 4)
            return {"kind": "points", "levels": 3, "points": 4}, {"locations": (box[..., :2] + offset * box[..., 2:]).astype("f4"),
                                                                  "weights": weights.astype("f4")}
        heat, size = self._heat(rng, boxes), {"shapes": [[20, 20]], "reach": [[1.0, 1.0]]}
        if kind == "factors":
            plane = heat.reshape(*heat.shape[:2], 20, 20)
            return {"kind": "factors", **size}, {f"{name}.{key}": value for name, axis in (("row", 2), ("column", 3))
                                                 for key, value in shares(plane.sum(axis)).items()}
        parts = PARTS.get(kind, ())
        kept = shares(heat)
        for part in parts:
            kept |= {f"{part}.{key}": value for key, value in shares(self._heat(rng, boxes * [1, 1, 2, 2])).items()}
        if "gaussian" in parts:
            kept["centre"] = np.broadcast_to(boxes[:, :2], (self.heads, self.queries, 2)) + rng.normal(0, .03, (self.heads, 1, 2))
            kept["deviation"] = np.broadcast_to(boxes[:, 2:] / 3, kept["centre"].shape)
        top, normaliser = heat.argmax(-1), np.full(heat.shape[:2], 6.0)
        score = np.log(heat.max(-1)) + normaliser
        kept |= {"peak.token": top.astype("<i4"), "peak.normaliser": normaliser,
                 "peak.scores": np.stack([score, *(score / max(1, len(parts)) for _ in parts)], -1)}
        return {"kind": "map", "parts": list(parts), **size}, {k: v.astype("<f4") if v.dtype == float else v for k, v in kept.items()}

    def _special(self, rng: np.random.Generator, variant: str, anchors: np.ndarray) -> Arrays:
        """What only some detectors have, besides attention."""
        tokens = 40 * 40 + 20 * 20 + 10 * 10
        received = {"tokens.received": rng.gamma(.5, 1, tokens).astype("f4")} if VARIANTS[variant] == "points" else {}
        if variant == "dab_detr":
            return {"numbers.scale": rng.normal(1, .5, (self.layers - 1, self.queries, 64)).astype("f4"),
                    "numbers.modulation": rng.uniform(.5, 2, (self.layers, self.queries, 2)).astype("f4")}
        if variant == "sap_detr":
            return {"numbers.sides": np.repeat(anchors[..., 2:] / 2, 2, -1)[..., [0, 2, 1, 3]].astype("f4")}
        if variant == "sparse_detr":
            scores = rng.normal(0, 1, tokens).astype("f4")
            return received | {"tokens.scores": scores, "tokens.kept": (scores > 1).astype("u1")}
        return received

    def rehearse(self, image: Image.Image, variant: str, weights: str, objects: list[dict[str, Any]],
                 seed: int) -> tuple[dict[str, Any], Arrays]:
        """Two groups of denoising queries, each with one noisy copy an object, before ten queries of its own."""
        rng, count = np.random.default_rng(seed), len(objects)
        truth = np.array([o["box"] for o in objects])
        source = np.tile(np.arange(count), 2)
        start = np.concatenate([truth[source] + rng.normal(0, .04, (2 * count, 4)), rng.uniform(.2, .8, (10, 4))]).clip(.02, .98)
        goal = np.concatenate([truth[source], start[2 * count:]])
        boxes = np.stack([start + (goal - start) * (i + 1) / self.layers for i in range(self.layers)])
        source = np.concatenate([source, np.full(10, -1)])
        labels = np.array([o["label"] for o in objects] * 2 + [0] * 10)
        share = np.linspace(.3, .9, self.layers)[:, None]
        groups = [{"name": "denoising", "size": 2 * count, "sees": ["queries"], "parts": 2, "keep": False, "start": 0},
                  {"name": "queries", "size": 10, "sees": [], "parts": 1, "keep": True, "start": 2 * count}]
        scores = np.broadcast_to(share, (self.layers, len(source))).astype("f4")
        return {"groups": groups, "layers": self.layers, "objects": count}, {
            "boxes": boxes.astype("f4"), "labels": np.broadcast_to(labels, scores.shape).astype("<u2"), "scores": scores, "wanted": scores,
            "matches": np.broadcast_to(source, scores.shape).astype("<i4"), "told": np.where(source >= 0, labels, -1).astype("<i4"),
            "source": source.astype("<i4"), "start": start.astype("f4")}

    def _heat(self, rng: np.random.Generator, boxes: np.ndarray) -> np.ndarray:
        """Each head looks at another side of the box."""
        y, x = np.mgrid[:20, :20] / 20 + .025
        angle = np.arange(self.heads)[:, None] * 6.283 / self.heads
        cx, cy = boxes[:, 0] + np.cos(angle) * boxes[:, 2] / 2, boxes[:, 1] + np.sin(angle) * boxes[:, 3] / 2
        wide, high = (boxes[:, i, None, None] * .35 for i in (2, 3))
        far = ((x - cx[..., None, None]) / wide) ** 2 + ((y - cy[..., None, None]) / high) ** 2
        weights = (np.exp(-far) + .004 * rng.random(far.shape)).reshape(self.heads, self.queries, -1)
        return (weights / weights.sum(-1, keepdims=True)).astype("f4")


def _found(boxes: np.ndarray, scores: np.ndarray, image: Image.Image) -> Arrays:
    order = np.argsort(-scores.max(-1), kind="stable")
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], -1) * ([image.width, image.height] * 2)
    return {"found.boxes": corners[order], "found.labels": scores.argmax(-1)[order], "found.scores": scores.max(-1)[order],
            "found.queries": order}
