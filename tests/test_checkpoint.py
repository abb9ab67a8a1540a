"""A weights file is used in full or refused with one sentence; what was saved comes back as it was."""
from __future__ import annotations

import json
import re
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import detr_core
from detr_core import VARIANTS, Batch, CheckpointError, build
from detr_core.checkpoint import load_state, read_file, save

from .weights import ID, SIZES, made, one_sentence, state


def test_missing_unexpected_and_mis_shaped_tensors_are_named() -> None:
    broken = state()
    del broken["query_init.mix.bias"]
    broken["decoder.extra.weight"] = torch.zeros(1)
    broken["encoder.layers.0.attention.out.weight"] = torch.zeros(64, 63)
    with pytest.raises(CheckpointError) as error:
        load_state(made(), broken, "x.pth")
    text = one_sentence(error)
    assert "missing: query_init.mix.bias" in text and "unexpected: decoder.extra.weight" in text
    assert "mis-shaped: encoder.layers.0.attention.out.weight (64, 63) for (64, 64)" in text and text.startswith("x.pth")


def test_nothing_is_loaded_from_a_file_that_does_not_fit() -> None:
    before, broken = state(), {name: value + 1 for name, value in state().items()}
    del broken["query_init.mix.bias"]
    with pytest.raises(CheckpointError):
        load_state(made(), broken)
    assert all(torch.equal(value, before[name]) for name, value in state().items())


def test_another_class_count_keeps_all_but_the_class_heads_and_says_so() -> None:
    fresh = build(ID, "tiny", **{**SIZES, "classes": 9})
    own = {name: value.clone() for name, value in fresh.state_dict().items()}
    with pytest.warns(UserWarning, match=r"knows 5 class outputs and this detector 9: everything but the class heads"):
        heads = load_state(fresh, state())
    assert heads and all(".class_heads." in name or ".score." in name for name in heads)
    for name, value in fresh.state_dict().items():
        if not name.startswith("backbone."):
            assert torch.equal(value, own[name] if name in heads else state()[name]), name


def test_a_class_head_of_another_width_is_no_other_class_count() -> None:
    broken = {**state(), "decoder.class_heads.0.weight": torch.zeros(5, 32)}
    with pytest.raises(CheckpointError, match=r"mis-shaped: decoder\.class_heads\.0\.weight"):
        load_state(made(), broken)


def test_a_file_without_the_backbone_fits_only_where_the_backbone_comes_with_the_project() -> None:
    changes = dict(width=32, hidden=32, encoder_layers=1, decoder_layers=1)
    detector = build("detr", **changes)
    with pytest.raises(CheckpointError, match=r"missing: backbone\.body\.conv1\.weight"):
        load_state(detector, detector.backbone_free_state())


WRAPPED = {
    "bare": lambda tensors: tensors,
    "training": lambda tensors: {"model": tensors, "epoch": 3, "args": Namespace(lr=1e-4)},
    "lightning": lambda tensors: {"state_dict": tensors},
    "distributed": lambda tensors: {f"module.{name}": value for name, value in tensors.items()},
}


@pytest.mark.parametrize("way", WRAPPED)
def test_the_usual_ways_to_wrap_a_state_dict_are_unwrapped(way: str, tmp_path: Path) -> None:
    torch.save(WRAPPED[way](state()), tmp_path / "x.pth")
    loaded, _ = read_file(tmp_path / "x.pth")
    assert loaded.keys() == state().keys()


def test_a_round_trip_keeps_predictions_recipe_names_and_card(tmp_path: Path) -> None:
    save(made(), tmp_path / "x.safetensors", torch.float32, backbone=False)
    loaded = detr_core.load(ID, tmp_path / "x.safetensors")
    batch = Batch.of([torch.randn(3, 64, 96)], multiple=32)
    with torch.no_grad():
        assert torch.equal(loaded(batch).logits, made()(batch).logits) and torch.equal(loaded(batch).boxes, made()(batch).boxes)
    assert loaded.recipe == made().recipe and loaded.names == made().names and loaded.card == made().card and not loaded.training


