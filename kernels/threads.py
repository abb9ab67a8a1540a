"""Work shared among as many threads as `torch.set_num_threads` allows, for compiled code that releases the interpreter's lock."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)  # threads do not survive a fork, so a child makes its own pool


def _shared_pool() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="kernels")
    return _pool


def spread(work: Callable[[int, int], None], count: int, smallest: int) -> None:
    """Calls work(begin, end) on equal parts of range(count), none under `smallest`; returns when all are done, raises what one raised.

    Safe from several threads at once: the parts never wait for each other, and the caller does one of them itself.
    """
    parts = max(1, min(torch.get_num_threads(), count // max(1, smallest)))
    edges = [count * part // parts for part in range(parts + 1)]
    waiting = [_shared_pool().submit(work, *part) for part in zip(edges[1:-1], edges[2:], strict=True)]
    try:
        work(edges[0], edges[1])
    finally:
        failures = [future.exception() for future in waiting]
    for failure in failures:
        if failure is not None:
            raise failure
