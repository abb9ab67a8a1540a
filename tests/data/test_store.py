"""A data set is seen by its owner alone, is whole or not there, and trains from where it says."""
from __future__ import annotations

import json
from dataclasses import replace

import pytest

from detr_core.cli.program import main
from detr_core.data import DataError, open_dataset
from detr_core.data.check import Limits
from detr_core.data.store import Datasets

from .zoo import LAYOUTS, TRAIN, VAL, coco, lay, packed, photo, yolo

LIMITS = Limits(free=0)


@pytest.fixture
def kept(tmp_path) -> Datasets:
    return Datasets(tmp_path / "data", limits=LIMITS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_archive_becomes_a_set_that_trains(layout, kept, tmp_path):
    stages: list[str] = []
    path = packed(LAYOUTS[layout](), tmp_path / "a.zip", "top/")
    made = kept.add_archive("ann", path, "my\n photos.zip", lambda stage, *_: stages.append(stage))
    assert (made.name, made.owner, made.report.layout, made.report.verdict) == ("my photos", "ann", layout, "fine")
    assert list(dict.fromkeys(stages)) == ["unpacking", "reading", "mending"]
    assert [len(open_dataset(made.source, split)) for split in ("train", "val")] == [TRAIN, VAL]
    table = made.table()
    assert made.picture(table.files[0], tuple(table.sizes[0].tolist())).size == (64, 48)
    again = Datasets(kept.folder.parent, limits=LIMITS).get("ann", made.id)
    assert again.report == made.report and again.source == made.source, "a restart changes nothing"
    assert json.loads((made.folder / "report.json").read_text())["verdict"] == "fine"


def test_nobody_sees_or_deletes_what_is_anothers(kept, tmp_path):
    made = kept.add_archive("ann", packed(coco(), tmp_path / "a.zip"), "a")
    assert kept.list("ann")[0].id == made.id
    assert [each.id for each in kept.list("bob")] == ["trees", "scenes"]
    for id in (made.id, "0" * 16, "../" + made.id, "", "trees/../" + made.id):
        for act in (kept.get, kept.delete):
            with pytest.raises(DataError, match="no such data set"):
                act("bob", id)
    for name in ("../dataset.json", "/etc/passwd", "../../" + made.id + "/report.json", ""):
        with pytest.raises(DataError, match="no such picture"):
            made.picture(name)
    kept.delete("ann", made.id)
    assert not made.folder.exists()
    with pytest.raises(DataError, match="no such data set"):
        kept.get("ann", made.id)


def test_what_cannot_be_used_leaves_nothing_behind(kept, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no zip")
    for path in (tmp_path / "a.zip", packed({"a.jpg": photo(1)}, tmp_path / "b.zip")):
        with pytest.raises(DataError):
            kept.add_archive("ann", path, "a")
    assert list(kept.folder.iterdir()) == []
    (kept.folder / ("1" * 16 + ".partial")).mkdir()
    Datasets(kept.folder.parent)
    assert list(kept.folder.iterdir()) == [], "a check that a dead server left is swept away"


def test_a_blocking_finding_is_kept_to_be_read_but_does_not_train(kept, tmp_path):
    files = yolo()
    files["train/labels/000.txt"] = "7 .5 .5 .2 .2\n"
    made = kept.add_archive("ann", packed(files, tmp_path / "a.zip"), "a")
    assert made.report.verdict == "blocking"
    with pytest.raises(DataError, match="cannot be trained on"):
        _ = made.source


def test_limits_of_an_owner(kept, tmp_path):
    path = packed(coco(), tmp_path / "a.zip")
    kept.limits = replace(LIMITS, sets=1)
    kept.add_archive("ann", path, "a")
    with pytest.raises(DataError, match="1 data sets"):
        kept.add_archive("ann", path, "b")
    kept.limits = replace(LIMITS, owned=20_000)
    with pytest.raises(DataError, match=r"take 0 bytes of the 19\.5 KB that one person may have here, and this needs .*: delete old ones"):
        kept.add_archive("bob", path, "b")
    kept.limits, kept.elsewhere = replace(LIMITS, owned=2**30), {"bob": 2**30, "eve": 0}.get
    with pytest.raises(DataError, match=r"take 1\.0 GB of the 1\.0 GB"):
        kept.add_archive("bob", path, "b")          # full of jobs
    made = kept.add_archive("eve", path, "b")
    assert kept.used("eve") == made.report.facts["bytes"] > 0 and kept.used("bob") == 0


def test_folders_of_the_server(tmp_path):
    (tmp_path / "photos").mkdir()
    sound, other = lay(coco(), tmp_path / "photos" / "sound"), lay(yolo(), tmp_path / "photos" / "other")
    lay(coco(), tmp_path / "secret")
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "secret")
    kept = Datasets(tmp_path / "data", [tmp_path / "photos"], LIMITS)
    assert list(kept.offered()) == ["photos", "photos/other", "photos/sound"]
    for path in (tmp_path / "secret", tmp_path / "photos" / "link", tmp_path / "photos" / ".." / "secret", "photos/nowhere", "/", ""):
        with pytest.raises(DataError, match="not among those"):
            kept.add_folder("ann", path)
    here = kept.add_folder("ann", "photos/sound")
    assert here.source == str(sound), "a sound COCO folder is used where it is"
    linked = kept.add_folder("ann", other)
    assert linked.source != str(other) and len(open_dataset(linked.source)) == TRAIN
    kept.delete("ann", here.id)
    kept.delete("ann", linked.id)
    assert len(list(other.rglob("*.jpg"))) == len(list(sound.rglob("*.jpg"))) == TRAIN + VAL


def test_the_bundled_sets_are_checked_and_everybodys(kept):
    trees, scenes = kept.bundled()
    assert (trees.source, scenes.source, trees.folder) == ("trees", "scenes", None)
    assert trees.report.verdict == scenes.report.verdict == "fine"
    assert scenes.report.facts["splits"]["train"]["pictures"] == 2000
    assert [row["name"] for row in scenes.report.facts["classes"]] == list(open_dataset("scenes").names)
    table = scenes.table()
    image, targets = open_dataset("scenes", "val")[3]
    place = table.files.index("val_000003.jpg")
    assert len(table.of(place)) == len(targets.labels) and scenes.picture("val_000003.jpg").tobytes() == image.tobytes()
    with pytest.raises(DataError):
        scenes.picture("../../x.jpg")
    with pytest.raises(DataError, match="belong to everybody"):
        kept.delete("ann", "trees")


def test_the_command_line_says_the_same(tmp_path, capsys):
    files = coco()
    files["annotations/instances_train.json"]["annotations"][0]["bbox"] = [200, 200, 5, 5]
    path = packed(files, tmp_path / "a.zip")
    assert main(["check", "--data", str(path), "--json", "--variant", "detr"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "warning" and told["facts"]["fit"]["queries"] > 0
    assert [found["code"] for found in told["findings"] if found["verdict"] == "warning"] == ["box_gone"]
    assert main(["check", "--data", str(path), "--out", str(tmp_path / "out"), "--layout", "voc"]) == 0
    said = capsys.readouterr().out
    assert "Boxes that lie outside their picture: 1." in said and "annotation 0" in said
    assert main(["check", "--data", str(tmp_path / "out")]) == 0
    assert "FINE: voc layout, 32 pictures, 63 boxes" in capsys.readouterr().out
    files["annotations/instances_train.json"]["categories"] = []
    assert main(["check", "--data", str(lay(files, tmp_path / "bad"))]) == 1
    assert main(["check", "--data", str(tmp_path / "nowhere")]) == 2
