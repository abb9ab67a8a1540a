"""What must hold of every registered detector; a new variant is tested by being registered."""
from __future__ import annotations

from contextlib import nullcontext
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import detr_core
from detr_core import VARIANTS, Batch, Detector, Output, Tape, Targets
from detr_core.checkpoint import save
from detr_core.training.criterion import Criterion, Losses

SMALL = dict(heads=4, hidden=64, queries=20, encoder_layers=2, decoder_layers=2, classes=5)

READS_PADDING = {"anchor_detr": "row and column keys are averaged over the padding too, as in the authors' code",
                 "sap_detr": "the content is sampled from a convolved memory, padding included, as in the authors' code"}
LARGE_BOXES = {"sap_detr": "boxes are a point and four sides of up to the whole picture each"}

SILENT = {      # parameters whose gradient is zero by construction
    "decoder.layers.0.self_attention.[qkv]*.weight": "they multiply content, which starts at zero",
}


@pytest.fixture(params=list(VARIANTS))
def id(request: pytest.FixtureRequest) -> str:
    return request.param


@cache
def detector_of(id: str) -> Detector:
    """Small, in evaluation mode, with values where training would start from zeros."""
    torch.manual_seed(0)
    recipe = VARIANTS[id].tiny
    detector = Detector(recipe.but(**SMALL, extra_queries=min(recipe.extra_queries, 20)))
    with torch.no_grad():
        for parameter in detector.parameters():
            if parameter.requires_grad and not parameter.any():
                parameter.normal_(std=0.1)
    return detector.eval()


@cache
def batch() -> Batch:
    """Two pictures of different shapes, so that both are padded; all variants share the backbone, so its maps are kept."""
    generator = torch.Generator().manual_seed(1)
    images = [torch.randn(3, h, w, generator=generator) for h, w in ((96, 160), (128, 64))]
    targets = [Targets(torch.randint(5, (n,), generator=generator), torch.rand(n, 4, generator=generator) * 0.4 + 0.2) for n in (3, 1)]
    made = Batch.of(images, targets, multiple=32)
    with torch.no_grad():
        return made.but(maps=detector_of("deformable_detr").backbone(made.images))


def maps_for(detector: Detector, pictures: Batch) -> Batch:
    """Only as many of the kept maps as the detector reads."""
    return pictures.but(maps=pictures.maps[-len(detector.backbone.channels):])


@torch.no_grad()
def run(id: str, pictures: Batch | None = None) -> Output:
    return detector_of(id)(maps_for(detector_of(id), pictures or batch()))


def difference(left: Output, right: Output) -> float:
    return max(max((a.logits - b.logits).abs().max().item(), (a.boxes - b.boxes).abs().max().item())
               for a, b in zip(left.layers, right.layers))


def train_losses(detector: Detector, pictures: Batch) -> Losses:
    """As the trainer does it: schemes prepare, forward under their tape, criterion, the schemes' own losses."""
    torch.manual_seed(2)
    for scheme in detector.schemes:
        pictures = scheme.prepare(pictures)
    needs = tuple(pattern for scheme in detector.schemes for pattern in scheme.needs)
    with Tape(detector, needs, detach=False) if needs else nullcontext() as tape:
        output = detector(pictures)
    losses = Criterion(detector.recipe)(output, pictures.targets)
    for scheme in detector.schemes:
        losses.terms.update({(term, "scheme", "own"): value for term, value in scheme.losses(output, pictures, tape).items()})
    return losses


def test_predictions_have_their_shapes(id: str) -> None:
    output, recipe = run(id), detector_of(id).recipe
    assert len(output.layers) == recipe.decoder_layers
    for layer in output.layers:
        assert layer.logits.shape[:2] == (2, recipe.queries) and layer.boxes.shape == (2, recipe.queries, 4)
        assert torch.isfinite(layer.logits).all() and torch.isfinite(layer.boxes).all() and layer.boxes[..., 2:].min() >= 0
        assert id in LARGE_BOXES or (layer.boxes.min() >= 0 and layer.boxes.max() <= 1)
    scores = detector_of(id).postprocess.scores(output.logits)
    assert scores.shape[-1] == recipe.classes and scores.min() >= 0 and scores.max() <= 1
    assert output.memory.tokens.shape[1] == sum(h * w for h, w in output.memory.shapes)


