"""The kernels compile for every GPU they are meant for, with what makes them fast, on a machine that has none.

The interpreter accepts much that the compiler does not, and tells nothing of registers.
"""

import importlib.util
import itertools
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed")

CAPABILITIES = (75, 80, 90, 100, 120)
USUAL = [f"{kernel} {capability} 32 22223 atomic" for capability in CAPABILITIES for kernel in ("forward float32", "backward bfloat16")]
SPECIAL = [
    "forward bfloat16 90 32 22223 atomic",
    "backward float32 90 32 22223 sorted",
    "forward float16 80 64 300 atomic",  # few queries: programs of one warp
    "backward float16 75 12 300 atomic",  # a head width that is no power of two
]
DTYPES, WIDTHS, QUERIES = ("float32", "float16", "bfloat16", "float64"), (8, 16, 32, 64, 128), (300, 22223)
EVERY = [
    f"{kernel} {dtype} {capability} {width} {queries} {order}"
    for (kernel, order), dtype, capability, width, queries in itertools.product(
        (("forward", "atomic"), ("backward", "atomic"), ("backward", "sorted")), DTYPES, CAPABILITIES, WIDTHS, QUERIES
    )
]


def compiled(lines, tmp_path):
    """Descriptions by compile_ahead.py, in a process without the interpreter and with an empty cache."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    command = [sys.executable, "-m", "tests.kernels.compile_ahead", *lines]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(found, lines):
    assert [one["line"] for one in found] == lines
    for one in found:
        direction, dtype, capability, width, _, order = one["line"].split()
        assert one["local"] == 0, f"spills registers: {one}"
        assert one["registers"] <= (80 if dtype != "float64" else 128), one
        vectors = dtype != "float64" and int(width) % 16 == 0
        wide_atomics = direction == "backward" and order == "atomic" and int(capability) >= 90 and dtype != "float64"
        if direction == "forward" and vectors:
            assert one["wide_loads"], f"reads value piecemeal: {one}"
        if vectors and (direction == "forward" or order == "sorted" or wide_atomics):
            assert one["barriers"] == 0, f"exchanges coordinates through shared memory: {one}"
        assert one["atomics"] == (direction == "backward" and order == "atomic"), one
        assert one["wide_atomics"] == wide_atomics, one


def test_usual_configurations(tmp_path):
    check(compiled(USUAL + SPECIAL, tmp_path), USUAL + SPECIAL)


@pytest.mark.compile
def test_every_configuration(tmp_path):
    check(compiled(EVERY, tmp_path), EVERY)
