"""A weights file is used in full or refused with one sentence that says why; nothing in it is ever run."""
from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import threading
import warnings
from argparse import Namespace
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

import detr_core
from detr_core import VARIANTS, Batch, CheckpointError, Detector, build, hub
from detr_core.checkpoint import load_state, read_file, save
from detr_core.names import Translation
from detr_core.registry import Published

ID = "deformable_detr_two_stage"
SIZES = dict(hidden=32, queries=10, encoder_layers=1, decoder_layers=2, classes=5)


@cache
def made() -> Detector:
    torch.manual_seed(0)
    detector = build(ID, "tiny", names=("ant", "bee", "cat", "dog", "eel"), **{k: v for k, v in SIZES.items() if k != "classes"})
    detector.card = {"data": "scenes", "AP": 0.5}
    return detector.eval()


def state() -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in made().backbone_free_state().items()}


def one_sentence(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text and len(text) < 900 and text.endswith("."), text
    assert "weights_only" not in text and "trust" not in text, "no advice to read the file unsafely"
    return text


# what fits and what does not

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


# foreign names

ROWS = (("{path}.dropped", None), ("old.{n}.{bias|b}", "new.{n*2}.bias"), ("stage.{n}", "layer{n+1}"), ("packed_{p}", "{query,key}.{p}"),
        ("{left,right}.{p}", "whole.{p}"), ("head.{@decoder_layers}", "score"))


def test_rows_rename_split_join_count_and_drop() -> None:
    theirs = {"a.b.dropped": torch.zeros(1), "old.1.bias": torch.ones(1), "old.2.b": torch.ones(1), "stage.0": torch.zeros(1),
              "packed_weight": torch.arange(4.0), "right.w": torch.ones(1), "left.w": torch.zeros(1), "head.6": torch.ones(1),
              "alien": torch.ones(1)}
    renamed, unknown = Translation(ROWS, VARIANTS["detr"].recipe)(theirs)
    assert unknown == ["alien"]
    assert renamed.keys() == {"new.2.bias", "new.4.bias", "layer1", "query.weight", "key.weight", "whole.w", "score"}
    assert renamed["key.weight"].tolist() == [2, 3] and renamed["whole.w"].tolist() == [0, 1]


def test_two_tensors_of_one_meaning_must_agree() -> None:
    rows = (("head.{i}", "head"),)
    same, other = torch.ones(2), torch.zeros(2)
    assert Translation(rows, VARIANTS["detr"].recipe)({"head.0": same, "head.1": same.clone()})[0].keys() == {"head"}
    with pytest.raises(ValueError, match=r"head\.1 and another tensor"):
        Translation(rows, VARIANTS["detr"].recipe)({"head.0": same, "head.1": other})


# hostile and broken files

class Hostile:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("ending", [".pth", ".pt", ".bin", ".safetensors"])
@pytest.mark.parametrize("way", ["new", "old", "bare"])
def test_a_malicious_pickle_is_not_run(way: str, ending: str, tmp_path: Path) -> None:
    path, witness = tmp_path / f"evil{ending}", tmp_path / "executed"
    if way == "bare":
        path.write_bytes(pickle.dumps({"model": Hostile(witness)}))
    else:
        torch.save({"model": Hostile(witness)}, path, _use_new_zipfile_serialization=way == "new")
    with pytest.raises(CheckpointError) as error:
        detr_core.load(ID, path)
    assert "evil" in one_sentence(error) and not witness.exists()


def broken_files(folder: Path) -> dict[str, Path]:
    whole, zipped = folder / "whole.safetensors", folder / "whole.pth"
    save(made(), whole)
    torch.save(state(), zipped)
    files = {"empty": b"", "text": b"not weights", "cut": whole.read_bytes()[:5000], "cut.pth": zipped.read_bytes()[:5000],
             "empty.pth": b"", "picture.pth": b"\x89PNG\r\n\x1a\n" + bytes(100), "huge-header": (2**62).to_bytes(8, "little") + b"{}"}
    paths = {}
    for name, content in files.items():
        paths[name] = folder / (name if "." in name else f"{name}.safetensors")
        paths[name].write_bytes(content)
    for name, value in {"number": 3, "list": [torch.zeros(1)], "mixed": {"a": torch.zeros(1), "b": "text"}, "nothing": {}, "sparse": {
            "a": torch.eye(2).to_sparse()}}.items():
        paths[name] = folder / f"{name}.pth"
        torch.save(value, paths[name])
    return {**paths, "folder": folder, "absent": folder / "absent.pth"}


def test_files_that_are_no_weights_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = broken_files(tmp_path)
    for name, path in files.items():
        with pytest.raises(CheckpointError) as error:
            detr_core.load(ID, path)
        assert one_sentence(error), name


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from([".pth", ".safetensors"]))
def test_any_bytes_are_weights_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str) -> None:
    path = tmp_path_factory.mktemp("bytes") / f"x{ending}"
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        read_file(path)


