"""A COCO folder is read as it is meant, and every flaw in it is named with its file, its id and a remedy."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from detr_core.data import CocoDataset, DataError, open_dataset

GOOD = {
    "images": [
        {"id": 7, "file_name": "a.png", "width": 40, "height": 20},
        {"id": 3, "file_name": "sub/b.png", "width": 30, "height": 30},
    ],
    "categories": [{"id": 90, "name": "toothbrush"}, {"id": 2, "name": "bicycle"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 90, "bbox": [10, 5, 20, 10], "area": 150.5, "iscrowd": 0},
        {"id": 2, "image_id": 7, "category_id": 2, "bbox": [0, 0, 4, 4]},
        {"id": 3, "image_id": 7, "category_id": 2, "bbox": [0, 0, 40, 20], "iscrowd": 1},
    ],
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "sub").mkdir()
    Image.new("RGB", (40, 20), (9, 9, 9)).save(folder / "a.png")
    Image.new("RGB", (30, 30), (8, 8, 8)).save(folder / "sub" / "b.png")
    return folder


def opened(table, pictures: Path, tmp_path: Path) -> CocoDataset:
    file = tmp_path / "labels.json"
    file.write_text(table if isinstance(table, str) else json.dumps(table))
    return CocoDataset(pictures, file)


def changed(path: list, value) -> dict:
    """A copy of the good table with one value replaced, or removed where it is `...`."""
    table = copy.deepcopy(GOOD)
    place = table
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    elif isinstance(place, list) and path[-1] == len(place):
        place.append(value)
    else:
        place[path[-1]] = value
    return table


def test_reads_labels_boxes_sizes_and_empty_pictures(pictures, tmp_path):
    dataset = opened(GOOD, pictures, tmp_path)
    assert dataset.names == ("bicycle", "toothbrush") and len(dataset) == 2 and dataset.report.warnings == []
    picture, targets = dataset[0]
    assert (picture.mode, picture.size) == ("RGB", (40, 20))
    assert (targets.image_id, targets.size, targets.labels.tolist()) == (7, (20, 40), [1, 0])  # the crowd is no target
    assert np.allclose(targets.boxes, [[0.5, 0.5, 0.5, 0.5], [0.05, 0.1, 0.1, 0.2]])
    empty = dataset[1][1]
    assert empty.image_id == 3 and empty.boxes.shape == (0, 4) and empty.labels.shape == (0,)


def test_evaluation_gets_contiguous_categories_crowds_and_areas(pictures, tmp_path):
    dataset = opened(GOOD, pictures, tmp_path)
    table, coco = dataset.annotations(), dataset.coco()
    assert table["categories"] == [{"id": 0, "name": "bicycle"}, {"id": 1, "name": "toothbrush"}]
    assert [(row["category_id"], row["area"], row["iscrowd"]) for row in table["annotations"]] == [(1, 150.5, 0), (0, 16, 0), (0, 800, 1)]
    assert sorted(coco.getImgIds()) == [3, 7] and coco.getAnnIds(imgIds=[3]) == []


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


def one_picture(tmp_path: Path, size: tuple[int, int]) -> CocoDataset:
    file = tmp_path / "one.json"
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}
    image = {"id": 1, "file_name": "p.jpg", "width": size[0], "height": size[1]}
    file.write_text(json.dumps({"images": [image], "categories": [{"id": 1, "name": "a"}], "annotations": [box]}))
    return CocoDataset(tmp_path, file)


@pytest.mark.parametrize("recorded", [(40, 20), (20, 40)], ids=["as stored", "upright"])
def test_exif_turned_pictures_take_the_orientation_the_boxes_were_drawn_in(recorded, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "p.jpg", exif=exif.tobytes())
    assert one_picture(tmp_path, recorded)[0][0].size == recorded


def test_pictures_that_do_not_fit_their_record(tmp_path):
    Image.new("RGB", (40, 20)).save(tmp_path / "p.jpg")
    with pytest.raises(DataError, match=r"one.json: image 1 \('p.jpg'\) has 40 x 20, not 30 x 30 pixels"):
        one_picture(tmp_path, (30, 30))[0]
    (tmp_path / "p.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"image 1 \('p.jpg'\) cannot be used: This is not a picture"):
        one_picture(tmp_path, (30, 30))[0]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    secret = tmp_path / "secret.jpg"
    Image.new("RGB", (40, 20)).save(secret)
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "p.jpg").symlink_to(secret)
    with pytest.raises(DataError, match="leaves the folder"):
        one_picture(folder, (40, 20))[0]


def test_fingerprint_follows_the_data(pictures, tmp_path):
    first = opened(GOOD, pictures, tmp_path).fingerprint
    assert opened(GOOD, pictures, tmp_path).fingerprint == first
    assert opened(changed(["annotations", 0, "bbox"], [1, 1, 2, 2]), pictures, tmp_path).fingerprint != first


LAYOUTS = [
    ("annotations/instances_val2017.json", "val2017"),
    ("annotations/instances_val.json", "images/val"),
    ("instances_val.json", "images"),
    ("annotations/val.json", "val"),
    ("valid/_annotations.coco.json", "valid"),
    ("instances_val.json", "."),
]


@pytest.mark.parametrize(("annotations", "images"), LAYOUTS)
def test_usual_folder_layouts_open_by_path(annotations, images, tmp_path):
    for folder in ((tmp_path / annotations).parent, tmp_path / images):
        folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 20)).save(tmp_path / images / "p.jpg")
    table = {"images": [{"id": 1, "file_name": "p.jpg", "width": 40, "height": 20}], "categories": [{"id": 1, "name": "a"}]}
    (tmp_path / annotations).write_text(json.dumps({**table, "annotations": []}))
    assert len(open_dataset(tmp_path, "val")) == 1
    with pytest.raises(DataError, match="no annotations for the split 'train'"):
        open_dataset(tmp_path, "train")


@pytest.mark.parametrize(("name", "split"), [("nothing", "train"), ("scenes", "test"), ("trees", "../val"), (".", "../val")])
def test_unknown_data_sets_and_splits(name, split):
    with pytest.raises(DataError):
        open_dataset(name, split)


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
