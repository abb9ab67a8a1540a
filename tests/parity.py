"""Compare detectors with recorded numbers of the authors' own code: `python tests/parity.py CASE [CASE ...]`.

A case is CASE.json (arguments, names and shapes of the state dict, losses, assignment) beside CASE.npz (outputs).
Weights, pictures and targets are made from names and indices alone, so no checkpoint is needed. Prints the largest
absolute difference of logits, boxes and losses and whether the assignment is equal; exits with 1 above 1e-4.
"""
from __future__ import annotations

import argparse
import json
import re
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from detr_core.checkpoint import load_state  # noqa: E402
from detr_core.detector import Detector  # noqa: E402
from detr_core.groups import slices  # noqa: E402
from detr_core.queries import take  # noqa: E402
from detr_core.recipe import Recipe  # noqa: E402
from detr_core.structures import Batch, Output, Targets  # noqa: E402
from detr_core.tape import Tape  # noqa: E402
from detr_core.training.criterion import Criterion  # noqa: E402
from detr_core.variants.dn import Noise  # noqa: E402
from tests.parity_recipes import recipe_of  # noqa: E402

TOLERANCE = 1e-4
TERMS = {"class": "loss_ce", "l1": "loss_bbox", "giou": "loss_giou", "token_scoring": "loss_mask_prediction",
         "objectness": "loss_ce_obj"}
EXTRA = {"class_logits": "pred_logits", "objectness": "pred_objs", "point": "pred_points"}     # what some papers' layers say besides


def _normal(key: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=zlib.crc32(key.encode()))).standard_normal(tuple(shape), dtype=np.float32)


def tensor(name: str, shape: list[int]) -> np.ndarray:
    """The value of one entry of a state dict, from its name alone."""
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return np.zeros(tuple(shape), dtype=np.int64)
    values = _normal(name, shape)
    if leaf == "running_var":
        return 1 + 0.1 * np.abs(values)
    if len(shape) >= 2:
        return values / np.sqrt(np.prod(shape[1:], dtype=np.float64)).astype(np.float32)
    return 1 + 0.1 * values if leaf == "weight" else 0.1 * values


def state_of(case: dict, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Official names with the values that the recording used."""
    first = {name: names[0] for names in case.get("shared_names") or [] for name in names}
    state = {}
    for name, shape in case["state"]:
        origin = first.get(name, name)
        value = tensor(origin, shape)
        for pattern, factor in (case.get("overrides") or {}).items():
            if re.search(pattern, origin):
                value = value * np.asarray(factor, dtype=value.dtype)
        stored = arrays.get(f"state/{origin}", arrays.get(f"state/{name}"))
        state[name] = torch.as_tensor(value if stored is None else stored)
    return state


def targets_of(count: int, classes: int, per_image: int = 4) -> list[Targets]:
    """The recorded losses' targets."""
    found = []
    for i in range(count):
        rng = np.random.Generator(np.random.Philox(key=1000 + i))
        size = rng.uniform(0.08, 0.45, (per_image, 2))
        centre = size / 2 + rng.uniform(size=(per_image, 2)) * (1 - size)
        labels = rng.integers(1, classes, per_image)
        found.append(Targets(torch.as_tensor(labels), torch.as_tensor(np.concatenate([centre, size], 1).astype(np.float32))))
    return found


def batch_of(case: dict, arrays: dict[str, np.ndarray]) -> Batch:
    """Pictures, objects and, where denoising was recorded, what it drew."""
    pictures = [torch.from_numpy(_normal(f"image-{i}-{h}x{w}", (3, h, w))) for i, (h, w) in enumerate(case["sizes"])]
    classes = case.get("n_classes_targets") or case.get("targets_n_classes")
    batch = Batch.of(pictures, targets_of(len(pictures), classes) if classes else None)
    noise = {key.removeprefix("noise/"): torch.as_tensor(value) for key, value in arrays.items() if key.startswith("noise/")}
    return batch.but(hints={"denoising": Noise(**noise)}) if noise else batch


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


def load_case(path: str | Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The description and the recorded arrays of a case, by its path without ending."""
    path = Path(path)
    with np.load(path.parent / f"{path.name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return json.loads((path.parent / f"{path.name}.json").read_text()), arrays


def recipe_for(case: dict) -> Recipe:
    """Our recipe for a case. Which of SMCA's two programs was run shows only in the names of its tensors."""
    multi_scale = any(name.startswith("input_proj_512.") for name, _ in case["state"])
    return recipe_of(case["variant"], {**case["args"], "multi_scale": multi_scale})


def detector_of(case: dict, arrays: dict[str, np.ndarray]) -> Detector:
    """The variant that the case's arguments describe, with the recorded weights, in evaluation mode."""
    detector = Detector(recipe_for(case))
    load_state(detector, state_of(case, arrays), "the case")
    return detector.eval()


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", metavar="CASE", help="path of a case without its ending")
    passed = True
    for path in parser.parse_args().cases:
        try:
            report = run(path.removesuffix(".json").removesuffix(".npz"))
        except (OSError, ValueError) as error:                  # the other cases are compared all the same
            print(f"{path}: FAIL {error}", flush=True)
            passed = False
        else:
            print(f"{path}: {report}", flush=True)
            passed &= report.passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
