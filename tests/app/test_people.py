"""Whose is what: jobs, files and weights answer to their owner only, whichever door is tried; and a fine-tune by program."""
from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import detr_core
from app import people
from app.engine import Engine
from app.network import Network
from app.opening import Opening
from app.people import Visitors, owner_of
from app.runs import AtlasError
from app.ui import build
from detr_core.jobs import Jobs
from detr_core.training.run import Run

from .fake import FakeRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from painted import painted_folder

README = (Path(__file__).parents[2] / "README.md").read_text()
SNIPPET = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "/train" in block)
QUICK = {"images": 12, "batch": 4, "views": 12, "evaluations": 1, "checkpoint_seconds": 10.0}


class Shop:
    """A served app with a data folder."""

    def __init__(self, folder: Path, assets: Path, **launch):
        engine = Engine(FakeRunner, assets)
        self.opening = engine.workshop = Opening(folder, Path(__file__).parents[2] / "assets")
        self.atlas = build(engine, assets)
        options = {**self.atlas.launch, **launch}
        _, url, _ = self.atlas.demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
        self.url = url.rstrip("/")

    def close(self) -> None:
        for job in self.opening().jobs.table.find("TRUE"):
            self.opening().jobs.delete(job.owner, job.id)
        self.opening.close()
        self.atlas.demo.close()

    def asks(self, function: str, request: dict, cookies: dict | None = None) -> dict:
        """What a page's script gets from a server function."""
        config = httpx.get(f"{self.url}/config", cookies=cookies).json()
        component = next(each["id"] for each in config["components"] if function in (each["props"].get("server_fns") or ()))
        body = {"data": request, "component_id": component, "fn_name": function, "session_hash": "s"}
        return httpx.post(f"{self.url}/gradio_api/component_server", json=body, cookies=cookies, timeout=60).json()