def test_half_precision_is_the_default_and_loads_as_float32(tmp_path: Path) -> None:
    save(made(), tmp_path / "x.safetensors", backbone=False)
    assert {t.dtype for t in read_file(tmp_path / "x.safetensors")[0].values()} == {torch.float16}
    loaded = detr_core.load(ID, tmp_path / "x.safetensors")
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert all(torch.allclose(loaded.state_dict()[name], value, atol=2e-3, rtol=1e-3) for name, value in state().items())


def test_a_resnet_detector_carries_its_backbone(tmp_path: Path) -> None:
    detector = build("detr", classes=3, width=32, hidden=32, queries=5, encoder_layers=1, decoder_layers=1)
    save(detector, tmp_path / "x.safetensors", torch.float32)
    loaded = detr_core.load("detr", tmp_path / "x.safetensors")
    assert loaded.recipe == detector.recipe
    assert all(torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), detector.state_dict().values()))


def test_fine_tuning_from_a_file_takes_new_names_and_loses_the_old_ones(tmp_path: Path) -> None:
    save(made(), tmp_path / "x.safetensors", backbone=False)
    with pytest.warns(UserWarning, match="class outputs"):
        named = detr_core.load(ID, tmp_path / "x.safetensors", names=("fox", "gnu"))
    with pytest.warns(UserWarning, match="class outputs"):
        counted = detr_core.load(ID, tmp_path / "x.safetensors", classes=2)
    assert named.names == ("fox", "gnu") and counted.names == ("class 0", "class 1") and named.recipe == counted.recipe
    with pytest.raises(ValueError, match="2 names came for 3 classes"):
        detr_core.load(ID, tmp_path / "x.safetensors", names=("fox", "gnu"), classes=3)


def test_weights_of_another_variant_are_refused(tmp_path: Path) -> None:
    save(made(), tmp_path / "x.safetensors", backbone=False)
    with pytest.raises(CheckpointError, match="'deformable_detr_two_stage', not of 'deformable_detr'"):
        detr_core.load("deformable_detr", tmp_path / "x.safetensors")


def test_parts_that_a_file_was_made_with_must_be_given_again(tmp_path: Path) -> None:
    """Another part may have the same tensors and mean something else by them."""
    changed = VARIANTS[ID].tiny.geometry.but(eps=1e-3)
    save(build(ID, "tiny", geometry=changed, **SIZES), tmp_path / "x.safetensors", backbone=False)
    with pytest.raises(CheckpointError, match=re.escape("geometry=LogitBoxes(eps=0.001)")):
        detr_core.load(ID, tmp_path / "x.safetensors")
    assert detr_core.load(ID, tmp_path / "x.safetensors", geometry=changed).recipe.geometry == changed


@pytest.mark.parametrize("damage", [
    {"recipe": "{"}, {"recipe": "[]"}, {"recipe": json.dumps({"width": "wide"})}, {"recipe": json.dumps({"backbone": "os.system"})},
    {"recipe": json.dumps({"width": 1e12})}, {"names": "3"}, {"names": "[1]"}, {"card": "[]"}, {"parts": "3"}, {"size": "giant"}], ids=str)
def test_damaged_metadata_is_one_sentence(damage: dict[str, str], tmp_path: Path) -> None:
    save(made(), tmp_path / "x.safetensors", backbone=False)
    tensors, metadata = read_file(tmp_path / "x.safetensors")
    save_file(tensors, tmp_path / "y.safetensors", {**metadata, **damage})
    with pytest.raises(CheckpointError, match="damaged description") as error:
        detr_core.load(ID, tmp_path / "y.safetensors")
    one_sentence(error)


@pytest.mark.parametrize("weights", ["nowhere", "./nowhere.pth", "a/b.safetensors", "a/b/c", "/nowhere/x.pth"])
def test_unknown_weights_are_answered_with_what_there_is(weights: str) -> None:
    with pytest.raises(CheckpointError, match="There are no weights") as error:
        detr_core.load(ID, weights)
    assert "coco" in one_sentence(error)


def test_weights_that_only_the_authors_page_has_are_said_to_be_there() -> None:
    with pytest.raises(CheckpointError, match="There are no weights") as error:
        detr_core.load("dino", "coco")
    assert "https://github.com/IDEA-Research/DINO," in one_sentence(error)
