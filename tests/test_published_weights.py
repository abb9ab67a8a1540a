"""Published weights are fetched once and checked; where they cannot be had, one sentence says so."""
from __future__ import annotations

import hashlib
import json
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import detr_core
from detr_core import VARIANTS, CheckpointError, build, hub
from detr_core.checkpoint import read_file
from detr_core.registry import Published

from .weights import ID, one_sentence, state


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
