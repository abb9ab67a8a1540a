"""The pictures of `coco_table.GOOD`."""
from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "sub").mkdir()
    Image.new("RGB", (40, 20), (9, 9, 9)).save(folder / "a.png")
    Image.new("RGB", (30, 30), (8, 8, 8)).save(folder / "sub" / "b.png")
    return folder
