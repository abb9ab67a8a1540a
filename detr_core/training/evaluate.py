"""How good a detector is: COCO's numbers over a labelled data set."""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from typing import Any

import torch
from accelerate.utils import gather_object
from torch.utils.data import DataLoader, Dataset, Sampler

from ..data import collate
from ..detector import Detector
from ..postprocess import Detections
from ..structures import Batch, Targets
from .coco import average_precision
from .features import FeatureCache, collate_features
from .order import Key
from .views import Live

Progress = Callable[[int, int], None]
SURE = 0.3                                          # score of a detection that a viewer would be shown


def silent(done: int, total: int) -> None:
    """No progress."""


class ByShape(Sampler[list[Key]]):
    """Batches of pictures that a detector sees at one size; process `p` of `n` takes every n-th.

    No picture is padded for another one's sake: padding moves the statistics of group norm, and with it AP. So a detector's figure
    depends neither on the size of the batch nor on who shares it.
    """

    def __init__(self, sizes: list[tuple[int, int]], batch: int, process: int = 0, processes: int = 1):
        order = sorted(range(len(sizes)), key=lambda i: (sizes[i][0] / sizes[i][1], sizes[i], i))
        alike = [[(0, i) for i in group] for _, group in groupby(order, lambda i: sizes[i])]
        self.batches = [group[start:start + batch] for group in alike for start in range(0, len(group), batch)][process::processes]

    def __iter__(self) -> Iterator[list[Key]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class AsInference:
    """The transform of evaluation: exactly what `Detector.predict` does to a picture."""

    def __init__(self, preprocess: Any):
        self.preprocess = preprocess

    def __repr__(self) -> str:
        return f"AsInference({sorted(vars(self.preprocess).items())})"

    def __call__(self, picture: Any, targets: Targets) -> tuple[torch.Tensor, Targets]:
        return self.preprocess(picture.convert("RGB")), targets


def results_of(found: Detections, image_id: int) -> list[dict[str, Any]]:
    """Detections of one picture as COCO results; category ids are class indices."""
    corners = found.boxes.double().cpu()
    boxes = torch.cat([corners[:, :2], corners[:, 2:] - corners[:, :2]], 1).tolist()
    return [{"image_id": image_id, "category_id": label, "bbox": box, "score": score}
            for label, box, score in zip(found.labels.tolist(), boxes, found.scores.tolist())]


@torch.inference_mode()
def predictions(detector: Detector, batches: Any, progress: Progress = silent) -> Iterator[tuple[Batch, list[Detections]]]:
    """Run a detector in evaluation mode over batches; it is left in the mode it was found in."""
    training = detector.training
    detector.eval()
    try:
        for number, batch in enumerate(batches, 1):
            batch = batch.to(detector.device)
            yield batch, detector.postprocess(detector(batch), [t.size for t in batch.targets])
            progress(number, len(batches))
    finally:
        detector.train(training)


def same_classes(detector: Detector, names: list[str]) -> dict[int, int]:
    """{the detector's class: the data set's class}: by name where the detector knows all of them, else by position.

    COCO's weights have 91 outputs for its 80 classes; what they say of the eleven others counts for nothing.
    """
    known = {name: index for index, name in enumerate(detector.names)}
    missing = [name for name in names if name not in known]
    if len(names) == detector.recipe.classes and (missing or len(set(names)) < len(names)):
        return {index: index for index in range(len(names))}
    if missing:
        raise ValueError(f"The detector knows {detector.recipe.classes} classes and the data set has {len(names)}, among them "
                         f"{missing[0][:60]!r}, which the detector has no output for: evaluate weights that were trained on it.")
    return {known[name]: index for index, name in enumerate(names)}


def evaluate(detector: Detector, data: Any, batch: int = 8, features: FeatureCache | None = None, workers: int = 0,
             progress: Progress = silent) -> dict[str, Any]:
    """COCO's twelve numbers in 0..1, `classes` {name: AP}, `loose` {IoU: AP}, `predicted`, `pictures` and `seconds`.

    `predicted` {name: how many detections of the class score at least `SURE`} tells a class that is found badly from one that is
    never even guessed.

    `data` is what `open_dataset` returns; `features` its cached views, when they exist. Under `accelerate launch`
    every process takes its share of the batches and all return the same numbers.
    """
    from accelerate import PartialState

    state, start = PartialState(), time.perf_counter()
    truth = data.annotations()
    labels = same_classes(detector, [category["name"] for category in truth["categories"]])
    sizes = [detector.preprocess.canvas(row["height"], row["width"]) for row in truth["images"]]
    sampler = ByShape(sizes, batch, state.process_index, state.num_processes)
    source: Dataset = features if features is not None else Live(data, AsInference(detector.preprocess))
    fold = partial(collate if features is None else collate_features, multiple=detector.preprocess.multiple)
    loader = DataLoader(source, batch_sampler=sampler, collate_fn=fold, num_workers=workers)
    results = [{**result, "category_id": labels[result["category_id"]]} for batch, found in predictions(detector, loader, progress)
               for target, one in zip(batch.targets, found) for result in results_of(one, target.image_id)
               if result["category_id"] in labels]
    results = gather_object(results) if state.num_processes > 1 else results
    results.sort(key=lambda result: result["image_id"])        # equal scores are ranked by their order, which must not depend on processes
    sure = Counter(result["category_id"] for result in results if result["score"] >= SURE)
    predicted = {category["name"]: sure[category["id"]] for category in truth["categories"]}
    return {**average_precision(truth, results), "predicted": predicted, "pictures": len(data),
            "seconds": round(time.perf_counter() - start, 3)}
