"""The small parts of learning: parameter groups, schedules, the order of pictures, the weight average."""
from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from job import small_detector
from torch import nn

from detr_core.training.ema import Average
from detr_core.training.optimise import Policy, Schedule, optimizer, parameter_groups
from detr_core.training.order import Order, StepSampler


def test_every_trainable_parameter_is_in_one_group_at_its_rate():
    detector = small_detector("deformable_detr")
    groups = parameter_groups(detector, Policy(rate=2e-4))
    names = [name for group in groups for name in group["names"]]
    assert sorted(names) == sorted(name for name, p in detector.named_parameters() if p.requires_grad)
    share = {name: group["share"] for group in groups for name in group["names"]}
    assert share["decoder.layers.0.cross_attention.offset.weight"] == share["query_init.point.weight"] == pytest.approx(0.1)
    assert share["decoder.layers.0.cross_attention.value.weight"] == 1.0
    assert not any(name.startswith("backbone.") for name in names)              # frozen in tiny detectors


def test_a_learning_backbone_gets_a_tenth():
    model = nn.ModuleDict({"backbone": nn.Linear(2, 2), "head": nn.Linear(2, 2)})
    rates = {group["share"]: group["lr"] for group in optimizer(model, Policy(rate=1e-4)).param_groups}
    assert rates == {0.1: pytest.approx(1e-5), 1.0: pytest.approx(1e-4)}
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="frozen"):
        optimizer(model, Policy())


def test_schedules_start_high_end_low_and_warm_up():
    assert [Schedule("step", 10)(s) for s in (0, 7, 8, 9)] == [1, 1, 0.1, 0.1]
    assert [round(Schedule("linear", 10)(s), 3) for s in (0, 6, 8, 10)] == [1, 1, 0.5, 0]
    assert Schedule("cosine", 10)(5) == pytest.approx(0.5) and Schedule("constant", 10, 4)(0) == 0.25
    with pytest.raises(ValueError, match="linear"):
        Schedule("sawtooth", 10)


@settings(max_examples=60, deadline=None)
@given(pictures=st.integers(1, 40), size=st.integers(1, 5), parts=st.integers(1, 4), seed=st.integers(0, 9), start=st.integers(0, 12))
def test_the_order_shows_every_picture_once_an_epoch_however_it_is_split(pictures, size, parts, seed, start):
    whole, split = Order(pictures, size * parts, seed), Order(pictures, size * parts, seed, parts)
    steps = range(-(-3 * pictures // (size * parts)))
    stream = [key for step in steps for key in whole.step(step)[0]]
    assert stream == [key for step in steps for part in split.step(step) for key in part]
    for epoch in range(3):
        assert sorted(stream[epoch * pictures:(epoch + 1) * pictures]) == [(epoch, i) for i in range(pictures)]
    shares = [list(StepSampler(split, start, start + 3, process, parts)) for process in range(parts)]
    together = [key for batches in zip(*shares) for batch in batches for key in batch]
    assert together == [key for step in range(start, start + 3) for key in whole.step(step)[0]]


def test_an_order_that_cannot_be_split_says_what_would():
    with pytest.raises(ValueError, match="multiple of 3"):
        Order(10, 8, 0, 3)
    with pytest.raises(ValueError, match="no pictures"):
        Order(0, 8, 0)


def test_the_average_follows_slowly_and_copies_what_does_not_move():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    average = Average(model, 0.5)
    start = model[0].weight.detach().clone()
    average.update_parameters(model)
    assert torch.equal(average.module[0].weight, start)
    with torch.no_grad():
        model[0].weight.add_(1.0)
        model[1].num_batches_tracked.add_(7)
    average.update_parameters(model)                                            # young: 2 / 11 is kept, not 0.5
    assert torch.allclose(average.module[0].weight, start + 9 / 11) and int(average.module[1].num_batches_tracked) == 7
    for _ in range(20):
        average.update_parameters(model)
    assert torch.allclose(average.module[0].weight, start + 1, atol=1e-3)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Average(model, 1.0)
