"""What the repository carries is complete, credited and small: trees, examples, backbone."""

import json

import pytest
import timm
import torch
from PIL import Image
from safetensors import safe_open

from detr_core.data import make_backbone, make_examples, open_dataset, scenes
from detr_core.data.named import TREES


@pytest.mark.parametrize(("split", "tiles", "boxes"), [("train", 36, 707), ("val", 9, 169), ("othersite", 2, 98)])
def test_trees_open_without_a_warning(split, tiles, boxes):
    dataset = open_dataset("trees", split)
    assert (len(dataset), len(dataset.objects), dataset.names, dataset.report.warnings) == (tiles, boxes, ("tree",), [])
    for index in range(0, tiles, 5):
        assert dataset[index][0].size == tuple(reversed(dataset.targets(index).size))


def test_trees_keep_their_splits_and_attribution():
    names = [{row["file_name"] for row in open_dataset("trees", split).images} for split in ("train", "val", "othersite")]
    assert not (names[0] & names[1] or names[0] & names[2] or names[1] & names[2])
    assert "National Ecological Observatory Network" in (TREES / "LICENCE").read_text() + (TREES / "README.md").read_text()


def test_examples_are_complete_and_their_boxes_are_inside():
    examples = json.loads((make_examples.OUTPUT / "examples.json").read_text())
    assert len(examples) == 8 and len({example["id"] for example in examples}) == 8
    for example in examples:
        with Image.open(make_examples.OUTPUT / example["file"]) as picture:
            assert picture.size == (example["width"], example["height"])
        assert example["title"] and example["credit"] and len(example["boxes"]) == len(example["labels"]) > 0
        assert all(0 <= x1 < x2 <= example["width"] and 0 <= y1 < y2 <= example["height"] for x1, y1, x2, y2 in example["boxes"])
        known = {"tree"} if example["data"] == "trees" else {row.name for row in scenes.CLASSES}
        assert set(example["labels"]) <= known


def test_example_scenes_are_the_validation_set_enlarged():
    examples = {example["id"]: example for example in json.loads((make_examples.OUTPUT / "examples.json").read_text())}
    for name, (index, _) in list(make_examples.SCENES.items())[:2]:
        scene = scenes.render(scenes.SEED, index, 320, "val")
        assert list(scene.names) == examples[name]["labels"]


def test_backbone_fits_timms_and_says_where_it_comes_from():
    with safe_open(make_backbone.OUTPUT, "pt") as file:
        metadata, state = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
    model = timm.create_model("tf_efficientnet_lite0", features_only=True)
    model.load_state_dict(state, strict=True)
    assert metadata["source_sha256"] == make_backbone.SHA256 and "Apache-2.0" in metadata["licence"]
    assert make_backbone.OUTPUT.stat().st_size < 7e6
    with torch.inference_mode():
        maps = model.eval()(torch.zeros(1, 3, 64, 64))
    assert [m.shape[1] for m in maps] == [16, 24, 40, 112, 320] and all(torch.isfinite(m).all() for m in maps)


def test_backbone_names_are_translated_one_to_one():
    assert make_backbone.timm_name("_conv_stem.weight") == "conv_stem.weight"
    assert make_backbone.timm_name("_bn0.running_var") == "bn1.running_var"
    assert make_backbone.timm_name("_blocks.0._project_conv.weight") == "blocks.0.0.conv_pw.weight"
    assert make_backbone.timm_name("_blocks.15._bn2.bias") == "blocks.6.0.bn3.bias"
    assert make_backbone.timm_name("_fc.weight") is None
    with pytest.raises(ValueError, match="another model"):
        make_backbone.timm_name("_blocks.16._bn2.bias")
