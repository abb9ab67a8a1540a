"""The detector: its forward pass fits on a postcard."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from .data.decode import read_image
from .postprocess import Detections
from .recipe import Recipe
from .structures import Batch, Output


class Detector(nn.Module):
    """A recipe, built. `detector(batch)` is what the paper calls the model; `predict` is what a user calls."""

    def __init__(self, recipe: Recipe, names: Sequence[str] = ()):
        super().__init__()
        recipe.check()
        self.recipe = recipe
        self.names = tuple(names) or tuple(f"class {i}" for i in range(recipe.classes))
        self.card: dict = {}                                    # what is known of the weights: data, budget, AP
        self.preprocess, self.postprocess = recipe.preprocess(recipe), recipe.postprocess()
        self.backbone = recipe.backbone(recipe)
        self.neck = recipe.neck(recipe, self.backbone.channels)
        self.position = recipe.position(recipe)
        self.encoder = recipe.encoder(recipe)
        self.query_init = recipe.query_init(recipe)
        self.decoder = recipe.decoder(recipe)
        self.schemes = nn.ModuleList(scheme(recipe) for scheme in recipe.schemes)

    def forward(self, batch: Batch) -> Output:
        """A padded batch -> predictions of every decoder layer, the memory and, in two-stage detectors, the proposals."""
        return self._detect(batch, self.schemes if self.training else ())

    def rehearse(self, batch: Batch) -> Output:
        """The training pass of a batch with targets, without dropout: the queries that only training has are there too."""
        training = self.query_init.training
        self.query_init.train()
        try:
            return self._detect(batch, self.schemes)
        finally:
            self.query_init.train(training)

    def _detect(self, batch: Batch, schemes: Iterable[nn.Module]) -> Output:
        maps = self.backbone(batch.images) if batch.maps is None else batch.maps
        memory = self.encoder(self.position.tokens(self.neck(maps, batch)))
        queries = self.query_init(memory)
        for scheme in schemes:
            queries = scheme.extend(queries, memory, batch)
        layers = self.decoder(queries, memory, self.position)
        return Output(layers, memory, queries.proposals, queries.groups)

    @property
    def device(self) -> torch.device:
        return next(self.decoder.parameters()).device

    def batch(self, images: Sequence[Image.Image]) -> Batch:
        """Decoded pictures -> a padded batch on the detector's device."""
        return Batch.of([self.preprocess(image) for image in images], multiple=self.preprocess.multiple).to(self.device)

    @torch.inference_mode()
    def predict(self, picture: bytes | str | Path | Image.Image | np.ndarray, threshold: float = 0.5) -> Detections:
        """Find objects in a picture: boxes in its pixels, labels, names and scores at or above `threshold`, best first.

        Takes whatever `detr_core.data.read_image` takes: a path, encoded bytes, a Pillow image or an array. Boxes refer
        to the upright picture, brought down to 4096 pixels where it is larger.
        """
        if self.training:
            raise RuntimeError("The detector is in training mode: call detector.eval() before predict().")
        image = read_image(picture)
        found = self.postprocess(self(self.batch([image])), [(image.height, image.width)])[0]
        return found.but(names=tuple(self.names[i] for i in found.labels.tolist())).above(threshold)

    def backbone_free_state(self) -> dict[str, Tensor]:
        """The state dict without the backbone: what bundled weights store when they share a frozen one."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith("backbone.")}
