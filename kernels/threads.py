"""Compiled work shared among as many threads as `torch.set_num_threads` allows.

On Linux they are the threads of PyTorch's own OpenMP runtime: after each of PyTorch's operations those keep their cores busy for some
milliseconds, waiting for more, and threads of another pool would have to share the cores with them. Where that runtime is not to be had a
pool of Python threads does the same.
"""

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from numba import njit
from torch import Tensor

from kernels.lanes import ticket

PARTS_A_THREAD = 4  # whoever is late or slow does fewer of them
HEAD = 3  # numbers at the front of a task: the next part, parts, things to do; then `numbers`, then address and size of each tensor

_pool: ThreadPoolExecutor | None = None
_forked = False  # threads do not survive a fork: the runtime would wait for them for ever, so a child makes its own pool


def _after_fork() -> None:
    global _pool, _forked
    _pool, _forked = None, True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@cache
def _runtime():
    """GOMP_parallel(function, data, threads, flags) of the OpenMP runtime that PyTorch brings, found as PyTorch itself finds it."""
    try:
        parallel = ctypes.CDLL(torch._C.__file__).GOMP_parallel if sys.platform == "linux" else None
    except (OSError, AttributeError):
        return None
    if parallel:
        parallel.argtypes, parallel.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
    return parallel


def _shared_pool() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="kernels")
    return _pool


@njit(nogil=True, error_model="numpy")
def portion(task):
    """(begin, end) of a part nobody has taken yet; empty when all are taken."""
    parts, count = task[1], task[2]
    part = min(ticket(task, 0), parts)
    return count * part // parts, count * min(part + 1, parts) // parts


def spread(address: int, count: int, smallest: int, numbers: list[int], tensors: list[Tensor]) -> None:
    """Has the compiled function at `address` do count things in parts of at least `smallest`; returns when all are done.

    The function takes one pointer, to int64 numbers laid out as `HEAD` tells, and does `portion`s until there are none. The tensors
    are contiguous. Safe from several Python threads at once; the caller's thread does its share.
    """
    most = max(1, count // max(1, smallest))
    hands = min(torch.get_num_threads(), most)
    arrays = [number for tensor in tensors for number in (tensor.data_ptr(), tensor.numel())]
    task = np.array([0, min(most, hands * PARTS_A_THREAD) if hands > 1 else 1, count, *numbers, *arrays], dtype=np.int64)
    function, runtime = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address), None if _forked else _runtime()
    if hands > 1 and runtime:
        runtime(address, task.ctypes.data, hands, 0)
        return
    waiting = [_shared_pool().submit(function, task.ctypes.data) for _ in range(hands - 1)]
    function(task.ctypes.data)
    for future in waiting:
        future.result()