@pytest.fixture(scope="module")
def shop(assets, tmp_path_factory) -> Iterator[Shop]:
    patch = pytest.MonkeyPatch()
    patch.setenv("DETR_ATLAS_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("OMP_NUM_THREADS", "1")
    patch.setenv("CUDA_VISIBLE_DEVICES", "")
    made = Shop(tmp_path_factory.mktemp("data"), assets)
    yield made
    made.close()
    patch.undo()


def client(shop: Shop, **options) -> Client:
    return Client(shop.url, verbose=False, download_files=tempfile.mkdtemp(), **options)      # not where the server keeps its own


def until(mine: Client, id: str, *states: str, seconds: float = 240) -> dict:
    deadline = time.monotonic() + seconds
    while True:
        job = next(each for each in mine.predict(api_name="/jobs") if each["id"] == id)
        if job["state"] in states:
            return job
        assert job["state"] != "failed" and time.monotonic() < deadline, job
        time.sleep(0.2)


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


def test_a_zip_by_program_is_checked_trained_on_and_taken_home(shop, tmp_path):
    """Sixteen painted pictures on the way there, their detector on the way back, and the report of the check with it."""
    from gradio_client import handle_file

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
    from gradio_client import handle_file

    from .conftest import painted

    mine, job = finished
    painted().save(tmp_path / "photo.png")
    asked = {"picture": handle_file(str(tmp_path / "photo.png")), "variant": "deformable_detr_two_stage", "weights": f"job:{job['id']}"}
    assert mine.predict(**asked, api_name="/detect")["detections"]
    with pytest.raises(AppError, match="no such job"):
        client(shop).predict(**asked, api_name="/detect")


def test_the_cookie_is_private_and_only_given_once(shop):
    first = httpx.get(shop.url)
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("atlas-visitor=") and all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="))
    assert "Secure" not in cookie and "Secure" in httpx.get(shop.url, headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    assert "atlas-visitor" not in httpx.get(shop.url, cookies=first.cookies).headers.get("set-cookie", "")
    assert httpx.get(shop.url, cookies={"atlas-visitor": "short"}).cookies["atlas-visitor"] != "short"
    assert first.cookies["atlas-visitor"] != httpx.get(shop.url).cookies["atlas-visitor"]
    script = re.search(r"atlas/static/\w+/\w+\.(js|css)", first.text)[0]
    assert "set-cookie" not in httpx.get(f"{shop.url}/{script}").headers, "a shared cache would hand it to others"


def test_with_sign_in_the_name_is_the_owner(assets, tmp_path):
    shop = Shop(tmp_path / "data", assets, auth=[("ann", "a"), ("bob", "b")])
    try:
        job = shop.opening().jobs.add("user:ann", Run("detr", "trees", device="cpu"))
        shop.opening().jobs.stop("user:ann", job.id)
        for _ in range(2):                          # from wherever she signs in
            ann = client(shop, auth=("ann", "a"))
            assert [each["id"] for each in ann.predict(api_name="/jobs")] == [job.id]
        assert client(shop, auth=("bob", "b")).predict(api_name="/jobs") == []
        assert httpx.get(f"{shop.url}/atlas/jobs/{job.id}/log", cookies=ann.cookies).status_code == 200
        without = httpx.get(f"{shop.url}/atlas/jobs/{job.id}/log")
        assert without.status_code == 401 and "Sign in" in without.text
    finally:
        shop.close()


@pytest.mark.parametrize(("left", "owner"), [(60, "account:77"), (-60, "visitor:")])
def test_an_account_is_the_owner_as_long_as_it_is_signed_in(left, owner):
    """What the framework's own sign-in leaves in the session."""
    found = {}

    async def app(scope, receive, send):
        found.update(scope["state"])

    session = {"oauth_info": {"userinfo": {"sub": "77", "preferred_username": "ann"}, "expires_at": time.time() + left}}
    visit = Visitors(app)({"type": "http", "headers": [], "session": session}, None, None)
    with ThreadPoolExecutor(1) as thread:               # this one may already have a loop, the browser's
        thread.submit(asyncio.run, visit).result()
    assert found["owner"].startswith(owner)


def test_the_session_of_the_framework_is_there_before_the_owner_is_looked_up():
    """The framework adds its sign-in when it is launched, after our own part was handed to it."""
    class Session:
        def __init__(self, app, userinfo):
            self.app, self.info = app, {"userinfo": userinfo, "expires_at": time.time() + 60}

        async def __call__(self, scope, receive, send):
            await self.app({**scope, "session": {"oauth_info": self.info}}, receive, send)

    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse(owner_of(request)))], middleware=[Middleware(Visitors)])
    app.add_middleware(Session, userinfo={"sub": "77"})
    assert TestClient(app).get("/").text == "account:77"


def test_accounts_are_offered_on_a_space_that_asks_for_them(assets, monkeypatch):
    def offered() -> bool:
        blocks = build(Engine(FakeRunner, assets), assets).demo.blocks.values()
        return any(isinstance(block, gr.LoginButton) for block in blocks)

    monkeypatch.setattr("gradio.routes.attach_oauth", lambda app: None)     # needs the libraries, and a Space
    monkeypatch.setattr(people, "find_spec", lambda name: True)
    assert not offered()
    for name in ("SPACE_ID", "OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"):
        monkeypatch.setenv(name, "x")
    assert not offered(), "not elsewhere than on a Space"
    monkeypatch.setenv("SYSTEM", "spaces")
    assert offered()
    monkeypatch.setattr(people, "find_spec", lambda name: None)
    assert not offered(), "without the libraries it needs the page would not open"


def test_ten_lines_fine_tune_as_written(shop, monkeypatch, capsys):
    source = SNIPPET.replace("http://127.0.0.1:7860", shop.url).replace("(5)", "(0.2)")
    source = source.replace('budget="small"', f"image=64, changes={QUICK}")
    assert len(SNIPPET.strip().splitlines()) <= 10
    exec(compile(source, "snippet", "exec"), {})
    assert capsys.readouterr().out.strip().endswith(".zip")


def test_two_servers_on_one_folder(shop):
    from detr_core.jobs import JobError

    with pytest.raises(JobError, match="in use by another server"):
        Jobs(shop.opening.folder)
    with pytest.raises(JobError, match="--data"):
        Opening(shop.opening.folder, Path("assets"))()

