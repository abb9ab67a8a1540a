"""The first command of the README: the page is there before any large library is."""
import subprocess
import sys

import pytest

from app.make_runs import ASSETS, stale


def test_nothing_heavy_is_imported_before_the_page_answers():
    code = ("import sys; from pathlib import Path; from app.engine import Engine; from app.ui import build;"
            "build(Engine(lambda: None, Path('assets')), Path('assets')); print('torch' in sys.modules, 'matplotlib' in sys.modules)")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]


def test_a_login_without_a_password_is_refused_before_the_start():
    found = subprocess.run([sys.executable, "app.py", "--auth", "me"], capture_output=True, text=True)
    assert found.returncode == 2 and "NAME:PASSWORD" in found.stderr


def test_the_stored_runs_belong_to_the_bundled_weights():
    aged = stale(ASSETS / "runs", "deformable_detr_two_stage")
    if aged:
        pytest.fail(f"Make the stored runs again with `python -m app.make_runs`: {', '.join(aged[:5])} are out of date or missing.")
