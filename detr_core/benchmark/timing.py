"""Measuring side by side: candidates take turns in one process, so that whatever else the machine does slows all alike."""
from __future__ import annotations

import ctypes
import gc
import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

Calls = dict[str, Callable[[], Any]]
Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "processor": time.process_time}
"""The processor's time counts this process alone: on a busy machine its ratios mean more, with one thread on each side."""


def settled(device: torch.device) -> None:
    """Wait until the device has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(call: Callable[[], Any], device: torch.device, clock: Clock) -> float:
    """How long a call takes."""
    settled(device)
    start = clock()
    call()
    settled(device)
    return clock() - start


def in_turns(calls: Calls, rounds: int, device: torch.device, clock: Clock = time.perf_counter) -> dict[str, float]:
    """Median milliseconds of each call, after one that warms up; every second round goes backwards."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds):
        for name in list(calls)[::1 if turn % 2 == 0 else -1]:
            times[name].append(seconds(calls[name], device, clock))
    return {name: 1000 * statistics.median(found) for name, found in times.items()}


def _memory(field: str) -> float:
    """A field of this process's memory in MiB (Linux)."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024


def extra_memory(call: Callable[[], Any], device: torch.device) -> float | None:
    """MiB that `call` needs at its peak beyond what was there before; None where the system does not tell."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        return (torch.cuda.max_memory_allocated(device) - before) / 2**20
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = _memory("VmRSS")
        call()
        return _memory("VmHWM") - before
    except (OSError, AttributeError, TypeError):
        return None


def has_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies bfloat16 numbers itself; elsewhere they are slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        return bool(re.search(r"avx512_bf16|amx_bf16|\bbf16\b", Path("/proc/cpuinfo").read_text()))
    except OSError:
        return False


def load() -> list[float]:
    """Programs that wanted the processor in the last 1, 5 and 15 minutes: what to know of a timing."""
    try:
        return [round(value, 2) for value in os.getloadavg()]
    except OSError:
        return []
