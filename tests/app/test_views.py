"""What the pages draw comes from the network's own numbers, for every kind of attention."""
import numpy as np
import pytest
import torch
from PIL import Image

import detr_core
from app.network import Network
from app.pack import pack
from app.runs import Run
from detr_core.views import QueryMap, RowColumn, SampledPoints, TokenMap, layer_of, views

SIZES = {"classes": 5, "queries": 12}


class Fresh(Network):
    """Random tiny weights instead of bundled ones."""

    def model(self, variant, weights):
        torch.manual_seed(0)
        return detr_core.build(variant, "tiny", **SIZES).eval()


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (81, 160, 3), np.uint8))


def seen(variant: str, image: Image.Image):
    detector = Fresh().model(variant, "")
    with torch.inference_mode(), detr_core.Tape(detector, ("decoder.*",)) as tape:
        output = detector(detector.batch([image]))
    return views(tape.entries, output.memory), tape, output


def test_dense_attention_is_shared_out_completely(image):
    found, _, output = seen("detr", image)
    view = found["decoder.layers.0.cross_attention"]
    assert isinstance(view, TokenMap) and view.shapes == output.memory.shapes
    np.testing.assert_allclose(view.weights.sum(-1), 1, atol=1e-5)
    assert view.level(0).shape[2:] == view.shapes[0]
    assert isinstance(found["decoder.layers.0.self_attention"], QueryMap)


def test_sampled_points_are_the_places_on_the_picture(image):
    found, tape, output = seen("deformable_detr", image)
    view = found["decoder.layers.1.cross_attention"]
    assert isinstance(view, SampledPoints)
    np.testing.assert_allclose(view.weights.sum((-1, -2)), 1, atol=1e-5)
    raw = tape["decoder.layers.1.cross_attention.locations"][0][0].numpy()
    valid = output.memory.valid[0].numpy()
    assert (valid < 1).any(), "the picture must be padded for this test"
    np.testing.assert_allclose(view.locations * valid[:, None], raw, atol=1e-6)


def test_further_notes_of_a_module_do_not_hide_its_view():
    memory = detr_core.structures.Features(torch.zeros(1, 6, 4), torch.zeros(1, 6, dtype=torch.bool), ((2, 3),), padded=False)
    share = torch.full((1, 2, 5, 6), 1 / 6)
    path = "decoder.layers.0.cross_attention"
    assert list(views({f"{path}.weights": [share], f"{path}.scale": [share], "decoder.anchor": [share]}, memory)) == [path]


def test_two_factors_multiply_to_attention_over_places():
    rng = np.random.default_rng(1)
    row, column = rng.dirichlet(np.ones(4), (2, 3)), rng.dirichlet(np.ones(3), (2, 3))
    dense = RowColumn(row, column, ((3, 4),), np.ones((1, 2))).dense()
    np.testing.assert_allclose(dense.level(0)[1, 2], np.outer(column[1, 2], row[1, 2]))
    np.testing.assert_allclose(dense.weights.sum(-1), 1)


def test_several_pictures_are_refused():
    with pytest.raises(ValueError, match="one picture"):
        views({"decoder.layers.0.cross_attention.weights": [torch.zeros(2, 1, 1, 1)]}, None)


def test_layers_are_read_from_the_path():
    assert layer_of("decoder.layers.11.cross_attention") == ("decoder", 11, "cross_attention")
    assert layer_of("query_init") is None


@pytest.mark.parametrize("variant", list(detr_core.VARIANTS))
def test_every_variant_can_be_looked_into(variant, image):
    """A new variant whose attention has no view, or whose proposals come in another shape, shows here first."""
    facts, arrays = Fresh().inspect(image, variant, "scenes")
    run = Run("r", {"picture": {"key": "k", "name": "", "width": 160, "height": 81}, **facts}, arrays)
    layers, queries = facts["layers"], facts["queries"]
    assert arrays["boxes"].shape == (layers, queries, 4) and arrays["scores"].shape == (layers, queries, 5)
    assert all(f"decoder.layers.{i}.cross_attention" in facts["views"] for i in range(layers))
    _, light = run.summary()
    assert light["labels"].shape == light["scores"].shape == (layers, queries)
    assert "proposals.map" not in light or light["proposals.boxes"].shape == (queries, 4)
    kept = run.query(queries - 1)[1]
    assert kept["scores"].shape == (layers, 5)
    assert {f"{path}.{key}" for path, view in facts["views"].items() for key in view["keys"]} <= set(kept)
    pack(*run.summary()), pack(*run.query(0))


def test_the_page_and_predict_say_the_same(image):
    for variant in ("detr", "deformable_detr"):
        facts, arrays = Fresh().inspect(image, variant, "scenes")
        run = Run("r", {"picture": {"key": "k", "name": "", "width": 160, "height": 81}, **facts}, arrays)
        found = Fresh().model(variant, "").predict(image, 0.0)
        said = run.detections(0.0)
        assert [each["query"] for each in said] == found.queries.tolist()[:100] and said
        np.testing.assert_allclose([each["box"] for each in said], found.boxes[:100], atol=0.06)


@pytest.mark.parametrize("variant", [entry["id"] for entry in Fresh().catalogue() if entry["rehearses"]])
def test_a_rehearsal_of_what_was_found_can_be_drawn(variant, image):
    """As on the page: two of the run's own findings stand in for labels."""
    facts, arrays = Fresh().inspect(image, variant, "scenes")
    objects = Run("r", facts, arrays).objects([0, 3])
    facts, arrays = Fresh().rehearse(image, variant, "scenes", objects, 1)
    total = sum(group["size"] for group in facts["groups"])
    assert len(facts["groups"]) == 2 and arrays["boxes"].shape[1] == arrays["wanted"].shape[1] == len(arrays["source"]) == total
    assert set(arrays["matches"][-1]) == {-1, 0, 1}
    pack(facts, arrays)


def test_attention_by_parts_survives_the_way_to_the_page(image):
    """Smallest to tell on a map: shares of each summand and the true scores at the place that was read most."""
    facts, arrays = Fresh().inspect(image, "conditional_detr", "scenes")
    path = "decoder.layers.1.cross_attention"
    assert facts["views"][path]["parts"] == ["content", "spatial"]
    kept = Run("r", facts, arrays).query(2)[1]
    score, content, spatial = kept[f"{path}.peak.scores"].T
    np.testing.assert_allclose(content + spatial, score, atol=1e-3)
    np.testing.assert_allclose(np.exp(score - kept[f"{path}.peak.normaliser"]), kept[f"{path}.scale"], rtol=1e-3)
