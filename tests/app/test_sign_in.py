"""Who a visitor is: by a private cookie, by the name of a sign-in, or by an account."""
from __future__ import annotations

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app import people
from app.engine import Engine
from app.people import Visitors, owner_of
from app.ui import build
from detr_core.training.run import Run

from .fake import FakeRunner
from .programs import client
from .servers import opened


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
    with opened(tmp_path / "data", assets, auth=[("ann", "a"), ("bob", "b")]) as shop:
        job = shop.jobs.add("user:ann", Run("detr", "trees", device="cpu"))
        shop.jobs.stop("user:ann", job.id)
        for _ in range(2):                          # from wherever she signs in
            ann = client(shop, auth=("ann", "a"))
            assert [each["id"] for each in ann.predict(api_name="/jobs")] == [job.id]
        assert client(shop, auth=("bob", "b")).predict(api_name="/jobs") == []
        assert httpx.get(f"{shop.url}/atlas/jobs/{job.id}/log", cookies=ann.cookies).status_code == 200
        without = httpx.get(f"{shop.url}/atlas/jobs/{job.id}/log")
        assert without.status_code == 401 and "Sign in" in without.text


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
