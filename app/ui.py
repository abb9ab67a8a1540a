"""The frame around the pages: theme, header, tabs, static files, and how the server starts."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from . import exports
from .api import endpoints
from .engine import Engine
from .job_files import job_routes
from .pages import benchmark, compare, explore, family, inside, jobs, matching, statistics, train
from .panels import STATIC, address, panel
from .people import Visitors, accounts
from .public import OwnPages, Preloads, routes

LARGEST_ARCHIVE = "2gb"                             # of a data set sent by a program; the page sends its own in pieces
PAGES = (explore, inside, matching, compare, statistics, family, train, jobs, benchmark)


@dataclass(frozen=True)
class Atlas:
    """The built app: `demo.launch(**launch)` serves it, `engine.start()` loads the libraries behind the open page."""

    demo: gr.Blocks
    engine: Engine
    launch: dict[str, Any] = field(default_factory=dict)


def build(engine: Engine, assets: Path = Path("assets")) -> Atlas:
    """Header, pages and endpoints around an engine."""
    with gr.Blocks(title="DETR Atlas", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as demo:
        panel("header", server=[*explore.services(engine), *exports.services(engine)])
        if accounts():
            gr.LoginButton(size="sm", elem_id="atlas-account")
        with gr.Tabs(elem_id="atlas-pages", overflow_behavior="wrap"):        # the header shows the pages; this row only holds them
            for page in PAGES:
                with gr.Tab(page.TITLE, elem_id=f"atlas-page-{name(page)}"):
                    page.build(engine)
        endpoints(engine)
    owned = job_routes(engine.workshop) if engine.workshop else []
    middleware = [Middleware(OwnPages), Middleware(Preloads, links=_preloads()), Middleware(Visitors)]
    launch = {"theme": _theme(), "head": _head(), "footer_links": ["api"], "run_history": False, "show_error": False,
              "favicon_path": STATIC / "mark.svg", "max_file_size": LARGEST_ARCHIVE, "ssr_mode": False, "enable_monitoring": False,
              "app_kwargs": {"routes": [*routes(assets), *owned], "middleware": middleware}}
    return Atlas(demo, engine, launch)


def name(page: ModuleType) -> str:
    """Of a page in addresses and words: explore, matching, ..."""
    return page.__name__.rpartition(".")[2]


def _theme() -> gr.themes.Base:
    """The framework's own widgets in the page's colours; fonts are local, no address outside is named."""
    sans = ["Atlas Sans", "ui-sans-serif", "system-ui", "sans-serif"]
    return gr.themes.Base(font=sans, font_mono=["ui-monospace", "monospace"], primary_hue="orange", neutral_hue="stone",
                          radius_size="sm").set(body_background_fill="var(--paper)", body_background_fill_dark="var(--paper)",
                                                body_text_color="var(--ink)", body_text_color_dark="var(--ink)")


def _pages() -> list[str]:
    """Names of the pages' own style sheets."""
    return sorted(path.stem for path in STATIC.glob("*.css") if path.stem != "base")


def _styles() -> list[str]:
    return [address(f"{name}.css") for name in ("base", *_pages())]


def _head() -> str:
    styles = "".join(f'<link rel="stylesheet" href="{style}">' for style in _styles())
    pages = f'<meta name="atlas-pages" content="{" ".join(map(name, PAGES))}">'
    return f'{pages}{styles}<script>{(STATIC / "early.js").read_text()}</script>'


def _preloads() -> str:
    """Scripts of the first page, words, styles and fonts: they come all at once instead of one after the other.

    Scripts come after what the framework's own chain of scripts is waiting for, since it ends last.
    """
    first = [*STATIC.glob("*.js"), *(STATIC / "words" / f"{words}.en.js" for words in ("explore", "frame", "guide", "variants"))]
    modules = sorted(path.relative_to(STATIC).as_posix() for path in first if path.stem != "early")
    fonts = [address(f"fonts/{name}-latin-wght-normal.woff2") for name in ("inter", "source-serif-4")]
    return "".join([*(f'<link rel="preload" as="style" href="{style}">' for style in _styles()),
                    *(f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{font}">' for font in fonts),
                    *(f'<link rel="modulepreload" fetchpriority="low" href="{address(module)}">' for module in modules)])
