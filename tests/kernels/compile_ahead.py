"""Compiles deformable attention's kernels for GPUs that need not be there, and prints one JSON line about each; run by test_ahead.py.

Arguments: lines of direction, dtype, compute capability, head width, queries and "atomic" or "sorted", each separated by spaces. Must run
without TRITON_INTERPRET.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import triton
from triton.backends import nvidia
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from kernels import deformable_triton as module

NAMES = {"float32": "*fp32", "float16": "*fp16", "bfloat16": "*bf16", "float64": "*fp64"}
TOOLS = Path(nvidia.__file__).parent / "bin"


def compiled(direction: str, dtype: str, capability: int, width: int, queries: int, order: str):
    """The kernel as a launch with such tensors would compile it: pointers divisible by 16, sizes unknown."""
    value = torch.empty(1, 22223, 8, width, dtype=getattr(torch, dtype), device="meta")
    sums = torch.promote_types(value.dtype, torch.float32)
    kernel = module.forward_kernel if direction == "forward" else module.backward_kernel
    held = value.element_size() if direction == "forward" else sums.itemsize
    constants, warps = module.configuration(value, queries, module.BYTES_A_LOAD // held, interpreted=False)
    if direction == "backward":
        constants["ATOMIC"] = order == "atomic"
    pointers = dict.fromkeys(("value", "weights", "output", "gradient", "weight_gradient"), NAMES[dtype])
    pointers |= dict.fromkeys(("locations", "location_gradient", "value_gradient"), NAMES[str(sums).removeprefix("torch.")])
    pointers["sizes"] = "*i32"
    signature = {name: pointers.get(name, "constexpr" if name in constants else "i32") for name in kernel.arg_names}
    places = {name: (index,) for index, name in enumerate(kernel.arg_names)}
    divisible = {place: [["tt.divisibility", 16]] for name, place in places.items() if name in pointers}
    source = ASTSource(kernel, signature, {places[name]: constant for name, constant in constants.items()}, divisible)
    return triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": warps})


def describe(line: str) -> dict:
    """Seconds, PTX features and, by cuobjdump, registers and local memory."""
    direction, dtype, capability, width, queries, order = line.split()
    begun = time.perf_counter()
    kernel = compiled(direction, dtype, int(capability), int(width), int(queries), order)
    seconds = time.perf_counter() - begun
    ptx = kernel.asm["ptx"]
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        usage = subprocess.run([TOOLS / "cuobjdump", "--dump-resource-usage", file.name], capture_output=True, text=True, check=True).stdout
    fields = dict(part.split(":") for part in usage.split() if part.count(":") == 1 and part.split(":")[1].isdigit())
    return {
        "line": line, "seconds": seconds, "registers": int(fields["REG"]), "local": int(fields["STACK"]) + int(fields["LOCAL"]),
        "wide_loads": "ld.global.v4.b32" in ptx, "barriers": ptx.count("bar.sync"),
        "wide_atomics": "add.v4.f32" in ptx, "atomics": "atom.global" in ptx or "red.global" in ptx,
    }  # fmt: skip


if __name__ == "__main__":
    for line in sys.argv[1:]:
        print(json.dumps(describe(line)), flush=True)