# our own files

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


# published weights

@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A web server on this machine with one weights file; `requests` counts what it was asked for."""
    folder, kept = tmp_path / "served", tmp_path / "cache" / "weights"
    folder.mkdir()
    torch.save({"model": state()}, folder / "weights.pth")
    monkeypatch.setenv("DETR_ATLAS_CACHE", str(kept.parent))
    requests: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments) -> None:
            requests.append(self.path)

    running = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    running.address, running.requests, running.kept = f"http://127.0.0.1:{running.server_port}/weights.pth", requests, kept
    running.sha256 = hashlib.sha256((folder / "weights.pth").read_bytes()).hexdigest()
    yield running
    running.shutdown()
    running.server_close()


def test_published_weights_are_downloaded_once(server) -> None:
    published = Published(server.address, server.sha256[:8])
    first, found = hub.fetch(published, VARIANTS[ID].tiny)
    second, _ = hub.fetch(published, VARIANTS[ID].tiny)
    assert first == second == server.kept / "weights.pth" and found == {"classes": 91} and len(server.requests) == 1
    assert read_file(first)[0].keys() == state().keys()


def test_a_download_with_another_checksum_is_refused_and_not_kept(server) -> None:
    with pytest.raises(CheckpointError, match="expected checksum") as error:
        hub.fetch(Published(server.address, "00000000"), VARIANTS[ID].tiny)
    one_sentence(error)
    assert list(server.kept.iterdir()) == []


def test_an_absent_published_file_is_one_sentence(server) -> None:
    with pytest.raises(CheckpointError, match="cannot be reached"):
        hub.fetch(Published(server.address + "x"), VARIANTS[ID].tiny)


def test_offline_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETR_ATLAS_CACHE", str(tmp_path))
    unused = "http://127.0.0.1:9/weights.pth"                                       # nothing listens on the discard port
    with pytest.raises(CheckpointError, match=re.escape(f"'detr' are not on this machine and {unused} cannot be reached")) as error:
        hub.fetch(Published(unused), VARIANTS["detr"].recipe)
    one_sentence(error)


def test_hugging_face_offline_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*arguments, **options):
        raise ConnectionError("no route")
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr(hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(CheckpointError, match="owner/name cannot be reached: connect once") as error:
        detr_core.load("detr", "owner/name")
    one_sentence(error)


def repository(folder: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> None:
    """Pretend that a Hugging Face repository with this configuration lies in the cache."""
    (folder / "config.json").write_text(config)
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda _, name: str(folder / name))


def test_a_repository_gives_recipe_and_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"model_type": "detr", "d_model": 32, "encoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48,
              "encoder_layers": 1, "decoder_layers": 1, "num_queries": 7, "id2label": {"0": "N/A", "1": "ant", "2": "bee"}}
    repository(tmp_path, monkeypatch, json.dumps(config))
    detector = build("detr", width=32, heads=4, hidden=48, encoder_layers=1, decoder_layers=1, queries=7, classes=3)
    save_file({name: t.contiguous() for name, t in detector.state_dict().items()}, tmp_path / "model.safetensors")
    loaded = detr_core.load("detr", "owner/name-v1.0")
    assert loaded.names == ("N/A", "ant", "bee") and loaded.recipe.sizes() == detector.recipe.sizes()
    with pytest.warns(UserWarning, match="class outputs"):
        assert detr_core.load("detr", "owner/name", classes=2).names == ("class 0", "class 1")


@pytest.mark.parametrize("config", ["{", "[]", '{"model_type": "detr", "id2label": {"x": "y"}}', '{"model_type": "detr", "id2label": 3}'])
def test_a_repository_of_something_else_is_one_sentence(config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path, monkeypatch, config)
    with pytest.raises(CheckpointError, match=r"config\.json of 'owner/name'") as error:
        detr_core.load("detr", "owner/name")
    one_sentence(error)
