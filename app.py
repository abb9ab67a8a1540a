"""`python app.py` opens DETR Atlas in this machine's browser at http://127.0.0.1:7860."""
from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

HERE = Path(__file__).resolve().parent


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="DETR Atlas: look inside detection transformers, query by query and layer by layer.")
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
                        help="address to listen on; 0.0.0.0 for every network (default: %(default)s)")
    parser.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", 7860)),
                        help="port to listen on (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="where detectors run: auto, cpu, cuda, cuda:1 (default: %(default)s)")
    parser.add_argument("--share", action="store_true", help="also open a public address through Gradio's tunnel (leaves this machine)")
    parser.add_argument("--auth", metavar="NAME:PASSWORD", action="append", default=[], help="require a login; may be given several times")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="folder for what visitors bring and make (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    if any(":" not in pair for pair in chosen.auth):
        parser.error("--auth takes NAME:PASSWORD")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    chosen = options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("GRADIO_TEMP_DIR", str(chosen.data / "uploads"))
    from app.engine import Engine
    from app.ui import build

    def connect():
        from app.network import Network
        return Network(chosen.device)

    atlas = build(Engine(connect, HERE / "assets"), HERE / "assets")
    atlas.demo.launch(server_name=chosen.host, server_port=chosen.port, share=chosen.share, prevent_thread_lock=True,
                      auth=[tuple(pair.split(":", 1)) for pair in chosen.auth] or None, **atlas.launch)
    atlas.engine.start()
    atlas.demo.block_thread()


if __name__ == "__main__":
    main()
