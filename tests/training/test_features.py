"""Cached features must be those of the backbone, survive interruption, and never be taken for others."""
from __future__ import annotations

import pickle

import pytest
import torch
from job import small_detector
from painted import Painted

from detr_core import Batch
from detr_core.training import features
from detr_core.training.evaluate import AsInference
from detr_core.training.features import FeatureCache, collate_features, fingerprint
from detr_core.training.views import Live


@pytest.fixture(scope="module")
def detector():
    return small_detector().eval()


@pytest.fixture
def cache(detector, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "CHUNK", 4)
    made = FeatureCache(tmp_path, Live(Painted(10), AsInference(detector.preprocess)), 10)
    made.make(detector.backbone)
    return made


def test_cached_and_live_pictures_give_the_same_predictions(detector, cache):
    keys = [(0, 1), (0, 7)]
    kept = collate_features([cache[key] for key in keys], 32)
    images, targets = zip(*(cache.source[key] for key in keys))
    with torch.inference_mode():
        live, stored = detector(Batch.of(images, targets, 32)), detector(kept)
    assert torch.allclose(live.boxes, stored.boxes, atol=2e-2) and torch.allclose(live.logits, stored.logits, atol=5e-2)
    assert all(torch.equal(a.boxes, b.boxes) and a.size == b.size and a.image_id == b.image_id for a, b in zip(targets, kept.targets))


def test_views_of_different_sizes_are_padded_together(detector, tmp_path):
    class Mixed(Painted):
        def __getitem__(self, index):
            picture, targets = super().__getitem__(index)
            return picture.resize((64, 40)) if index == 1 else picture, targets

    made = FeatureCache(tmp_path, Live(Mixed(2), AsInference(detector.preprocess)), 2)
    made.make(detector.backbone)
    batch = collate_features([made[0, 0], made[0, 1]], 32)
    assert batch.padded and batch.padding.shape == (2, 64, 64)
    assert not batch.padding[0].any() and batch.padding[1, 40:].all() and not batch.padding[1, :40].any()
    assert all(m.shape[0] == 2 and m.shape[2] == m.shape[3] for m in batch.maps)


def test_making_goes_on_where_it_stopped(detector, cache):
    first, second, last = sorted(cache.folder.iterdir())
    times = first.stat().st_mtime_ns, last.stat().st_mtime_ns
    second.unlink()
    again = FeatureCache(cache.folder, cache.source, 10)
    assert again.missing() == [1]
    again.make(detector.backbone)
    assert (first.stat().st_mtime_ns, last.stat().st_mtime_ns) == times and len(again[0, 5][0]) == len(detector.backbone.channels)
    assert FeatureCache(cache.folder, cache.source, 12).missing() == [2], "a shorter last file is not a full one"
    assert pickle.loads(pickle.dumps(again))[0, 5][2] == (64, 64)


def test_views_are_augmented_by_their_number_alone():
    def jitter(picture, targets):
        return torch.rand(3, 4, 4), targets

    live = Live(Painted(4), jitter, seed=5)
    torch.manual_seed(1)
    first, other, elsewhere = live[0, 2][0], live[1, 2][0], Live(Painted(4), jitter, seed=6)[0, 2][0]
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after), "the run's own random numbers are left alone"
    assert torch.equal(live[0, 2][0], first) and not torch.equal(first, other) and not torch.equal(first, elsewhere)


def test_another_backbone_or_transform_has_another_name(detector):
    same = fingerprint(detector.backbone, "data", AsInference(detector.preprocess))
    assert same == fingerprint(detector.backbone, "data", AsInference(small_detector().preprocess))
    assert same != fingerprint(detector.backbone, "data", AsInference(small_detector(short=32).preprocess))
    changed = small_detector().backbone
    with torch.no_grad():
        next(changed.parameters()).add_(1e-3)
    assert same != fingerprint(changed, "data", AsInference(detector.preprocess))
