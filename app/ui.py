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
from .people import Visitors
from .public import OwnPages, routes

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
        with gr.Tabs(elem_id="atlas-pages", overflow_behavior="wrap"):        # the header shows the pages; this row only holds them
            for page in PAGES:
                with gr.Tab(page.TITLE, elem_id=f"atlas-page-{name(page)}"):
                    page.build(engine)
        endpoints(engine)
    owned = job_routes(engine.workshop) if engine.workshop else []
    launch = {"theme": _theme(), "head": _head(), "footer_links": ["api"], "run_history": False, "show_error": False,
              "favicon_path": STATIC / "mark.svg", "max_file_size": "40mb", "ssr_mode": False, "enable_monitoring": False,
              "app_kwargs": {"routes": [*routes(assets), *owned], "middleware": [Middleware(OwnPages), Middleware(Visitors)]}}
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


def _head() -> str:
    first = [*STATIC.glob("*.js"), *(STATIC / "words" / f"{words}.en.js" for words in ("explore", "frame", "guide", "variants"))]
    # named here, scripts come all at once instead of one after the other
    modules = sorted(path.relative_to(STATIC).with_suffix("").as_posix() for path in first if path.stem != "early")
    preload = "".join(f'<link rel="modulepreload" href="{address(f"{name}.js")}">' for name in modules)
    fonts = "".join(f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{address(f"fonts/{name}")}">'
                    for name in ("inter-latin-wght-normal.woff2", "source-serif-4-latin-wght-normal.woff2"))
    styles = "".join(f'<link rel="stylesheet" href="{address(f"{name}.css")}">' for name in ("base", *_pages()))
    pages = f'<meta name="atlas-pages" content="{" ".join(map(name, PAGES))}">'
    return f'{pages}{fonts}{styles}{preload}<script>{(STATIC / "early.js").read_text()}</script>'
