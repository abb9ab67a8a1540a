"""Padding, masks and places: what every detector computes from."""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms.v2 import functional as F

from detr_core import VARIANTS, Batch, Targets
from detr_core.necks import flatten
from detr_core.preprocess import IMAGENET, Preprocess

SIZE = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(st.lists(SIZE, min_size=1, max_size=4), st.sampled_from([1, 8, 32]))
def test_pictures_lie_in_the_upper_left_corner_and_the_rest_is_marked(sizes: list[tuple[int, int]], multiple: int) -> None:
    images = [torch.rand(3, h, w) + 1 for h, w in sizes]
    batch = Batch.of(images, multiple=multiple)
    height, width = batch.images.shape[2:]
    assert height % multiple == width % multiple == 0 and height - max(h for h, _ in sizes) < multiple
    for image, stacked, mask in zip(images, batch.images, batch.padding):
        h, w = image.shape[1:]
        assert torch.equal(stacked[:, :h, :w], image) and not mask[:h, :w].any()
        assert mask.sum() == height * width - h * w and not stacked[:, mask].any()
    assert batch.padded == batch.padding.any().item()


@pytest.mark.parametrize(("images", "targets", "says"), [
    ([], None, "at least one"),
    ([torch.zeros(1, 4, 4)], None, "RGB"),
    ([torch.zeros(4, 4)], None, r"\[3, height, width\]"),
    ([torch.zeros(3, 4, 4)], [], "1 pictures came with 0 targets"),
])
def test_what_is_no_batch_is_refused(images: list, targets: list | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Batch.of(images, targets)


@given(st.lists(SIZE, min_size=2, max_size=2, unique=True))
def test_an_unpadded_batch_has_the_features_that_a_mask_without_padding_gives(sizes: list[tuple[int, int]]) -> None:
    """The short way for unpadded pictures must equal the long way over masks."""
    height, width = sizes[0]
    batch = Batch.of([torch.zeros(3, height * 8, width * 8)])
    maps = [torch.rand(1, 4, height, width), torch.rand(1, 4, -(-height // 2), -(-width // 2))]
    short, long = flatten(maps, batch), flatten(maps, batch.but(padded=True))
    assert not short.padded and long.padded and torch.equal(short.padding, long.padding)
    assert torch.equal(short.valid, long.valid) and torch.equal(short.centres, long.centres)
    assert short.key_padding is None and not long.key_padding.any()


def test_centres_end_at_the_pictures_own_edge() -> None:
    """A picture that fills half the width has its last token centre just before 1, and padded tokens beyond."""
    batch = Batch.of([torch.zeros(3, 8, 8), torch.zeros(3, 8, 4)])
    features = flatten([torch.zeros(2, 4, 8, 8)], batch)
    x = features.centres[1].view(8, 8, 2)[0, :, 0]
    assert x[3] == 3.5 / 4 and x[4] > 1 and features.valid[1, 0].tolist() == [0.5, 1.0]


def test_bundles_are_frozen() -> None:
    targets = Targets(torch.zeros(2, dtype=torch.int64), torch.zeros(2, 4))
    with pytest.raises(AttributeError):
        targets.labels = None
    assert len(targets.but(image_id=3)) == 2


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (200, 33)], ids=str)
def test_pictures_are_prepared_to_the_bit_as_the_formula_says(size: tuple[int, int]) -> None:
    """Kept features and stored runs hang on these bits; `normalise` in place must not reach the picture either."""
    preprocess = Preprocess(VARIANTS["detr"].recipe.but(short=64, long=96))
    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(pixels.copy())
    resized = F.resize(image, list(preprocess.size(*size)), antialias=True)
    wanted = F.normalize(F.to_dtype(F.pil_to_tensor(resized), torch.float32, scale=True), *map(list, IMAGENET))
    found = preprocess(image)
    assert torch.equal(found, wanted) and found.is_contiguous() and np.array_equal(np.asarray(image), pixels)
    batch = Batch.of([found])
    assert torch.equal(batch.images[0], wanted) and not batch.padded
