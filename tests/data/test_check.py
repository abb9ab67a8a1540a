"""Every flaw that a data set can have is named with an example, and what is mended is what a person would have mended."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from detr_core.data import DataError, open_dataset
from detr_core.data.check import Checked, Report, check, detect, examine, fit, write
from detr_core.data.named import TREES

from .zoo import LAYOUTS, SIZE, TRAIN, VAL, Files, boxes_of, coco, lay, photo, voc, yolo

TABLE = "annotations/instances_train.json"
Flaw = Callable[[Files], Any]


def examined(files: Files, tmp_path) -> Checked:
    return examine(lay(files, tmp_path / "set"))


def codes(checked: Checked) -> dict[str, Any]:
    return {found.code: found for found in checked.report.findings}


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


def table(change: Callable[[dict], Any], name: str = TABLE) -> Flaw:
    """A flaw made in a COCO table."""
    return lambda files: change(files[name])


def row(number: int, **values: Any) -> Flaw:
    """A flaw made in one annotation."""
    return table(lambda t: t["annotations"][number].update(values))


def add(**values: Any) -> Flaw:
    """One more annotation."""
    usual = {"id": 9999, "image_id": 0, "category_id": 1, "bbox": [1, 1, 9, 9]}
    return table(lambda t: t["annotations"].append({**usual, **values}))


def all_boxes(make: Callable[[list[float]], list[float]]) -> Flaw:
    return table(lambda t: [item.update(bbox=make(item["bbox"])) for item in t["annotations"]])


def put(name: str, value: Any) -> Flaw:
    return lambda files: files.update({name: value})


def drop(name: str) -> Flaw:
    return lambda files: files.pop(name)


def image(number: int, **values: Any) -> Flaw:
    return table(lambda t: t["images"][number].update(values))


def both(change: Callable[[dict], Any]) -> Flaw:
    """A flaw in the tables of both splits."""
    return lambda files: [change(files[name]) for name in (TABLE, "annotations/instances_val.json")]


def in_order(t: dict) -> None:
    t["categories"] = [{"id": 90, "name": "cat"}, {"id": 7, "name": "dog"}]
    for item in t["annotations"]:
        item["category_id"] = {1: 90, 2: 7}[item["category_id"]]


SEEN = 2 * (TRAIN + VAL)
COCO: list[tuple[str, Flaw, str, int, str]] = [
    ("reaches beyond", row(0, bbox=[50, 30, 40, 40]), "box_outside", SEEN, "warning"),
    ("lies outside", row(0, bbox=[200, 200, 10, 10]), "box_gone", SEEN - 1, "warning"),
    ("no area", row(0, bbox=[10, 10, 0, 10]), "box_empty", SEEN - 1, "warning"),
    ("negative sides", row(0, bbox=[30, 30, -20, -20]), "box_reversed", SEEN, "warning"),
    ("drawn twice", add(bbox=[4, 3, 20, 14]), "box_duplicate", SEEN, "warning"),
    ("two classes", add(bbox=[4, 3, 20, 14], category_id=2), "box_conflict", SEEN + 1, "warning"),
    ("not numbers", row(0, bbox=[1, "x", 2, 2]), "object_malformed", SEEN - 1, "warning"),
    ("not a number", row(0, bbox=[1, float("nan"), 2, 2]), "object_malformed", SEEN - 1, "warning"),
    ("nowhere", add(image_id=777), "object_orphan", SEEN, "warning"),
    ("id twice", row(1, id=0), "object_ids", SEEN, "fine"),
    ("crowd", add(iscrowd=1), "object_crowd", SEEN + 1, "fine"),
    ("outline only", row(0, bbox=[], segmentation=[[4, 3, 24, 3, 24, 17]]), "object_outline", SEEN, "fine"),
    ("picture gone", drop("train/003.jpg"), "picture_missing", SEEN - 2, "warning"),
    ("picture elsewhere", lambda f: f.update({"more/003.jpg": f.pop("train/003.jpg")}), "picture_moved", SEEN, "fine"),
    ("path of another machine", image(3, file_name="C:\\photos\\003.jpg"), "picture_moved", SEEN, "fine"),
    ("path that climbs", image(3, file_name="../../../etc/passwd"), "picture_missing", SEEN - 2, "warning"),
    ("cut off", lambda f: f.update({"train/003.jpg": f["train/003.jpg"][:300]}), "picture_unreadable", SEEN - 2, "warning"),
    ("not a picture", put("train/003.jpg", b"<svg onload=alert(1)>"), "picture_unreadable", SEEN - 2, "warning"),
    ("not listed", put("train/extra.jpg", photo(99)), "picture_unlisted", SEEN, "fine"),
    ("listed twice", table(lambda t: t["images"].append({**t["images"][0], "id": 500})), "picture_repeated", SEEN, "warning"),
    ("one id for two", image(1, id=0), "picture_ids", SEEN - 2, "blocking"),
    ("another shape", image(3, width=500), "picture_misfit", SEEN - 2, "warning"),
    ("sides exchanged", image(3, width=SIZE[1], height=SIZE[0]), "picture_swapped", SEEN, "warning"),
    ("a copy", lambda f: f.update({"train/003.jpg": f["train/004.jpg"]}), "picture_copies", SEEN, "warning"),
    ("without objects", table(lambda t: t["annotations"].__delitem__(slice(0, 2))), "picture_empty", SEEN - 2, "fine"),
    ("gaps in ids", both(in_order), "class_ids", SEEN, "fine"),
    ("a class nobody listed", row(0, category_id=9), "class_unknown", SEEN - 1, "blocking"),
    ("two names for an id", table(lambda t: t["categories"].append({"id": 1, "name": "bird"})), "class_id_twice", SEEN, "blocking"),
    ("no name", both(lambda t: t["categories"][0].pop("name")), "class_unnamed", SEEN, "warning"),
    ("nearly the same", both(lambda t: t["categories"].append({"id": 3, "name": "Cat"})), "class_similar", SEEN, "warning"),
    ("never seen", both(lambda t: t["categories"].append({"id": 3, "name": "owl"})), "class_empty", SEEN, "warning"),
    ("rarely seen", lambda f: (both(lambda t: t["categories"].append({"id": 3, "name": "owl"}))(f), row(0, category_id=3)(f)),
     "class_rare", SEEN, "warning"),
    ("never measured", lambda f: (both(lambda t: t["categories"].append({"id": 3, "name": "owl"}))(f), row(0, category_id=3)(f)),
     "class_unmeasured", SEEN, "warning"),
    ("parent of all", both(lambda t: (t["categories"].append({"id": 0, "name": "pets", "supercategory": "none"}),
                                      [c.update(supercategory="pets") for c in t["categories"][:2]])), "class_unused_parent", SEEN, "fine"),
    ("other numbers in val", table(lambda t: (t.update(categories=[{"id": 5, "name": "dog"}, {"id": 6, "name": "cat"}]),
                                              [a.update(category_id={1: 6, 2: 5}[a["category_id"]]) for a in t["annotations"]]),
                                   "annotations/instances_val.json"), "class_tables", SEEN, "warning"),
    ("counted from 0", both(lambda t: [a.update(category_id=a["category_id"] - 1) for a in t["annotations"]]), "class_shifted", SEEN,
     "warning"),
    ("corners", all_boxes(lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]), "box_form", SEEN, "warning"),
    ("shares", all_boxes(lambda b: [b[0] / 64, b[1] / 48, b[2] / 64, b[3] / 48]), "box_form", SEEN, "warning"),
    ("no JSON", put(TABLE, '{"images": [], "annotations": [], "categories": ['), "table_unreadable", 2 * VAL, "blocking"),
    ("val in train", lambda f: f.update({"train/000.jpg": f["val/024.jpg"]}), "split_leak", SEEN - 2, "warning"),
]


@pytest.mark.parametrize(("flaw", "code", "boxes", "verdict"), [case[1:] for case in COCO], ids=[case[0] for case in COCO])
def test_a_flaw_is_named_and_mended(flaw, code, boxes, verdict, tmp_path):
    files = coco()
    flaw(files)
    checked = examined(files, tmp_path)
    found = codes(checked)
    assert code in found, str(checked.report)
    assert found[code].verdict == verdict and found[code].examples, found[code]
    assert len(checked.table.boxes) == boxes, str(checked.report)
    inside = checked.table.boxes[:, :2] + checked.table.boxes[:, 2:] <= checked.table.sizes[checked.table.pictures]
    assert (checked.table.boxes[:, :2] >= 0).all() and inside.all() and (checked.table.boxes[:, 2:] > 0).all()
    if verdict != "blocking" and checked.report.verdict != "blocking":
        write(checked.table, checked.root, tmp_path / "coco")
        again = examine(tmp_path / "coco")
        left = {each.code for each in again.report.findings if each.mended and each.verdict != "fine"}
        assert not left, "what is mended once needs no mending again"
        assert [open_dataset(tmp_path / "coco", split).report.warnings for split in ("train", "val")] == [[], []]


@pytest.mark.parametrize("case", ["corners", "shares", "counted from 0", "other numbers in val", "negative sides", "parent of all"])
def test_mending_restores_what_was_meant(case, tmp_path):
    files, sound = coco(), examined(coco(), tmp_path / "a").table
    next(flaw for name, flaw, *_ in COCO if name == case)(files)
    if case == "negative sides":
        files[TABLE]["annotations"][0]["bbox"] = [24, 17, -20, -14]
    mended = examined(files, tmp_path / "b").table
    assert mended.names == sound.names and mended.files == sound.files
    assert (mended.labels == sound.labels).all() and np.allclose(mended.boxes, sound.boxes)


@pytest.mark.parametrize(("recorded", "code", "size"), [((48, 64), "picture_turned", (48, 64)), ((64, 48), "picture_unturned", (64, 48))])
def test_boxes_stay_on_a_picture_that_exif_turns(recorded, code, size, tmp_path):
    """A phone's portrait photo: the boxes tell by the size in the labels which way round they were drawn."""
    files = coco()
    files["train/003.jpg"] = photo(3, orientation=6)
    image(3, width=recorded[0], height=recorded[1])(files)
    checked = examined(files, tmp_path)
    assert code in codes(checked)
    write(checked.table, checked.root, tmp_path / "coco")
    data = open_dataset(tmp_path / "coco", "train")
    picture, targets = data[3]
    assert picture.size == size and targets.size == size[::-1]