def test_a_picture_gives_boxes_in_its_pixels(id: str) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 150, 3), dtype=np.uint8))
    found = detector_of(id).predict(picture, threshold=0.0)
    assert len(found) and found.boxes.shape == (len(found), 4) and len(found.names) == len(found)
    assert (found.scores.diff() <= 0).all() and found.queries.max() < detector_of(id).recipe.queries


def test_every_parameter_learns(id: str) -> None:
    detector = detector_of(id)
    try:
        train_losses(detector.train(), maps_for(detector, batch())).total.backward()
        learning = {name: p.grad for name, p in detector.named_parameters() if p.requires_grad}
        assert [name for name, gradient in learning.items() if gradient is None] == []
        silent = [name for name, gradient in learning.items() if not gradient.any() and not any(fnmatch(name, p) for p in SILENT)]
        assert silent == [] and all(torch.isfinite(gradient).all() for gradient in learning.values())
    finally:
        detector.eval().zero_grad()


def test_evaluation_is_deterministic(id: str) -> None:
    assert difference(run(id), run(id)) == 0


def test_padded_tokens_change_nothing(id: str) -> None:
    if id in READS_PADDING:
        pytest.skip(READS_PADDING[id])
    plain = run(id)

    def overwrite(neck: torch.nn.Module, inputs: tuple, features: detr_core.structures.Features) -> detr_core.structures.Features:
        noise = torch.randn(features.tokens.shape, generator=torch.Generator().manual_seed(3))
        return features.but(tokens=torch.where(features.padding[..., None], 5 * noise, features.tokens))

    handle = detector_of(id).neck.register_forward_hook(overwrite)
    try:
        assert difference(plain, run(id)) < 1e-5
    finally:
        handle.remove()


def test_pictures_do_not_see_each_other(id: str) -> None:
    pictures = batch()
    swapped = run(id, pictures.but(padding=pictures.padding.flip(0), maps=tuple(m.flip(0) for m in pictures.maps)))
    back = Output(tuple(p.but(logits=p.logits.flip(0), boxes=p.boxes.flip(0)) for p in swapped.layers), swapped.memory)
    assert difference(run(id), back) < 1e-5


def test_a_tape_changes_nothing(id: str) -> None:
    plain = run(id)
    with Tape(detector_of(id)) as tape:
        taped = run(id)
    assert difference(plain, taped) < 1e-5
    assert len(tape["decoder.boxes"]) == detector_of(id).recipe.decoder_layers
    assert not any(torch.isnan(value).any() for values in tape.entries.values() for value in values if value.is_floating_point())


def test_what_a_prediction_keeps_can_be_trained_with(id: str) -> None:
    """Values kept between calls must not be those of inference mode, which autograd refuses."""
    detector = detector_of(id)
    pictures = batch().but(padding=torch.zeros_like(batch().padding), padded=False)
    with torch.inference_mode():
        detector(maps_for(detector, pictures))
    try:
        train_losses(detector.train(), maps_for(detector, pictures)).total.backward()
    finally:
        detector.eval().zero_grad()


def test_a_few_steps_lower_the_loss(id: str, tmp_path: Path) -> None:
    save(detector_of(id), tmp_path / "start.safetensors", torch.float32, backbone=False)
    detector = detr_core.load(id, tmp_path / "start.safetensors").train()
    pictures = maps_for(detector, batch())
    optimizer = torch.optim.AdamW([p for p in detector.parameters() if p.requires_grad], 5e-4)
    totals = []
    for _ in range(6):
        optimizer.zero_grad()
        totals.append(train_losses(detector, pictures).total)
        totals[-1].backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), 1.0)
        optimizer.step()
        for scheme in detector.schemes:
            scheme.after_step(detector)
    assert totals[-1].item() < totals[0].item()


def test_saved_weights_load_into_an_equal_detector(id: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save(detector_of(id), path, torch.float32, backbone=False)
    loaded = detr_core.load(id, path)
    with torch.no_grad():
        assert difference(run(id), loaded(maps_for(loaded, batch()))) == 0
    assert loaded.recipe.sizes() == detector_of(id).recipe.sizes()
