"""A generated picture is always the same, its boxes are right, and it can be written as a COCO folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from detr_core.coco_names import COCO_NAMES
from detr_core.data import CocoDataset, Scenes, scenes
from detr_core.data.scenes import catalogue, compose, layout
from detr_core.data.scenes.__main__ import main

from .record_scenes import COUNT, FILE, record


def test_the_validation_set_never_changes_silently():
    kept = json.loads(FILE.read_text())
    advice = "the scenes changed: raise scenes.VERSION, retrain what was trained on them, and run python -m tests.data.record_scenes"
    assert (kept["version"], kept["seed"], len(kept["scenes"])) == (scenes.VERSION, scenes.SEED, COUNT), advice
    for index, row in enumerate(kept["scenes"]):
        now = record(index)
        assert now["labels"] == row["labels"], f"scene {index}: {advice}"
        assert np.abs(np.subtract(now["boxes"], row["boxes"])).max(initial=0) <= 1, f"scene {index}: {advice}"
        assert np.abs(np.subtract(now["colours"], row["colours"])).max() <= 2, f"scene {index}: {advice}"


@pytest.mark.parametrize("split", catalogue.SPLITS)
def test_boxes_are_inside_tight_and_of_a_visible_size(split):
    for index in range(12):
        scene = scenes.render(3, index, 320, split)
        assert scene.image.shape == (320, 320, 3) and scene.image.dtype == np.uint8
        assert len(scene.boxes) == len(scene.labels) == len(scene.names) >= 1
        sides = scene.boxes[:, 2:] - scene.boxes[:, :2]
        assert (scene.boxes >= 0).all() and (scene.boxes <= 320).all() and (sides > 0).all()
        assert (sides.max(1) >= 5).all() and (sides.max(1) <= 250).all()


def test_one_seed_gives_one_picture_and_others_differ():
    first, again = scenes.render(1, 5, 96), scenes.render(1, 5, 96)
    assert np.array_equal(first.image, again.image) and np.array_equal(first.boxes, again.boxes)
    for other in (scenes.render(2, 5, 96), scenes.render(1, 6, 96), scenes.render(1, 5, 96, "val")):
        assert not np.array_equal(first.image, other.image)


def test_a_larger_rendering_shows_the_same_scene():
    for index in range(4):
        small, large = scenes.render(9, index, 320), scenes.render(9, index, 640)
        assert np.array_equal(small.labels, large.labels)
        assert np.abs(large.boxes / 2 - small.boxes).max() <= 6  # hair-thin parts come and go with the resolution
        assert np.median(np.abs(large.boxes / 2 - small.boxes)) <= 0.5
        shrunk = large.image.reshape(320, 2, 320, 2, 3).astype(float).mean((1, 3))
        assert np.abs(shrunk - small.image).mean() < 6


def test_every_thing_stays_recognisable():
    """What is labelled shows at least a third of its own pixels, or hiding would turn labels into guesses."""
    for index in range(12):
        rng = np.random.Generator(np.random.PCG64([4, index]))
        kind = scenes.SETTINGS[index % len(scenes.SETTINGS)][0]
        setting = kind.drawn(rng)
        things = layout.draw(rng, setting, "train")
        alone = [compose.compose(setting, (thing,), 160)[1] for thing in things if thing.label >= 0]
        boxes = compose.compose(setting, things, 160)[1]
        assert len(boxes) == sum(thing.label >= 0 for thing in things)
        shares = [np.prod(box[2:] - box[:2]) / np.prod(whole[0, 2:] - whole[0, :2]) for box, whole in zip(boxes, alone, strict=True)]
        assert min(shares, default=1) > 0.3


def test_splits_use_different_sprites_where_a_class_has_several():
    apart = [row for row in scenes.CLASSES if set(row.train) != set(row.val)]
    assert len(apart) >= 12
    assert not any(set(row.train) & set(row.val) for row in apart)


def test_classes_carry_coco_names_and_ids_so_that_published_weights_can_be_compared():
    assert len(scenes.CLASSES) >= 24
    assert all(COCO_NAMES[row.id] == row.name for row in scenes.CLASSES)


def test_every_class_turns_up_about_as_often_as_the_others():
    labels = []
    for index in range(150):
        rng = np.random.Generator(np.random.PCG64([6, index]))
        kinds, shares = zip(*scenes.SETTINGS, strict=True)
        setting = kinds[int(np.searchsorted(np.cumsum(shares), rng.random()))].drawn(rng)
        labels += [thing.label for thing in layout.draw(rng, setting, "train") if thing.label >= 0]
    counts = np.bincount(labels, minlength=len(scenes.CLASSES))
    assert counts.min() >= 5 and counts.max() < 5 * np.median(counts)


def test_bundled_sprites_stay_small():
    assert sum(file.stat().st_size for file in catalogue.SPRITES.iterdir()) < 2_000_000


def test_command_writes_a_coco_folder_that_reads_back_equal(tmp_path: Path):
    main(["--out", str(tmp_path), "--train", "2", "--val", "3", "--size", "128"])
    dataset = CocoDataset(tmp_path / "images", tmp_path / "instances_val.json")
    assert (len(dataset), dataset.report.warnings) == (3, [])
    assert len(CocoDataset(tmp_path / "images", tmp_path / "instances_train.json")) == 2
    live = Scenes("val", count=3, size=128)
    assert dataset.names == live.names
    for index in range(3):
        (picture, targets), (painted, expected) = dataset[index], live[index]
        assert np.abs(np.asarray(picture, int) - np.asarray(painted, int)).mean() < 3
        assert targets.labels.tolist() == expected.labels.tolist()
        assert np.allclose(targets.boxes, expected.boxes)


@pytest.mark.parametrize("arguments", [["--train", "0"], ["--train", "1", "--size", "5"]])
def test_command_explains_what_cannot_be_written(tmp_path: Path, arguments, capsys):
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), *arguments])
    assert "Traceback" not in capsys.readouterr().err


def test_unknown_split_and_size_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="choose one of train, val"):
        scenes.render(0, 0, 320, "test")
    with pytest.raises(ValueError, match="64 to 2048"):
        scenes.render(0, 0, 10)
