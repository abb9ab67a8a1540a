"""How steady the matching is: which query answers for which object, followed from one evaluation to the next.

Unstable matching gives a query another goal at every visit; DN-DETR (Li et al. 2022, section 3.2) measures it and
explains slow convergence by it. Here it is measured on the validation pictures during the evaluation that takes
place anyway, so it costs one assignment a picture and no further forward pass.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from accelerate.utils import gather_object

from ..detector import Detector
from ..recipe import Recipe
from ..structures import Batch, Output, Prediction, Targets
from .assignment import Hungarian
from .files import read_json, write_json
from .trainer import Data, Trainer

MOST = 500                                          # pictures that are followed
Matches = dict[str, list[int]]                      # picture -> the query of each of its objects


class Stability:
    """Wrap the trainer's data in `following` and add this to its events.

    From the second evaluation on a line of metrics, kind "matching", says over the last decoder layer's assignments of
    up to `most` pictures, always the same ones: `instability`, the share of the objects that another query answers for
    than at the evaluation before, in 0..1; `IS`, the paper's measure, the mean number a picture of queries whose object
    changed (a swap counts at both queries, so twice the objects is the most); `since`, the step of the evaluation
    before; `pictures` and `objects`.
    """

    def __init__(self, recipe: Recipe, validation: Any, most: int = MOST):
        identities = [image["id"] for image in validation.annotations()["images"]]
        self.followed = frozenset(identities[:: max(1, -(-len(identities) // most))])
        self.assign, self.objective, self.matches = Hungarian(), recipe.objective(recipe), {}

    def following(self, data: Data) -> Data:
        """The same data, whose evaluation is watched."""
        def evaluate(judged: Detector) -> dict[str, Any]:
            hook = judged.register_forward_hook(lambda _, inputs, output: self.watch(inputs[0], output))
            try:
                return data.evaluate(judged)
            finally:
                hook.remove()
        return replace(data, evaluate=evaluate)

    @torch.no_grad()
    def watch(self, batch: Batch, output: Output) -> None:
        """Note the pairs of one evaluated batch."""
        for place, target in enumerate(batch.targets):
            if len(target) and target.image_id in self.followed:
                alone = output.layers[-1].each(lambda values, place=place: values[place:place + 1])
                self.matches[str(target.image_id)] = self.queries(alone, target)

    def queries(self, prediction: Prediction, target: Targets) -> list[int]:
        """The query of each object of one picture; -1 where there are more objects than queries."""
        (queries, objects), = self.assign(self.objective, prediction, [target])
        found = [-1] * len(target)
        for query, index in zip(queries.tolist(), objects.tolist()):
            found[index] = query
        return found

    def on_evaluation(self, trainer: Trainer, results: dict[str, Any]) -> None:
        parts = gather_object([self.matches]) if trainer.accelerator.num_processes > 1 else [self.matches]
        self.matches = {}
        if not trainer.accelerator.is_main_process:
            return
        now = {name: queries for part in parts for name, queries in part.items()}
        path = trainer.folder.path / "matches.json"
        earlier = [entry for entry in read_json(path, []) if entry["step"] < trainer.step]
        write_json(path, [*earlier[-1:], {"step": trainer.step, "matches": now}], indent=None)
        if earlier and (moved := compare(earlier[-1]["matches"], now)):
            trainer.folder.append("matching", trainer.step, since=earlier[-1]["step"], **moved)


def compare(before: Matches, now: Matches) -> dict[str, float]:
    """`instability`, `IS`, `pictures` and `objects` over the pictures that both know; empty where there is none."""
    names = [name for name in now if len(before.get(name, ())) == len(now[name])]
    if not names:
        return {}
    objects = sum(len(now[name]) for name in names)
    moved = sum(old != new for name in names for old, new in zip(before[name], now[name]))
    return {"instability": round(moved / max(1, objects), 6), "IS": round(sum(changed(before[n], now[n]) for n in names) / len(names), 6),
            "pictures": len(names), "objects": objects}


def changed(before: list[int], now: list[int]) -> int:
    """How many queries answer for another object, or for one where they had none, or the other way round."""
    old, new = ({query: index for index, query in enumerate(queries) if query >= 0} for queries in (before, now))
    return sum(old.get(query) != new.get(query) for query in old.keys() | new.keys())
