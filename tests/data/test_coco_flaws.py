"""Every flaw in a COCO table is named with its file, its id and a remedy."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detr_core.data import CocoDataset, DataError

from .coco_table import GOOD, changed, opened

FATAL = [
    (["images"], ..., '"images" is missing'),
    (["annotations"], ..., '"annotations" is missing'),
    (["categories"], {}, '"categories" is missing'),
    (["annotations", 0], 5, "not an object"),
    (["categories"], [], "no category"),
    (["images"], [], "no image"),
    (["images", 0, "id"], ..., "image number 1"),
    (["images", 0, "id"], "7", "'7'; give it a whole number"),
    (["images", 1, "id"], 7, "image 7 appears twice"),
    (["categories", 1, "id"], 90, "category 90 appears twice"),
    (["annotations", 1, "id"], 1, "annotation 1 appears twice"),
    (["annotations", 0, "image_id"], 8, "annotation 1 belongs to the image 8"),
    (["annotations", 0, "image_id"], [7], r"annotation 1 belongs to the image \[7\]"),
    (["annotations", 0, "category_id"], 1, "annotation 1 has the category 1"),
    (["annotations", 0, "category_id"], ..., "annotation 1 has the category None"),
    (["annotations", 0, "bbox"], ..., "annotation 1 has the bbox None"),
    (["annotations", 0, "bbox"], [1, 2, 3], "four finite numbers"),
    (["annotations", 0, "bbox"], [1, 2, 3, "4"], "four finite numbers"),
    (["annotations", 0, "bbox"], [1, 2, 3, float("nan")], "four finite numbers"),
    (["annotations", 0, "bbox"], [1, 2, 3, float("inf")], "four finite numbers"),
    (["annotations", 0, "bbox"], [1, 2, 3, True], "four finite numbers"),
    (["annotations", 0, "iscrowd"], "no", "iscrowd 'no'"),
    (["categories", 0, "name"], ..., "category 90 has no name"),
    (["categories", 0, "name"], "bicycle", "name 'bicycle' of another"),
    (["images", 0, "file_name"], ..., "image 7 has no file_name"),
    (["images", 0, "file_name"], "gone.png", "image 7: the file 'gone.png' is not in"),
    (["images", 0, "file_name"], "../a.png", "leaves the folder"),
    (["images", 0, "file_name"], "sub/../../a.png", "leaves the folder"),
    (["images", 0, "file_name"], "/etc/passwd", "leaves the folder"),
    (["images", 0, "file_name"], "C:\\secret.png", "leaves the folder"),
    (["images", 0, "file_name"], "..\\a.png", "leaves the folder"),
    (["images", 0, "file_name"], "a\0.png", "leaves the folder"),
    (["images", 0, "file_name"], "sub", "the file 'sub' is not in"),
    (["images", 0, "width"], 0, "image 7 has the size 0 x 20"),
    (["images", 0, "height"], ..., "image 7 has the size 40 x None"),
    (["images", 0, "height"], 20.5, "image 7 has the size 40 x 20.5"),
]


@pytest.mark.parametrize(("path", "value", "says"), FATAL, ids=[f"{'.'.join(map(str, p))}={v!r:.30}" for p, v, _ in FATAL])
def test_fatal_flaws_are_explained(path, value, says, pictures, tmp_path):
    with pytest.raises(DataError, match=says) as error:
        opened(changed(path, value), pictures, tmp_path)
    message = str(error.value)
    assert message.startswith("labels.json: ") and "Traceback" not in message
    assert all(line.rstrip().endswith(".") for line in message.splitlines())


MENDED = [
    ([10, 5, 0, 4], "left out"),
    ([10, 5, -3, 4], "not two corners"),
    ([50, 5, 4, 4], "outside"),
    ([-9, -9, 4, 4], "outside"),
    ([30, 5, 30, 4], "clipped"),
]


@pytest.mark.parametrize(("box", "says"), MENDED)
def test_boxes_that_cannot_be_right_are_mended_with_a_warning(box, says, pictures, tmp_path):
    dataset = opened(changed(["annotations", 0, "bbox"], box), pictures, tmp_path)
    (warning,) = dataset.report.warnings
    assert says in warning and "annotation 1 of image 7" in warning
    boxes = dataset.targets(0).boxes
    assert len(boxes) == (2 if says == "clipped" else 1)
    assert ((boxes[:, :2] + boxes[:, 2:] / 2) <= 1 + 1e-6).all()


def test_all_flaws_are_collected_and_the_message_stays_short(pictures, tmp_path):
    table = copy.deepcopy(GOOD)
    table["annotations"] = [{"id": i, "image_id": 7, "category_id": 5, "bbox": [0, 0, 1, 1]} for i in range(50)]
    with pytest.raises(DataError, match="45 more") as error:
        opened(table, pictures, tmp_path)
    assert len(error.value.report.errors) == 50 and str(error.value).count("\n") == 5


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"images": 1}', "[" * 100_000, '{"images": ' + "9" * 5000 + "}", "\0"])
def test_what_is_no_coco_json(text, pictures, tmp_path):
    with pytest.raises(DataError, match=r"labels\.json"):
        opened(text, pictures, tmp_path)


def test_missing_files_and_folders(pictures, tmp_path):
    with pytest.raises(DataError, match="no such annotation file"):
        CocoDataset(pictures, tmp_path / "none.json")
    with pytest.raises(DataError, match="no folder of pictures"):
        CocoDataset(tmp_path / "none", tmp_path / "none.json")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = [[key] for key in GOOD] + [[key, 0] for key in GOOD] + [[key, 0, field] for key, rows in GOOD.items() for field in rows[0]]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(PLACES), JSON_VALUES)
def test_any_replaced_value_is_accepted_or_explained(tmp_path_factory, pictures, path, value):
    folder = tmp_path_factory.getbasetemp()
    try:
        dataset = opened(changed(path, value), pictures, folder)
        for index in range(len(dataset)):
            boxes = dataset.targets(index).boxes
            assert (boxes >= 0).all() and (boxes <= 1).all()
    except DataError as error:
        assert "labels.json" in str(error)