def test_a_reduced_copy_takes_its_boxes_along(tmp_path):
    files = coco()
    files["train/003.jpg"] = photo(3, (32, 24))
    checked = examined(files, tmp_path)
    assert "picture_resized" in codes(checked)
    assert np.allclose(checked.table.boxes[checked.table.of(3)], np.array(boxes_of(3)) / 2)


def test_validation_that_repeats_training_is_split_anew(tmp_path):
    files = coco()
    for number in range(VAL):
        files[f"val/{TRAIN + number:03d}.jpg"] = files[f"train/{number:03d}.jpg"]
    checked = examined(files, tmp_path)
    splits = checked.report.facts["splits"]
    assert codes(checked)["split_same"].mended and splits["train"]["pictures"] + splits["val"]["pictures"] == TRAIN
    assert splits["val"]["pictures"] == 5


def test_pictures_made_of_one_source_on_both_sides_are_told(tmp_path):
    files = {name.replace("003.jpg", f"road_jpg.rf.{'a1' * 16}.jpg").replace("024.jpg", f"road_jpg.rf.{'b2' * 16}.jpg"): value
             for name, value in yolo().items()}
    files = {name.replace("003.txt", f"road_jpg.rf.{'a1' * 16}.txt").replace("024.txt", f"road_jpg.rf.{'b2' * 16}.txt"): value
             for name, value in files.items()}
    assert codes(examined(files, tmp_path))["split_related"].count == 1


def swap(name: str, old: str, new: str, count: int = -1) -> Flaw:
    """A flaw made in the text of a file."""
    return lambda files: files.update({name: files[name].replace(old, new, count)})


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


def test_hostile_names_are_values(tmp_path):
    files = coco()
    names = ("${document.body.dataset.hacked=1}", "<img src=x onerror=alert(1)>\n{count} {most}")
    both(lambda t: [row.update(name=name) for row, name in zip(t["categories"], names)])(files)
    checked = examined(files, tmp_path)
    assert checked.table.names == (names[0], "<img src=x onerror=alert(1)> {count} {most}")
    for layout in LAYOUTS:
        write(checked.table, checked.root, tmp_path / layout, layout)
        assert examine(tmp_path / layout).table.names == tuple(sorted(checked.table.names) if layout == "voc" else checked.table.names)


def test_more_than_half_lost_is_blocking(tmp_path):
    files = coco()
    for number in range(20):
        del files[f"train/{number:03d}.jpg"]
    checked = examined(files, tmp_path)
    assert checked.report.verdict == "blocking" and codes(checked)["pictures_lost"].count == 20


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
