"""What Compare says of costs is measured here, once for everybody."""
from __future__ import annotations

import json

import detr_core
from app.engine import Engine
from app.timing import measure

from .fake import FakeRunner
from .pictures import painted


def test_a_picture_is_timed_step_by_step_and_the_network_counted():
    detector = detr_core.build("deformable_detr", "tiny", classes=5, queries=12, encoder_layers=1, decoder_layers=2).eval()
    found = measure(detector, painted(), rounds=1)
    assert found["input"] == list(detector.batch([painted()]).padding.shape[1:]) and found["precision"] == "float32"
    assert set(found["milliseconds"]) == {"prepare", "network", "read"} and all(time > 0 for time in found["milliseconds"].values())
    assert found["parameters"] == sum(parameter.numel() for parameter in detector.parameters()) and found["flops"] > 1e7
    json.dumps(found)


def test_a_measurement_is_kept_until_somebody_asks_again(assets):
    runner, asked = FakeRunner(), []
    plain = runner.measure
    runner.measure = lambda image, variant, weights: asked.append(variant) or plain(image, variant, weights)
    engine = Engine(lambda: runner, assets)
    for again in (False, False, True):
        assert engine.measure("example:patches", "detr", "scenes", again).result()["precision"] == "float32"
    assert asked == ["detr", "detr"]
