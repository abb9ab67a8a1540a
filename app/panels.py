"""Panels: constant HTML skeletons that the page's own scripts fill; text reaches them only as text, never as markup."""
from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from .runs import AtlasError

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
Answer = Callable[..., Awaitable[dict[str, Any]]]


@functools.cache
def version() -> str:
    """Names the set of scripts and styles, so that a browser keeps them for good and still sees every change."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    contents = b"".join(path.read_bytes() for path in files) + importlib.metadata.version("plotly").encode()
    return hashlib.sha256(contents).hexdigest()[:12]


def address(name: str) -> str:
    """Of a static file, relative to the page, so that it works behind a proxy's prefix too."""
    return f"atlas/static/{version()}/{name}"


def panel(name: str, server: list[Answer] | None = None) -> gr.HTML:
    """A place on the page drawn by `static/<name>.js`, which exports `mount(element, server)`; a name may say a folder."""
    script = (f"import(new URL('{address('atlas.js')}', document.baseURI))"
              f".then((atlas) => atlas.mount('{name}', element, {'server' if server else 'null'}));")
    return gr.HTML(html_template=f'<section class="atlas-panel" data-panel="{name}"></section>', js_on_load=script,
                   elem_id=f"atlas-{name.replace('/', '-')}", elem_classes="atlas-block", apply_default_css=False, server_functions=server)


def answered(function: Answer) -> Answer:
    """Server functions answer {"error": sentence} instead of failing: a failed one reaches the page without words.

    A function with a second parameter `http: gr.Request` gets the request itself, for `app.people.owner_of`.
    """
    @functools.wraps(function)
    async def guarded(request: dict[str, Any], *http: gr.Request) -> dict[str, Any]:
        try:
            return await function(request if isinstance(request, dict) else {}, *http)
        except AtlasError as error:
            return {"error": str(error)}
        except Exception as error:
            if getattr(error, "spoken", False):             # jobs and data sets say so of errors that are written for users
                return {"error": str(error)}
            log.exception("%s failed", function.__name__)
            return {"error": "Something failed on the server; its log says what. Try another picture or detector."}
    return guarded
