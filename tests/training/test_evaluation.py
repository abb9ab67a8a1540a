"""The numbers people will quote: they must be COCO's, on cases whose answer is known by hand."""
from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from job import small_detector
from painted import Painted
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detr_core import api
from detr_core.data import open_dataset
from detr_core.training.coco import NUMBERS, average_precision
from detr_core.training.evaluate import ByShape, evaluate
from detr_core.training.stability import compare

TRUTH = {"images": [{"id": 1, "width": 100, "height": 100}, {"id": 2, "width": 100, "height": 100}],
         "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
         "annotations": [{"image_id": 1, "category_id": 0, "bbox": [10, 10, 40, 40]},
                         {"image_id": 2, "category_id": 1, "bbox": [20, 20, 40, 40]}]}


def found(image: int, category: int, box: list[float], score: float = 0.9) -> dict:
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def test_perfect_boxes_are_perfect_and_nothing_is_nothing():
    exact = [found(1, 0, [10, 10, 40, 40]), found(2, 1, [20, 20, 40, 40])]
    numbers = average_precision(TRUTH, exact)
    assert [numbers[name] for name in ("AP", "AP50", "AR100")] == pytest.approx([1.0] * 3)
    assert numbers["classes"] == {"cat": pytest.approx(1.0), "dog": pytest.approx(1.0)} and numbers["APl"] is None
    empty = average_precision(TRUTH, [])
    assert empty["AP"] == 0.0 and empty["loose"]["0.1"] == 0.0


def test_a_shifted_box_counts_up_to_its_overlap():
    shifted = [found(1, 0, [20, 10, 40, 40]), found(2, 1, [20, 20, 40, 40])]         # IoU 30/50 = 0.6: three of ten thresholds
    numbers = average_precision(TRUTH, shifted)
    assert [numbers["classes"]["cat"], numbers["AP50"], numbers["AP75"]] == pytest.approx([0.3, 1.0, 0.5])
    far = average_precision(TRUTH, [found(1, 0, [35, 10, 40, 40])])                  # IoU 15/65 = 0.23
    assert far["AP50"] == 0.0 and far["loose"]["0.2"] == pytest.approx(0.5) and far["loose"]["0.3"] == 0.0


def test_duplicates_and_wrong_classes_cost():
    twice = [found(1, 0, [10, 10, 40, 40], 0.5), found(1, 0, [60, 60, 20, 20], 0.9), found(2, 0, [20, 20, 40, 40], 0.8)]
    numbers = average_precision(TRUTH, twice)
    assert numbers["classes"]["cat"] == pytest.approx(1 / 3) and numbers["classes"]["dog"] == 0.0


def test_random_boxes_agree_with_pycocotools_to_the_last_digit():
    random = np.random.default_rng(0)
    painted = Painted(12, seed=3, side=200)
    truth, results = painted.annotations(), []
    for row in truth["annotations"]:
        for _ in range(3):
            box = (np.array(row["bbox"]) + random.normal(0, 6, 4)).clip(1).tolist()
            results.append(found(row["image_id"], int(random.choice([row["category_id"], 0])), box, float(random.random())))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        reference = COCOeval(coco, coco.loadRes([dict(r) for r in results]), "bbox")
        reference.evaluate()
        reference.accumulate()
        reference.summarize()
    ours = average_precision(truth, results)
    assert [ours[name] if ours[name] is not None else -1.0 for name in NUMBERS] == reference.stats.tolist()


def test_batches_hold_pictures_of_one_shape_and_processes_share_them():
    sizes = [(100, 200), (200, 100), (100, 200), (200, 100), (150, 150)]
    assert [[i for _, i in batch] for batch in ByShape(sizes, 2)] == [[0, 2], [4], [1, 3]]
    shares = [list(ByShape(sizes, 2, process, 2)) for process in range(2)]
    assert sorted(i for share in shares for batch in share for _, i in batch) == [0, 1, 2, 3, 4]


def test_what_else_is_in_the_batch_does_not_change_a_picture():
    """Group norm counts padding, so a picture padded for a wider one would be another picture."""
    detector, trees = api.load("deformable_detr_two_stage", "trees"), open_dataset("trees", "val")
    alone, together = (evaluate(detector, trees, batch) for batch in (1, 8))
    assert [alone[number] for number in NUMBERS] == pytest.approx([together[number] for number in NUMBERS], abs=2e-3)


def test_a_detector_is_measured_in_evaluation_mode_and_left_as_it_was():
    detector = small_detector().train()
    first, second = (evaluate(detector, Painted(6), batch) for batch in (4, 3))
    assert detector.training and first["pictures"] == 6 and set(first["classes"]) == set(Painted.names)
    assert first["AP"] == pytest.approx(second["AP"], abs=1e-6)
    with pytest.raises(ValueError, match="3 classes"):
        evaluate(small_detector(), type("Fewer", (Painted,), {"annotations": lambda self: TRUTH})())


def test_instability_counts_objects_and_the_papers_measure_counts_queries():
    before = {"1": [3, 4], "2": [1]}
    assert compare(before, before) == {"instability": 0, "IS": 0, "pictures": 2, "objects": 3}
    moved = compare(before, {"1": [7, 4], "2": [2]})
    assert moved["instability"] == pytest.approx(2 / 3, abs=1e-6) and moved["IS"] == 2, "the old query and the new one, in both pictures"
    assert compare({"1": [3, 4]}, {"1": [4, 3]})["IS"] == 2, "a swap moves two queries"
    assert compare({"1": [3]}, {"2": [3]}) == {}, "nothing in common is not steadiness"
