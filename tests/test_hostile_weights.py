"""Nothing in a weights file is ever run, and whatever is no weights is refused in one sentence."""
from __future__ import annotations

import os
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import detr_core
from detr_core import CheckpointError
from detr_core.checkpoint import read_file, save

from .weights import ID, made, one_sentence, state


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
