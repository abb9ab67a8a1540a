"""Attention followed through the decoder."""
import numpy as np
import pytest

from app.rollout import rollout
from app.runs import AtlasError, Run, shares

from .fake import FakeRunner
from .pictures import painted


def run_of(own: np.ndarray, cross: np.ndarray) -> Run:
    """One head; the same matrices at every one of two layers."""
    facts, arrays = {"layers": 2, "queries": len(own), "views": {}}, {"scores": np.zeros((2, len(own), 1), "f2")}
    for layer in range(2):
        for role, kind, weights in (("self_attention", "between", own), ("cross_attention", "map", cross)):
            path = f"decoder.layers.{layer}.{role}"
            facts["views"][path] = {"kind": kind, "keys": ["weights", "scale"]}
            arrays |= {f"{path}.{key}": value for key, value in shares(weights[None].astype("f4")).items()}
    return Run("r", facts, arrays)


def test_without_other_queries_half_of_every_layer_is_new():
    cross = np.array([[1.0, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(rollout(run_of(np.eye(2), cross), 0), [[.5, 0, 0], [.75, 0, 0]], atol=2e-3)


def test_what_another_query_read_arrives_through_self_attention():
    own, cross = np.array([[0.0, 1], [0, 1]]), np.array([[1.0, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(rollout(run_of(own, cross), 0)[1], [.5 + .125, .125, 0], atol=2e-3)


def test_rollout_of_sampled_points_is_refused_and_factors_are_followed():
    for variant, works in (("deformable_detr", False), ("anchor_detr", True), ("detr", True)):
        facts, arrays = FakeRunner().inspect(painted(), variant, "scenes")
        run = Run("r", facts, arrays)
        if works:
            found = rollout(run, 3)
            assert found.shape == (3, 400) and (found >= 0).all() and found.sum(-1).max() <= 1.01 and (np.diff(found.sum(-1)) > 0).all()
        else:
            with pytest.raises(AtlasError, match="mean or the largest"):
                rollout(run, 3)
