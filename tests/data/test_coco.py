"""A COCO folder is read as it is meant: labels, boxes, orientations, and the usual names of its files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detr_core.data import CocoDataset, DataError, open_dataset

from .coco_table import GOOD, changed, opened


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
