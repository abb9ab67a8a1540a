"""What anybody may fetch without a session: scripts and styles, Plotly's script, the examples, the heartbeat."""
from __future__ import annotations

import functools
import gzip
import importlib.util
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .panels import STATIC, version

LASTING = {"Cache-Control": "public, max-age=31536000, immutable"}      # for addresses that change with the content


class Lasting(StaticFiles):
    """Files whose address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(LASTING)
        return response


class OwnPages:
    """`?page=` names a tab here and is read by the page's scripts; the framework would look for a route of that name and fail."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and b"page=" in scope["query_string"]:
            kept = [(key, value) for key, value in parse_qsl(scope["query_string"].decode("latin-1")) if key != "page"]
            scope = {**scope, "query_string": urlencode(kept).encode("latin-1")}
        await self.app(scope, receive, send)


class Preloads:
    """Names the page's files in the very first answer, so that they come beside the framework's own scripts instead of after them.

    What the framework itself puts into the head, it puts there by script, once all of its own has come.
    """

    def __init__(self, app: ASGIApp, links: str):
        self.app, self.links = app, links.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("GET", "/"):
            return await self.app(scope, receive, send)
        begun: list[Message] = []                           # held back until the first part of the body is there

        async def insert(message: Message) -> None:
            if message["type"] == "http.response.start":
                return begun.append(message)
            if begun and message["type"] == "http.response.body":
                start, whole = begun.pop(), message.get("body", b"")
                body = whole.replace(b"</head>", self.links + b"</head>", 1)
                headers = MutableHeaders(raw=list(start["headers"]))
                if "content-length" in headers:
                    headers["content-length"] = str(int(headers["content-length"]) + len(body) - len(whole))
                await send({**start, "headers": headers.raw})
                message = {**message, "body": body}
            await send(message)

        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, insert)


def routes(assets: Path) -> list[BaseRoute]:
    """They come before the framework's own routes."""
    boot = secrets.token_hex(8)

    async def heartbeat(_: Request) -> JSONResponse:
        return JSONResponse({"boot": boot}, headers={"Cache-Control": "no-store"})

    found: list[BaseRoute] = [Route("/atlas/boot", heartbeat), Route(f"/atlas/static/{version()}/plotly.min.js", _plotly),
                              Mount(f"/atlas/static/{version()}", Lasting(directory=STATIC))]
    if (examples := assets / "examples").is_dir():
        found.append(Mount("/atlas/examples", StaticFiles(directory=examples)))
    return found


def _plotly(request: Request) -> Response:
    """The script that came with the installed package, so that charts need no other host; in a thread, as it reads a file."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(_squeezed()), media_type="text/javascript", headers=LASTING)
    return Response(_squeezed(), media_type="text/javascript", headers={**LASTING, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"})


@functools.cache
def _squeezed() -> bytes:
    """4.8 MB become 1.5; made when the first chart of the process is drawn."""
    package = Path(importlib.util.find_spec("plotly").origin).parent        # found, not imported: the import takes half a second
    return gzip.compress((package / "package_data" / "plotly.min.js").read_bytes(), 6)
