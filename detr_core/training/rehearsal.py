"""One training pass that can be looked at: what denoising, hybrid matching and other schemes do with one picture.

Nothing of it exists at inference. Whoever has no labels may rehearse on a detector's own findings and must say so.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..detector import Detector
from ..groups import Group, slices
from ..structures import Batch, Output
from ..tape import Tape
from .criterion import Criterion


@dataclass(frozen=True)
class Rehearsal:
    """All queries of a training pass of one picture, those of the schemes among them, group after group."""

    groups: tuple[Group, ...]                       # who sees whom; a group's `parts` cannot see each other
    boxes: np.ndarray                               # [L, Q, 4] centre and size in 0..1
    scores: np.ndarray                              # [L, Q, classes]
    matches: np.ndarray                             # [L, Q] the object each query was asked for; -1: background
    start: np.ndarray | None                        # [Q, 4 | 2] where the first layer looked from
    told: np.ndarray                                # [Q] the class a denoising query's content says; -1: it is none
    source: np.ndarray                              # [Q] the object a denoising query was made from; -1: it is none

    def place(self, group: str) -> slice:
        """Where a group's queries stand."""
        return slices(self.groups)[group]


@torch.no_grad()
def rehearse(detector: Detector, batch: Batch, seed: int = 0) -> Rehearsal:
    """Run one labelled picture as in training, without dropout and without learning; `seed` draws the noise.

    Raises ValueError for batches of several pictures or without objects.
    """
    if len(batch) != 1 or not batch.targets or not len(batch.targets[0]):
        raise ValueError("A rehearsal needs one picture with at least one object: pass a batch of one with its targets.")
    with torch.random.fork_rng(devices=[]), Tape(detector, ("schemes.*", "decoder.anchor")) as tape:
        torch.manual_seed(seed)
        output = detector.rehearse(batch)
    groups = output.groups or (Group("queries", output.logits.shape[1], keep=True),)
    pairs = Criterion(detector.recipe)(output, batch.targets).assignments
    anchor = tape.get("decoder.anchor")
    told, source = (_of_denoising(tape, groups, key) for key in ("labels", "objects"))
    return Rehearsal(groups, torch.stack([layer.boxes[0] for layer in output.layers]).float().cpu().numpy(),
                     torch.stack([detector.postprocess.scores(layer.logits[0]) for layer in output.layers]).float().cpu().numpy(),
                     _matches(output, groups, pairs), anchor[0][0].float().cpu().numpy() if anchor else None, told, source)


def _matches(output: Output, groups: tuple[Group, ...], pairs: dict) -> np.ndarray:
    found = np.full((len(output.layers), output.logits.shape[1]), -1, int)
    for layer in range(len(output.layers)):
        for name, place in slices(groups).items():
            queries, objects = pairs[layer, name][0]
            found[layer, place.start + queries.cpu().numpy()] = objects.cpu().numpy()
    return found


def _of_denoising(tape: Tape, groups: tuple[Group, ...], key: str) -> np.ndarray:
    """What the schemes noted of their queries, at those queries' places; -1 elsewhere."""
    found = np.full(sum(group.size for group in groups), -1, int)
    noted: list[Tensor] = tape.get(f"schemes.*.{key}")
    for values, place in zip(noted, [place for name, place in slices(groups).items() if name.startswith("denoising")]):
        found[place] = values[0].cpu().numpy()
    return found
