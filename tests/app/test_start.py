"""The first command of the README: the page is there before any large library is."""
from __future__ import annotations

import ast
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.make_runs import ASSETS, stale

APP = Path(app.__file__).parent


def test_nothing_heavy_is_imported_before_the_page_answers():
    code = ("import sys; from pathlib import Path; from app.engine import Engine; from app.ui import build;"
            "build(Engine(lambda: None, Path('assets')), Path('assets')); print('torch' in sys.modules, 'matplotlib' in sys.modules)")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]


def test_whoever_comes_while_the_libraries_are_still_being_imported_waits_for_them(tmp_path):
    """A picture sent as soon as the page answers, the data folder and the first run need them all, each in its own thread."""
    code = """
import json, sys, threading, time
from pathlib import Path
from app.lineage import family
from app.opening import Opening
from app.pictures import Pictures
told = {}
def work(name, does):
    try:
        told[name] = bool(does())
    except BaseException as error:
        told[name] = repr(error)
def begin(name, does):
    threads.append(threading.Thread(target=work, args=(name, does)))
    threads[-1].start()
threads = []
begin("folder", Opening(Path(sys.argv[1]), Path("assets")))
while "detr_core" not in sys.modules:
    time.sleep(0.001)
begin("picture", lambda: Pictures(Path("assets/examples")).get("example:meadow"))
begin("family", family)
[thread.join() for thread in threads]
print(json.dumps(told), flush=True)
import os; os._exit(0)
"""
    found = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == {"folder": True, "picture": True, "family": True}


def late_imports(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Each function that imports of `detr_core` only when it runs, and the line where it does."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        for line in (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)):
            names = [line.module or ""] if isinstance(line, ast.ImportFrom) else [each.name for each in line.names]
            if any(name.split(".")[0] == "detr_core" for name in names):
                yield function, line.lineno


def test_no_thread_imports_a_part_of_the_libraries_alone():
    """`libraries()` comes first; the two commands that make assets have one thread."""
    checked = 0
    for path in APP.rglob("*.py"):
        for function, line in () if path.name.startswith("make_") else late_imports(ast.parse(path.read_text())):
            calls = [node.lineno for node in ast.walk(function) if isinstance(node, ast.Call) and ast.unparse(node.func) == "libraries"]
            assert calls and min(calls) < line, f"{path.name}:{line}: call libraries() before this import"
            checked += 1
    assert checked > 5


@pytest.mark.parametrize(("words", "says"), [
    (["--auth", "me"], "NAME:PASSWORD"), (["--auth", "me:"], "NAME:PASSWORD"), (["--port", "99999"], "1 to 65535"),
    (["--device", "toaster"], "cuda:1"), (["--data", "app.py/data"], "choose another one with --data")])
def test_options_that_cannot_be_are_refused_before_the_start(words, says):
    """A login without a password would let everybody in; the others would end in a traceback or in a page that answers nothing."""
    found = subprocess.run([sys.executable, "app.py", *words], capture_output=True, text=True)
    assert found.returncode == 2 and says in found.stderr and "Traceback" not in found.stderr


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = subprocess.run([sys.executable, "app.py", "--port", port, "--data", str(tmp_path)], capture_output=True, text=True)
    assert found.returncode == 1 and f"port {port}" in found.stderr and "Traceback" not in found.stderr


def test_a_device_that_is_not_there_is_told_to_whoever_asks():
    from app.network import Network
    from app.runs import AtlasError
    with pytest.raises(AtlasError, match="no device 'cuda:77'"):
        Network("cuda:77")


def test_the_stored_runs_belong_to_the_bundled_weights():
    aged = stale(ASSETS / "runs", "deformable_detr_two_stage")
    if aged:
        pytest.fail(f"Make the stored runs again with `python -m app.make_runs`: {', '.join(aged[:5])} are out of date or missing.")
