"""Whatever layout a data set comes in, it is recognised, its flaws are named, and real pictures survive it."""
from __future__ import annotations

import numpy as np
import pytest

from detr_core.data import DataError
from detr_core.data.check import Report, check, detect, examine, fit, write
from detr_core.data.named import TREES

from .flaws import codes, drop, examined, put, swap
from .zoo import LAYOUTS, TRAIN, VAL, Files, boxes_of, lay, photo, voc, yolo


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("top", ["", "my photos/export 1/"])
def test_a_sound_set_is_fine_in_every_layout(layout, top, tmp_path):
    folder = lay({top + name: value for name, value in LAYOUTS[layout]().items()}, tmp_path)
    assert detect(folder) == layout
    checked = examine(folder)
    assert checked.report.verdict == "fine", str(checked.report)
    assert checked.table.names == ("cat", "dog") and len(checked.table.boxes) == 2 * (TRAIN + VAL)
    assert {split: row["pictures"] for split, row in checked.report.facts["splits"].items()} == {"train": TRAIN, "val": VAL}
    place = next(i for i, file in enumerate(checked.table.files) if file.endswith("005.jpg"))
    assert np.allclose(checked.table.boxes[checked.table.of(place)], boxes_of(5))
    assert Report.read(checked.report.json()) == checked.report


def in_pixels(files: Files) -> None:
    for number in range(TRAIN):
        lines = [f"{i} {x + w / 2} {y + h / 2} {w} {h}\n" for i, (x, y, w, h) in enumerate(boxes_of(number))]
        files[f"train/labels/{number:03d}.txt"] = "".join(lines)


def from_one(files: Files) -> None:
    for name in [name for name in files if name.endswith(".txt")]:
        files[name] = files[name].replace("\n1 ", "\n2 ").replace("0 ", "1 ", 1)


def one_folder(files: Files) -> None:
    for name in [name for name in files if name.startswith("valid/")]:
        files[name.replace("valid/", "train/")] = files.pop(name)
    files["data.yaml"] = "train: train/images\nval: train/images\nnames: {0: cat, 1: dog}"


LABEL = "Annotations/003.xml"
VOC = [
    ("document type", swap(LABEL, "<annotation>", '<!DOCTYPE a [<!ENTITY x "y">]><annotation>'), "label_unreadable", 62),
    ("not XML", put(LABEL, "<annotation>"), "label_unreadable", 62),
    ("deep", put(LABEL, "<annotation>" + "<a>" * 5000), "label_unreadable", 62),
    ("name of another file", swap(LABEL, "003.jpg", "/home/me/x.png"), None, 64),
    ("no box", swap(LABEL, "xmin", "x", 2), "object_malformed", 63),
    ("corners exchanged", swap("Annotations/000.xml", "<xmin>4.0", "<xmin>40"), "box_reversed", 64),
    ("picture gone", drop("JPEGImages/003.jpg"), "picture_missing", 62),
    ("no lists", lambda f: [f.pop(f"ImageSets/Main/{split}.txt") for split in ("train", "val")], "split_made", 64),
    ("only training", drop("ImageSets/Main/val.txt"), "split_val_made", 64),
]
YOLO = [
    ("from 1", from_one, "class_shifted", 64),
    ("class beyond", put("train/labels/003.txt", "7 .5 .5 .1 .1\n"), "class_unknown", 62),
    ("no names", drop("data.yaml"), "class_unnamed", 64),
    ("aliases", put("data.yaml", "a: &a [x]\nnames: [*a, *a]\n"), "class_unnamed", 64),
    ("outline", put("train/labels/003.txt", "0 .1 .1 .5 .1 .5 .6\n"), "object_outline", 63),
    ("too short", put("train/labels/003.txt", "0 .1 .1\n"), "object_malformed", 62),
    ("no label file", drop("train/labels/003.txt"), "picture_unlabelled", 62),
    ("no picture", drop("train/images/003.jpg"), "picture_missing", 62),
    ("pixels", in_pixels, "box_form", 64),
    ("one folder for both", one_folder, "split_made", 64),
]


@pytest.mark.parametrize(("make", "flaw", "code", "boxes"), [(voc, *case[1:]) for case in VOC] + [(yolo, *case[1:]) for case in YOLO],
                         ids=[f"voc {case[0]}" for case in VOC] + [f"yolo {case[0]}" for case in YOLO])
def test_flaws_of_the_other_layouts(make, flaw, code, boxes, tmp_path):
    files = make()
    flaw(files)
    checked = examined(files, tmp_path)
    assert code is None or code in codes(checked), str(checked.report)
    assert len(checked.table.boxes) == boxes, str(checked.report)


def test_pascal_voc_counts_pixels_from_one(tmp_path):
    files = voc()
    for name in [name for name in files if name.endswith(".xml")]:
        files[name] = files[name].replace("<xmin>4.0<", "<xmin>1<").replace("<xmax>52.0<", "<xmax>64<").replace(".0<", "<")
    checked = examined(files, tmp_path)
    assert "box_from_one" in codes(checked) and checked.table.boxes[0, 0] == 0


@pytest.mark.parametrize("files", [{}, {"a.jpg": photo(1)}, {"notes.txt": "hello"}], ids=["empty", "pictures only", "text only"])
def test_what_is_no_data_set_is_refused_in_a_sentence(files, tmp_path):
    with pytest.raises(DataError, match="No labels were found"):
        check(lay(files, tmp_path / "set") if files else tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_real_trees_survive_every_layout(layout, tmp_path):
    trees = examine(TREES).table
    write(trees, TREES, tmp_path / layout, layout)
    again = examine(tmp_path / layout).table
    assert (len(trees.files), len(trees.boxes)) == (45, 876)
    assert again.names == trees.names and again.splits == trees.splits and (again.sizes == trees.sizes).all()
    assert [file.rpartition("/")[2] for file in again.files] == [file.rpartition("/")[2] for file in trees.files]
    assert (again.pictures == trees.pictures).all() and (again.labels == trees.labels).all()
    assert np.abs(again.boxes - trees.boxes).max() < 1e-4


def test_the_detector_says_what_it_cannot_find():
    trees = examine(TREES).table
    findings, told = fit(trees, 320, 320, 30)
    assert {found.code for found in findings} == {"queries_few"} and findings[0].examples[0].picture.endswith(".jpg")
    assert told["fit"]["most"] == 49 and told["fit"]["over"] == 7
    assert told["fit"]["small"] + told["fit"]["medium"] + told["fit"]["large"] == 876
    assert not fit(trees, 800, 1333, 300)[0]
    assert {found.code for found in fit(trees, 64, 64, 300)[0]} == {"objects_small"}
