"""Whose is what: jobs, files and weights answer to their owner only, whichever door is tried."""
from __future__ import annotations

import zipfile
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import detr_core
from app.network import Network
from app.runs import AtlasError

from .pictures import painted
from .programs import QUICK, client, until


@pytest.fixture(scope="module")
def finished(shop) -> tuple[Client, dict]:
    """Somebody's fine-tune, stopped once and resumed once on the way."""
    mine = client(shop)
    job = mine.predict(data="trees", start="scenes", image=64, changes={**QUICK, "images": 160}, name="Mine", api_name="/train")
    assert job["state"] in ("queued", "preparing") and job["variant"] == "deformable_detr_two_stage"
    until(mine, job["id"], "running")
    assert mine.predict(job["id"], api_name="/stop")["state"] in ("stopping", "stopped")
    assert until(mine, job["id"], "stopped")["progress"]["step"] < 40
    assert mine.predict(job["id"], api_name="/resume")["state"] in ("queued", "preparing", "running")
    return mine, until(mine, job["id"], "finished")


def test_a_fine_tune_by_program(finished, tmp_path):
    mine, job = finished
    lines = mine.predict(job["id"], api_name="/metrics")
    assert [line["step"] for line in lines if line["kind"] == "train"] == list(range(1, 41))
    assert mine.predict(job["id"], after=lines[-1]["seq"], api_name="/metrics") == []
    path = mine.predict(job["id"], api_name="/download")
    with zipfile.ZipFile(path) as archive:
        assert {"best.safetensors", "classes.json", "run.json"} <= set(archive.namelist())
        archive.extract("best.safetensors", tmp_path)
    assert detr_core.load("deformable_detr_two_stage", tmp_path / "best.safetensors").names == ("tree",)
    with pytest.raises(AppError, match="clone it"):
        mine.predict(job["id"], api_name="/resume")


def test_a_stranger_gets_nothing_by_any_door(shop, finished):
    mine, job = finished
    stranger, id = client(shop), job["id"]
    assert stranger.predict(api_name="/jobs") == []
    for endpoint in ("/stop", "/resume", "/metrics", "/download"):
        with pytest.raises(AppError, match="no such job"):
            stranger.predict(id, api_name=endpoint)
    with pytest.raises(AppError, match="choose what to start from"):
        stranger.predict(data="trees", start=f"job:{id}", api_name="/train")
    paths = (f"atlas/jobs/{id}/archive", f"atlas/jobs/{id}/log", f"atlas/jobs/{id}/picture/0", f"gradio_api/file=x/atlas-job-{id}.zip",
             f"gradio_api/file=/tmp/gradio/0/atlas-job-{id}.zip", f"gradio_api/file/x/atlas-job-{id}.zip")
    for path in paths:
        mines = httpx.get(f"{shop.url}/{path}", cookies=mine.cookies)
        assert mines.status_code == 200 and mines.content and "no-store" in mines.headers["cache-control"], path
        for cookies in ({}, stranger.cookies, {"atlas-visitor": "x" * 32}, {"atlas-visitor": "../../" + "x" * 26}):
            theirs = httpx.get(f"{shop.url}/{path}", cookies=cookies)
            assert theirs.status_code == 404 and "no such job" in theirs.text, path
    owner = shop.opening().jobs.table.find("id = ?", id)[0].owner
    assert not set(mine.cookies.values()) & {owner, owner.partition(":")[2]}, "who reads the database cannot become its people"


def test_the_framework_keeps_no_copy_of_an_archive(shop, finished):
    mine, job = finished
    mine.predict(job["id"], api_name="/download")
    from gradio.utils import get_upload_folder

    assert all(path.stat().st_size == 0 for path in Path(get_upload_folder()).rglob(f"atlas-job-{job['id']}.zip"))


def test_weights_of_a_job_are_looked_into_by_their_owner_only(shop, finished):
    mine, job = finished
    request = {"picture": "example:patches", "model": "deformable_detr_two_stage", "weights": f"job:{job['id']}"}
    assert "pack" in shop.asks("start_run", request, mine.cookies)
    for cookies in (None, dict(client(shop).cookies)):
        assert "no such job" in shop.asks("start_run", request, cookies)["error"]
    for known, names in ((mine, {request["weights"]: "Mine"}), (client(shop), {})):
        variants = shop.asks("catalogue", {}, dict(known.cookies))["variants"]
        two_stage = next(each for each in variants if each["id"] == request["model"])
        assert {id: name for id, name in two_stage["own"].items() if id != "job:demo"} == names
        assert two_stage["weights"] == ["scenes", "trees", *two_stage["own"]]
    opening = shop.opening
    network = Network("cpu", own=opening.weights)
    assert network.model("deformable_detr_two_stage", f"job:{job['id']}").names == ("tree",)
    for wrong in ("job:../../etc", "job:", "job:" + "0" * 16):
        with pytest.raises(AtlasError):
            network.model("deformable_detr_two_stage", wrong)


def test_a_program_detects_with_its_own_weights(shop, finished, tmp_path):
    mine, job = finished
    painted().save(tmp_path / "photo.png")
    asked = {"picture": handle_file(str(tmp_path / "photo.png")), "variant": "deformable_detr_two_stage", "weights": f"job:{job['id']}"}
    assert mine.predict(**asked, api_name="/detect")["detections"]
    with pytest.raises(AppError, match="no such job"):
        client(shop).predict(**asked, api_name="/detect")
