"""A program of one's own trains here as the page does: with a zip, in ten lines, on a folder that one server has for itself."""
from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from app.opening import Opening
from detr_core.jobs import JobError, Jobs

from ..training.painted import painted_folder
from .programs import QUICK, client, until

README = (Path(__file__).parents[2] / "README.md").read_text()
SNIPPET = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "/train" in block)


def test_a_zip_by_program_is_checked_trained_on_and_taken_home(shop, tmp_path):
    """Sixteen painted pictures on the way there, their detector on the way back, and the report of the check with it."""
    (tmp_path / "pictures").mkdir()
    pictures = painted_folder(tmp_path / "pictures", 16)
    packed = shutil.make_archive(str(tmp_path / "squares"), "zip", pictures)
    mine, small = client(shop), {**QUICK, "images": 32, "batch": 4, "views": 16}
    wish = {"variant": "deformable_detr_two_stage", "start": "scenes", "image": 64, "api_name": "/train"}
    job = mine.predict(archive=handle_file(packed), changes=small, **wish)
    assert job["state"] in ("queued", "preparing") and re.fullmatch("[0-9a-f]{16}", job["data"])
    assert "squares" in job["name"], "the data set is called as the file was"
    until(mine, job["id"], "finished")
    with zipfile.ZipFile(mine.predict(job["id"], api_name="/download")) as archive:
        assert json.loads(archive.read("classes.json")) == ["red", "green", "blue"]
        report = json.loads(archive.read("data_report.json"))
        assert report["layout"] == "coco" and report["facts"]["pictures"] == 20
    again = mine.predict(data=job["data"], changes=small, **wish)          # the same set, without sending it again
    mine.predict(again["id"], at_once=True, api_name="/stop")
    with pytest.raises(AppError, match="no such data set"):
        client(shop).predict(data=job["data"], changes=small, **wish)
    (tmp_path / "words.zip").write_text("no zip")
    with pytest.raises(AppError, match="no zip that can be opened"):
        mine.predict(archive=handle_file(str(tmp_path / "words.zip")), changes=small, **wish)


def test_ten_lines_fine_tune_as_written(shop, monkeypatch, capsys):
    source = SNIPPET.replace("http://127.0.0.1:7860", shop.url).replace("(5)", "(0.2)")
    source = source.replace('budget="small"', f"image=64, changes={QUICK}")
    assert len(SNIPPET.strip().splitlines()) <= 10
    exec(compile(source, "snippet", "exec"), {})
    assert capsys.readouterr().out.strip().endswith(".zip")


def test_two_servers_on_one_folder(shop):
    with pytest.raises(JobError, match="in use by another server"):
        Jobs(shop.opening.folder)
    with pytest.raises(JobError, match="--data"):
        Opening(shop.opening.folder, Path("assets"))()
