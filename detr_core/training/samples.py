"""A few fixed validation pictures, predicted at every evaluation: training that can be looked at."""
from __future__ import annotations

from typing import Any

import torch

from ..data import collate
from .evaluate import AsInference, predictions
from .files import write_json
from .trainer import Trainer
from .views import Live

COUNT, KEPT = 8, 30


class Samples:
    """Writes samples/picture-N.jpg once and samples/STEP.json at every evaluation: for each picture the best
    detections and, for every object, the query that the last layer's assignment gives it to.
    """

    def __init__(self, data: Any, preprocess: Any):
        self.source = Live(data, AsInference(preprocess))
        self.indices = sorted({round(i * (len(data) - 1) / max(1, COUNT - 1)) for i in range(COUNT)})
        self.multiple, self.batch = preprocess.multiple, None

    def on_start(self, trainer: Trainer) -> None:
        if not trainer.accelerator.is_main_process:
            return
        self.batch = collate([self.source[0, index] for index in self.indices], self.multiple)
        for number, index in enumerate(self.indices):
            path = trainer.folder.samples / f"picture-{number}.jpg"
            if not path.exists():
                self.source.data[index][0].convert("RGB").save(path, quality=88)
        objects = [{"image_id": t.image_id, "size": t.size, "boxes": t.boxes.tolist(), "labels": t.labels.tolist()}
                   for t in self.batch.targets]
        write_json(trainer.folder.samples / "pictures.json", {"names": trainer.detector.names, "pictures": objects})

    def on_evaluation(self, trainer: Trainer, results: dict[str, Any]) -> None:
        if not trainer.accelerator.is_main_process:
            return
        write_json(trainer.folder.samples / f"{trainer.step:08d}.json", self.look(trainer), indent=None)

    @torch.inference_mode()
    def look(self, trainer: Trainer) -> list[dict[str, Any]]:
        """What the judged detector sees now."""
        detector, pictures = trainer.judged, []
        (batch, found), = predictions(detector, [self.batch])
        training = detector.training
        output = detector.eval()(batch)
        detector.train(training)
        last = trainer.criterion(output, batch.targets).assignments
        layer = max(layer for layer, _ in last if isinstance(layer, int))
        pairs = next(pairs for (number, _), pairs in last.items() if number == layer)
        for one, (queries, objects) in zip(found, pairs):
            best = one.scores.argsort(descending=True)[:KEPT]
            pictures.append({"boxes": [[round(v, 2) for v in box] for box in one.boxes[best].tolist()], "labels": one.labels[best].tolist(),
                             "scores": [round(s, 4) for s in one.scores[best].tolist()], "queries": one.queries[best].tolist(),
                             "matches": dict(zip(map(str, objects.tolist()), queries.tolist()))})
        return pictures
