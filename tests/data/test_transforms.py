"""Boxes follow the pixels through every augmentation, and a seed fixes a view."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from detr_core.data import Scenes, TrainingView, collate, open_dataset, training_transform
from detr_core.data.transforms import RECIPES, QuarterTurn, SizedCrop, Zoom
from detr_core.structures import Targets

TINY = SimpleNamespace(short=128, long=213, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
NAMES = [*RECIPES, "a COCO folder"]


def picture_with_box(width: int, height: int, box: tuple[int, int, int, int]) -> tuple[Image.Image, Targets]:
    """A dark picture with one bright rectangle (x1, y1, x2, y2), labelled 4."""
    pixels = np.full((height, width, 3), 20, np.uint8)
    x1, y1, x2, y2 = box
    pixels[y1:y2, x1:x2] = 250
    relative = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height]
    return Image.fromarray(pixels), Targets(torch.tensor([4]), torch.tensor([relative]), 11, (height, width))


def bright_extent(tensor: torch.Tensor) -> list[float]:
    """Relative x1, y1, x2, y2 of what is bright."""
    mask = (tensor.mean(0) > tensor.mean(0).amin() + 0.6 * (tensor.mean(0).amax() - tensor.mean(0).amin())).numpy()
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    return [columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 10_000), st.integers(60, 300), st.integers(60, 300), st.data())
def test_boxes_stay_on_their_pixels(name, seed, width, height, data):
    x1, y1 = data.draw(st.integers(0, width - 30)), data.draw(st.integers(0, height - 30))
    box = (x1, y1, data.draw(st.integers(x1 + 25, width)), data.draw(st.integers(y1 + 25, height)))
    torch.manual_seed(seed)
    tensor, targets = training_transform(name, TINY)(*picture_with_box(width, height, box))
    assert tensor.dtype == torch.float32 and tensor.shape[0] == 3 and torch.isfinite(tensor).all()
    assert (targets.image_id, targets.size) == (11, (height, width))
    assert len(targets.labels) == len(targets.boxes) <= 1
    if len(targets) and float(tensor.max() - tensor.min()) > 0.8:
        x, y, w, h = targets.boxes[0].tolist()
        seen = bright_extent(tensor)
        slack = [3.5 / tensor.shape[2], 3.5 / tensor.shape[1]] * 2
        assert all(abs(a - b) < s for a, b, s in zip(seen, (x - w / 2, y - h / 2, x + w / 2, y + h / 2), slack))


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_fixes_a_view_and_another_seed_changes_it(name):
    view, sample = training_transform(name, TINY), Scenes("train", 1)[0]
    views = []
    for seed in (5, 5, 6, 7, 8):
        torch.manual_seed(seed)
        np.random.seed(seed + len(views))  # other generators have no say
        views.append(view(*sample))
    assert torch.equal(views[0][0], views[1][0]) and torch.equal(views[0][1].boxes, views[1][1].boxes)
    assert any(view[0].shape != views[0][0].shape or not torch.equal(view[0], views[0][0]) for view in views[2:])


@pytest.mark.parametrize("name", NAMES)
def test_pictures_without_objects_pass(name):
    empty = Targets(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4), 1, (90, 120))
    for seed in range(4):
        torch.manual_seed(seed)
        tensor, targets = training_transform(name, TINY)(Image.new("RGB", (120, 90)), empty)
        assert targets.boxes.shape == (0, 4) and targets.labels.shape == (0,) and tensor.shape[0] == 3


def test_detr_recipe_has_the_papers_sizes():
    official = SimpleNamespace(short=800, long=1333, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    view, sides = training_transform("coco", official), set()
    sample = picture_with_box(64, 48, (10, 10, 40, 40))
    for seed in range(12):
        torch.manual_seed(seed)
        tensor, _ = view(*sample)
        assert max(tensor.shape) <= 1333
        sides.add(min(tensor.shape[1:]))
    assert len(sides) > 4 and sides <= set(range(480, 801, 32)) | set(range(300, 1334))


def test_pixels_are_normalised_as_the_backbone_expects():
    view = TrainingView(torch.nn.Identity(), TINY)
    view.recipe = lambda image, boxes: (image, boxes)
    tensor, _ = view(*picture_with_box(40, 40, (0, 0, 40, 40)))
    assert torch.allclose(tensor, torch.full_like(tensor, (250 / 255 - 0.5) / 0.5))


def test_what_a_crop_leaves_of_an_object_decides_whether_it_counts():
    sample = picture_with_box(100, 100, (0, 0, 40, 40))
    for keep, count in ((0.0, 1), (0.3, 0)):
        view = TrainingView(lambda image, boxes: (image[..., 30:, 30:], _shifted(boxes, 30, 70)), TINY, keep)
        assert len(view(*sample)[1]) == count  # 10 x 10 of 40 x 40 remains


def _shifted(boxes, by: int, side: int):
    from torchvision import tv_tensors

    return tv_tensors.wrap(boxes.as_subclass(torch.Tensor) - by, like=boxes, canvas_size=(side, side))


def test_transforms_tell_their_settings_so_that_caches_notice_a_change():
    assert repr(Zoom(320, (0.5, 2.0))) == "Zoom(side=320, scale=(0.5, 2.0))"
    assert repr(SizedCrop(3, 4)) == "SizedCrop(smallest=3, largest=4)" and repr(QuarterTurn()) == "QuarterTurn()"
    views = {repr(training_transform(name, TINY)) for name in NAMES}
    assert len(views) == len(NAMES) and not any(" at 0x" in text for text in views)


def test_views_of_different_sizes_become_one_padded_batch():
    trees = open_dataset("trees", "train")
    torch.manual_seed(0)
    items = [training_transform("folder", TINY)(*trees[index]) for index in (1, 2, 3)]
    batch = collate(items, multiple=32)
    assert batch.images.shape[0] == 3 and all(side % 32 == 0 for side in batch.images.shape[2:])
    assert [len(t) for t in batch.targets] == [len(t) for _, t in items]
