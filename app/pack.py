"""Facts and arrays in one block of bytes that a browser reads without copying.

Layout: uint32 length of the header, the header as JSON padded with spaces to a multiple of 8, then the arrays, little
endian, each starting at a multiple of 8. Header: {"facts": ..., "arrays": {name: [type, shape, offset]}}.
"""
from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

TYPES = {"f4": np.dtype("<f4"), "i4": np.dtype("<i4"), "u2": np.dtype("<u2"), "u1": np.dtype("u1")}
_NAMES = {dtype: name for name, dtype in TYPES.items()}


def pack(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Raises TypeError for an array of a type the browser has no view for."""
    table, blocks, offset = {}, [], 0
    for name, array in arrays.items():
        if array.dtype not in _NAMES:
            raise TypeError(f"Array {name!r} is {array.dtype}: convert it to one of {[str(t) for t in _NAMES]} first.")
        data = np.ascontiguousarray(array).tobytes()
        table[name] = [_NAMES[array.dtype], list(array.shape), offset]
        blocks.append(data + bytes(-len(data) % 8))
        offset += len(blocks[-1])
    header = json.dumps({"facts": facts, "arrays": table}, allow_nan=False).encode()
    header += b" " * (-(len(header) + 4) % 8)
    return b"".join([len(header).to_bytes(4, "little"), header, *blocks])


def packed(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """The block as JSON carries it: {"pack": base64}."""
    return {"pack": base64.b64encode(pack(facts, arrays)).decode()}


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The way back."""
    start = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:start])
    arrays = {}
    for name, (kind, shape, offset) in header["arrays"].items():
        flat = np.frombuffer(data, TYPES[kind], int(np.prod(shape)), start + offset)
        arrays[name] = flat.reshape(shape)
    return header["facts"], arrays
