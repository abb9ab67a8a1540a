"""Boxes of any numbers end inside their pictures, forms are recognised by all boxes together, splits keep series together."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detr_core.data.check.boxes import NATIVE, Form, form_of, mend, repeated, to_corners
from detr_core.data.check.splits import chosen, groups, series_of, source_of

NUMBER = st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([0.0, 1.0, -0.0, 1e-9, 63.5, 64.0])
SIDES = st.integers(1, 5000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), min_size=1, max_size=6), SIDES, SIDES)
def test_mended_boxes_lie_inside_and_need_no_more_mending(boxes, width, height):
    corners, sizes = np.array(boxes), np.tile([width, height], (len(boxes), 1))
    mended = mend(corners, sizes)
    kept = mended.boxes[mended.kept]
    assert (kept[:, :2] >= 0).all() and (kept[:, :2] + kept[:, 2:] <= sizes[mended.kept] * (1 + 1e-9)).all() and (kept[:, 2:] >= 0.5).all()
    assert (mended.kept == ~(mended.faults["box_empty"] | mended.faults["box_gone"])).all()
    again = mend(to_corners(kept, Form("xywh"), sizes[mended.kept]), sizes[mended.kept])
    assert np.allclose(again.boxes, kept) and again.kept.sum() >= (kept[:, 2:] > 0.5 + 1e-6).all(1).sum()
    assert not any(fault[(kept[:, 2:] > 0.5 + 1e-6).all(1)].any() for fault in again.faults.values())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(40, 2000), st.integers(40, 2000))
def test_sound_boxes_stay_as_they_are(seed, width, height):
    """The usual form is never doubted for a set whose boxes fit it."""
    sizes = np.tile([width, height], (30, 1))
    corners = np.sort(np.random.default_rng(seed).random((30, 2, 2)), 1).reshape(30, 4) * [width, height, width, height]
    corners = corners[((corners[:, 2:] - corners[:, :2]) >= 2).all(1)]
    sizes = sizes[:len(corners)]
    native = {"coco": np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], 1), "voc": corners}
    for layout, boxes in native.items():
        assert form_of(boxes, NATIVE[layout], sizes) == NATIVE[layout]
        mended = mend(to_corners(boxes, NATIVE[layout], sizes), sizes)
        assert mended.kept.all() and not any(fault.any() for fault in mended.faults.values())
        assert np.allclose(mended.boxes, native["coco"])


FORMS = [Form(kind, unit) for kind in ("xywh", "xyxy", "cxcywh") for unit in (False, True)]


def written(corners: np.ndarray, form: Form, sizes: np.ndarray) -> np.ndarray:
    first, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    parts = {"xyxy": (first, corners[:, 2:]), "xywh": (first, size), "cxcywh": (first + size / 2, size)}[form.kind]
    return np.concatenate(parts, 1) / (np.tile(sizes, 2) if form.unit else 1)


@pytest.mark.parametrize("layout", NATIVE)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_form_that_boxes_were_written_in_is_recognised(layout, form):
    """Large objects all over the picture, some of them with wrong numbers."""
    rng = np.random.default_rng(3)
    sizes = np.tile([640, 480], (200, 1))
    centre, half = rng.uniform(.25, .75, (200, 2)) * [640, 480], rng.uniform(40, 110, (200, 2))
    corners = np.concatenate([centre - half, centre + half], 1)
    boxes = written(corners, form, sizes)
    boxes[::50] = 9999
    assert form_of(boxes, NATIVE[layout], sizes) == form


def test_a_few_wrong_boxes_do_not_change_the_form():
    sizes, boxes = np.tile([100, 100], (40, 1)), np.tile([50.0, 50, 30, 30], (40, 1))
    boxes[:7] = [60, 60, 90, 90]
    assert form_of(boxes, Form("xywh"), sizes) == Form("xywh")
    assert form_of(boxes[:7], Form("xywh"), sizes[:7]) == Form("xywh"), "seven boxes are no evidence"


def test_the_same_box_counts_once_a_class():
    boxes = np.array([[1, 1, 5, 5], [1, 1, 5, 5], [1, 1, 5, 5], [1, 1, 5, 5.001], [1, 1, 5, 5]], float)
    twice, conflict = repeated(np.array([0, 0, 0, 0, 1]), np.array([0, 0, 1, 1, 0]), boxes)
    assert twice.tolist() == [False, True, False, True, False] and conflict.tolist() == [False, False, True, False, False]


def test_frames_of_a_video_stay_on_one_side():
    files = [f"videos/ride{ride}_frame{frame:04d}.jpg" for ride in range(8) for frame in range(25)]
    names, kind = groups(files, [str(place) for place in range(200)])
    assert kind == "series" and len(set(names)) == 8
    val = chosen(names, 0.2, seed=0)
    assert val == chosen(list(reversed(names)), 0.2, seed=0), "the order of the files does not matter"
    assert 25 <= sum(name in val for name in names) <= 75


def test_augmented_copies_and_equal_files_stay_on_one_side():
    files = [f"{stem}_jpg.rf.{letter * 32}.jpg" for stem in ("a", "b", "c") for letter in "0a1b"]
    assert source_of(files[0]) == source_of(files[3]) != source_of(files[4])
    names, kind = groups(files, [str(place) for place in range(12)])
    assert kind == "source" and len(set(names)) == 3
    names, kind = groups(["x.jpg", "y.jpg", "z.jpg"], ["same", "other", "same"])
    assert kind == "picture" and names[0] == names[2] != names[1]


@pytest.mark.parametrize(("file", "series"), [("a/clip_012.png", "a/clip"), ("a/clip-frame-9.png", "a/clip"), ("k1_f003.jpg", "./k1"),
                                              ("IMG_2044.JPG", "./IMG_2044"), ("7.jpg", "./7")])
def test_names_tell_the_series(file, series):
    assert series_of(file) == series
