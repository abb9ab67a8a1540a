"""A run that was kept says later what it said at once, in the file and in the block the browser reads."""
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.pack import TYPES, pack, unpack
from app.runs import AtlasError, Run, shares

from .fake import FakeRunner
from .pictures import painted

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)
ARRAYS = st.sampled_from(list(TYPES.values())).flatmap(lambda kind: hnp.arrays(kind, SHAPES))


@pytest.fixture(scope="module")
def run() -> Run:
    facts, arrays = FakeRunner().inspect(painted(), "deformable_detr", "scenes")
    return Run("r", {"picture": {"key": "k", "name": "n", "width": 320, "height": 240}, **facts}, arrays)


@given(st.dictionaries(st.text(min_size=1, max_size=8), ARRAYS, max_size=4), st.dictionaries(st.text(), st.text(), max_size=3))
def test_the_browser_reads_what_was_packed(arrays, facts):
    found_facts, found = unpack(pack(facts, arrays))
    assert found_facts == facts and list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_an_array_without_a_browser_type_is_named():
    with pytest.raises(TypeError, match="'wide' is float64"):
        pack({}, {"wide": np.zeros(2)})


def test_a_stored_run_answers_like_the_fresh_one(run, tmp_path):
    run.save(tmp_path / "a.npz")
    again = Run.load(tmp_path / "a.npz", "r")
    assert again.facts == run.facts and again.detections(0.5) == run.detections(0.5)
    assert pack(*again.query(3)) == pack(*run.query(3))


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "assets" / "runs").glob("*.npz")), ids=lambda path: path.stem)
def test_the_runs_the_app_opens_with_can_be_looked_into(path):
    """Also those that were stored before a view learned to say more."""
    stored = Run.load(path, "example:x")
    facts, arrays = stored.query(int(stored.arrays["found.queries"][0]))
    assert arrays["scores"].shape == (stored.facts["layers"], stored.facts["classes"])
    for view in stored.facts["views"]:
        assert any(name.startswith(view) for name in arrays)
    pack(*stored.summary()), pack(facts, arrays)


def test_a_file_that_is_no_run_is_refused_in_words(tmp_path):
    (tmp_path / "b.npz").write_bytes(b"not a run")
    with pytest.raises(AtlasError, match=r"b\.npz cannot be read"):
        Run.load(tmp_path / "b.npz", "r")


@pytest.mark.parametrize("query", [-1, 40, 10**6])
def test_a_query_that_is_not_there_is_refused_in_words(run, query):
    with pytest.raises(AtlasError, match="queries 0 to 39"):
        run.query(query)


def test_the_threshold_keeps_the_best_first(run):
    found = run.detections(0.5)
    assert [each["score"] for each in found] == sorted((each["score"] for each in found), reverse=True)
    assert len(found) == 5 and len(run.detections(0.99)) == 0
    x0, y0, x1, y1 = next(each["box"] for each in found if each["label"] == 0)
    assert 0 < x0 < x1 < 320 and 0 < y0 < y1 < 240


@given(hnp.arrays(np.float32, (2, 3, 7), elements=st.floats(0, 1, width=32)))
def test_eight_bits_keep_attention_within_half_a_step(weights):
    kept = shares(weights)
    back = kept["weights"] / 255 * kept["scale"][..., None]
    assert np.abs(back - weights).max() <= weights.max() / 255 * 0.51 + 1e-7
