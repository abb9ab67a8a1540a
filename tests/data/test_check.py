"""Every flaw that a data set can have is named with an example, and what is mended is what a person would have mended."""
from __future__ import annotations

import numpy as np
import pytest

from detr_core.data import open_dataset
from detr_core.data.check import examine, write

from .flaws import TABLE, Flaw, add, all_boxes, both, codes, drop, examined, image, put, row, table
from .zoo import LAYOUTS, SIZE, TRAIN, VAL, boxes_of, coco, photo, yolo


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
