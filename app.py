"""`python app.py` opens DETR Atlas in this machine's browser at http://127.0.0.1:7860."""
from __future__ import annotations

import argparse
import logging
import os
import re
import shlex
import sys
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
    jobs = parser.add_argument_group("training in the background")
    jobs.add_argument("--jobs-at-once", type=int, default=1, metavar="N", help="on a device (default: %(default)s)")
    jobs.add_argument("--processes", type=int, default=1, metavar="N", help="of one job, for example one a GPU (default: %(default)s)")
    jobs.add_argument("--launch", default="", metavar="WORDS",
                      help="further words for `accelerate launch`, for example '--config_file machines.yaml'")
    jobs.add_argument("--jobs-each", type=int, default=4, metavar="N", help="waiting or running, for one visitor (default: %(default)s)")
    jobs.add_argument("--gigabytes-each", type=float, default=20, metavar="N",
                      help="of data sets and jobs, for one visitor (default: %(default)s)")
    jobs.add_argument("--track", action="append", default=[], metavar="NAME",
                      help="also log every job to a tracker of Accelerate, e.g. tensorboard; may be given several times")
    jobs.add_argument("--allow", type=Path, action="append", default=[], metavar="FOLDER",
                      help="visitors may train on data sets in this folder of the server; may be given several times")
    chosen = parser.parse_args(arguments)
    if wrong := mistaken(chosen):
        parser.error(wrong)
    return chosen


def mistaken(chosen: argparse.Namespace) -> str | None:
    """What is wrong with the options, as far as that shows before anything is imported."""
    if not all(all(pair.partition(":")[::2]) for pair in chosen.auth):
        return "--auth takes NAME:PASSWORD"
    if not 0 < chosen.port < 2**16:
        return "--port takes a number from 1 to 65535"
    if not re.fullmatch(r"auto|cpu|(cuda|mps|xpu)(:\d+)?", chosen.device):
        return "--device takes auto, cpu, cuda, cuda:1 and the like"
    try:
        chosen.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"the folder {chosen.data} cannot be used ({error.strerror}); choose another one with --data"
    return None


def main(arguments: list[str] | None = None) -> None:
    chosen = options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("GRADIO_TEMP_DIR", str(chosen.data / "uploads"))
    from app.engine import Engine
    from app.libraries import libraries
    from app.opening import Opening, Terms
    from app.ui import build

    terms = Terms(chosen.processes, chosen.jobs_at_once, tuple(shlex.split(chosen.launch)), chosen.jobs_each, chosen.gigabytes_each,
                  tuple(chosen.allow), tuple(chosen.track))
    opening = Opening(chosen.data, HERE / "assets", terms)

    def connect():
        libraries()
        from app.network import Network
        return Network(chosen.device, own=opening.weights)

    engine = Engine(connect, HERE / "assets")
    engine.workshop = opening
    atlas = build(engine, HERE / "assets")
    try:
        atlas.demo.launch(server_name=chosen.host, server_port=chosen.port, share=chosen.share, prevent_thread_lock=True,
                          auth=[tuple(pair.split(":", 1)) for pair in chosen.auth] or None, **atlas.launch)
    except OSError as error:
        if "empty port" not in str(error):
            raise
        sys.exit(f"Nothing can listen on {chosen.host}, port {chosen.port}: it is taken, or the address is not of this machine; choose "
                 "another one with --port or --host.")
    atlas.engine.start()
    try:
        opening()                                   # after the page is there, because it takes seconds
    except ValueError as error:                     # another server has the folder
        logging.getLogger("app").error("%s", error)
        atlas.demo.close(verbose=False)
        os._exit(2)                                 # at once: the other threads may still be importing
    atlas.demo.block_thread()


if __name__ == "__main__":
    main()
