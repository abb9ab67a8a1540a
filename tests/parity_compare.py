"""How far a detector's outputs, losses and assignment are from the recorded ones."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from detr_core.detector import Detector
from detr_core.groups import slices
from detr_core.queries import take
from detr_core.structures import Batch, Output
from detr_core.tape import Tape
from detr_core.training.criterion import Criterion
from tests.parity_cases import batch_of, detector_of, load_case

TOLERANCE = 1e-4
TERMS = {"class": "loss_ce", "l1": "loss_bbox", "giou": "loss_giou", "token_scoring": "loss_mask_prediction",
         "objectness": "loss_ce_obj"}
EXTRA = {"class_logits": "pred_logits", "objectness": "pred_objs", "point": "pred_points"}     # what some papers' layers say besides


@dataclass
class Report:
    """Largest absolute differences by what was compared; `equal` is None where no assignment was recorded."""

    differences: dict[str, float] = field(default_factory=dict)
    equal: bool | None = None

    @property
    def passed(self) -> bool:
        return self.equal is not False and bool(self.differences) and all(d <= TOLERANCE for d in self.differences.values())

    def __str__(self) -> str:
        numbers = "  ".join(f"{what} {value:.2e}" for what, value in self.differences.items())
        matching = {None: "not recorded", True: "equal", False: "DIFFERENT"}[self.equal]
        return f"{'ok  ' if self.passed else 'FAIL'} {numbers}  assignment {matching}"


def _thinned(case: dict, key: str, values: torch.Tensor) -> torch.Tensor:
    """As many entries as were kept to save room."""
    rule = (case.get("subsample") or {}).get(key) or (case.get("subsampled") or {}).get(key)
    if rule:
        index = [slice(None)] * values.ndim
        index[rule["axis"]] = slice(rule.get("start", 0), None, rule.get("step") or rule.get("stride"))
        values = values[tuple(index)]
    elif key == "pred_logits" and case.get("logits_query_stride"):
        values = values[:, :, :: case["logits_query_stride"]]
    return values


def in_recorded_order(arrays: dict[str, np.ndarray], output: Output) -> Output:
    """Proposals of nearly equal score may change places; where content does not come by rank, that only permutes the queries."""
    if output.proposals is None or output.proposals.chosen is None or "topk_indices" not in arrays:
        return output
    chosen = output.proposals.chosen
    recorded = torch.as_tensor(arrays["topk_indices"]).reshape(len(chosen), -1)
    if recorded.shape != chosen.shape or not torch.equal(recorded.sort().values, chosen.sort().values):
        return output
    order = chosen.argsort().gather(1, recorded.argsort().argsort())
    return output.but(layers=tuple(p.each(lambda values: take(values, order)) for p in output.layers))


def compare_output(case: dict, arrays: dict[str, np.ndarray], output: Output, report: Report) -> None:
    ours = {"pred_logits": torch.stack([p.logits for p in output.layers]), "pred_boxes": torch.stack([p.boxes for p in output.layers])}
    ours |= {EXTRA[key]: torch.stack([p.extra[key] for p in output.layers]) for key in output.layers[0].extra if EXTRA.get(key) in arrays}
    if output.proposals is not None and output.proposals.chosen is not None and "topk_indices" in arrays:
        recorded = torch.as_tensor(arrays["topk_indices"]).reshape(output.proposals.chosen.shape)
        report.differences["proposals"] = float((recorded.sort().values != output.proposals.chosen.sort().values).sum())
    for key, values in ours.items():
        wanted = torch.as_tensor(arrays[key]).float()
        values = _thinned(case, key, values)
        if values.shape != wanted.shape:
            raise ValueError(f"{key}: recorded {tuple(wanted.shape)}, ours {tuple(values.shape)}; the case's arguments were read wrongly.")
        report.differences[key.removeprefix("pred_")] = float((values - wanted).abs().max())


def loss_names(term: str, layer: int | str, group: str, last: int) -> list[str]:
    """What the authors may call a loss of ours: term, place and kind of query, in the orders that their scripts use."""
    stem, family = TERMS.get(term, f"loss_{term}"), group.split(".")[0]
    if str(layer).startswith("encoder"):
        return [stem + "_interm", stem + "_enc"] if layer == "encoder" else [f"{stem}_enc_{layer.split('.')[1]}"]
    place = "" if layer in (last, "scheme") else f"_{layer}"
    return {"many": [f"{stem}{place}_one2many"], "denoising": [f"{stem}_dn{place}", f"tgt_{stem}{place}"]}.get(family, [stem + place])


def compare_losses(case: dict, detector: Detector, output: Output, batch: Batch, tape: Tape, report: Report) -> None:
    if not case["args"].get("aux_loss", True):
        output = output.but(layers=output.layers[-1:])
    losses = Criterion(detector.recipe)(output, batch.targets)
    for scheme in detector.schemes:
        losses.terms.update({(term, "scheme", ""): value for term, value in scheme.losses(output, batch, tape).items()})
    last, ours = len(output.layers) - 1, {}
    for (term, layer, group), value in losses.terms.items():
        names = loss_names(term, layer, group, last)
        name = next((name for name in names if name in case["loss"]), None)
        if name is None:
            raise ValueError(f"The case records no {' or '.join(names)}.")
        ours[name] = ours.get(name, 0.0) + float(value)                              # denoising groups add up
    wanted = {name: value for name, value in case["loss"].items() if name in ours or (value and name in case["loss_weights"])}
    if total := case.get("loss_total_weighted") or case.get("loss_total"):
        ours["total"], wanted["total"] = float(losses.total), total
    if missing := sorted(set(wanted) - set(ours)):
        raise ValueError(f"The case records {', '.join(missing)}, which we do not compute.")
    relative = [abs(ours[name] - value) / max(1.0, abs(value)) for name, value in wanted.items()]                      # sums of thousands
    report.differences["losses"] = max(relative)
    kept = {group.name for group in output.groups if group.keep}
    pairs = next(p for (layer, group), p in losses.assignments.items() if layer == last and (group in kept or not kept))
    report.equal = all(sorted(zip(q.tolist(), t.tolist())) == sorted(zip(*wanted)) for (q, t), wanted in zip(pairs, case["matching"]))


def without_training_groups(output: Output) -> Output:
    """The predictions of the queries that inference has too."""
    for group, place in zip(output.groups, slices(output.groups).values()):
        if group.keep:
            return output.but(layers=tuple(p.each(lambda values, place=place: values[:, place]) for p in output.layers))
    return output


@torch.no_grad()
def run(path: str | Path) -> Report:
    """Build, load, run and compare one case; those named `train...` in training mode."""
    case, arrays = load_case(path)
    detector, batch, report = detector_of(case, arrays), batch_of(case, arrays), Report()
    detector.train(str(case.get("mode") or case.get("case")).startswith("train"))
    with Tape(detector, tuple(pattern for scheme in detector.schemes for pattern in scheme.needs)) as tape:
        output = detector(batch)
    output = output if detector.training else in_recorded_order(arrays, output)
    compare_output(case, arrays, without_training_groups(output), report)
    if case.get("loss") and batch.targets:
        compare_losses(case, detector, output, batch, tape, report)
    return report
