"""Who is asking. Every job, data set and file belongs to its owner, and every handler asks `owner_of`.

With sign-in (`--auth`, or the framework's own with a Hugging Face account) the owner is the user's name. Without it every browser
gets a private random identity in a cookie that scripts cannot read; only the cookie's hash is kept, and nobody becomes an owner by it.
"""
from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .runs import AtlasError

COOKIE = "atlas-visitor"
YEAR = 365 * 24 * 3600
_SECRET = re.compile(r"[\w-]{32}", re.ASCII)
_asking: ContextVar[str] = ContextVar("asking", default="")


def owner_of(request: Any) -> str:
    """The owner behind a request, as handlers get it: `gr.Request`, or Starlette's in own routes and server functions.

    A server function asks for it by a second parameter: `async def jobs(request: dict, http: gr.Request)`.
    Raises AtlasError for somebody who has not signed in where that is required.
    """
    owner = getattr(getattr(request, "state", None), "owner", "")
    if not owner:
        raise AtlasError("Sign in first: reload the page.")
    return owner


def asking() -> str:
    """The owner whose request is being answered; "" outside of one."""
    return _asking.get()


@contextmanager
def asked_by(request: Any) -> Iterator[None]:
    """Queued endpoints run outside of their request: inside of this, `asking` knows it again."""
    token = _asking.set(getattr(getattr(request, "state", None), "owner", ""))
    try:
        yield
    finally:
        _asking.reset(token)


class Visitors:
    """ASGI middleware: notes the owner in every request's state, and gives new browsers their cookie."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        cookies = cookie_parser(headers.get("cookie", ""))
        secret = cookies.get(COOKIE, "")
        known = _SECRET.fullmatch(secret) is not None
        secret = secret if known else secrets.token_urlsafe(24)
        owner = _owner(scope, cookies, secret)
        scope.setdefault("state", {})["owner"] = owner
        token = _asking.set(owner)
        try:
            secure = "https" in (scope.get("scheme"), headers.get("x-forwarded-proto"))
            await self.app(scope, receive, send if known else _giving(send, secret, secure))
        finally:
            _asking.reset(token)


def accounts() -> bool:
    """Whether visitors can sign in with their Hugging Face account: on a Space whose README says `hf_oauth: true`.

    The framework needs two more libraries for that, which Spaces install with it; without them the page opens as it would elsewhere.
    """
    asked = ("SPACE_ID", "OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")
    there = os.environ.get("SYSTEM") == "spaces" and all(os.environ.get(name) for name in asked)
    return there and all(find_spec(name) for name in ("authlib", "itsdangerous"))


def _owner(scope: Scope, cookies: dict[str, str], secret: str) -> str:
    """A user's name where the app asks for sign-in ("" before it) or somebody has signed in; else the hash of the browser's secret."""
    app = scope.get("app")
    if getattr(app, "auth", None) is not None:
        names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
        user = next((app.tokens[cookies[name]] for name in names if cookies.get(name) in app.tokens), None)
        return f"user:{user}" if user else ""
    account = (scope.get("session") or {}).get("oauth_info") or {}
    if account.get("expires_at", 0) > time.time() and (user := account.get("userinfo", {}).get("sub")):
        return f"account:{user}"
    return "visitor:" + hashlib.sha256(secret.encode()).hexdigest()[:32]


def _giving(send: Send, secret: str, secure: bool) -> Send:
    """Adds the cookie to pages and answers, never to files, which caches may share."""
    async def giving(message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message.get("headers", ())).get(b"content-type", b"")
            if kind.startswith((b"text/html", b"application/json")):
                cookie = f"{COOKIE}={secret}; Max-Age={YEAR}; Path=/; HttpOnly; {_reach(secure)}"
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
        await send(message)
    return giving


def _reach(secure: bool) -> str:
    """Only for this site's own pages; a Hugging Face Space lives in a frame of another site, where a partitioned cookie is as private."""
    if secure and os.environ.get("SPACE_ID"):
        return "Secure; SameSite=None; Partitioned"
    return "SameSite=Lax; Secure" if secure else "SameSite=Lax"
