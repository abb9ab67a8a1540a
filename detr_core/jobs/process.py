"""Processes that outlive the server, and how to know one again: by its id and the moment it began."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

WORKER = "detr_core.jobs.worker"
PROJECT = Path(__file__).resolve().parents[2]


def start(words: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Start a session of its own that writes to folder/log.txt; returns its process id."""
    with open(folder / "log.txt", "ab") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=PROJECT, env=environment,
                                   start_new_session=True)
    return process.pid


def beginning(pid: int) -> str:
    """When a process began, as text that no other process of this id ever has, whatever the clock does; "" when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return "" if stat[0] in "ZX" else f"{boot}:{stat[19]}"
    except FileNotFoundError:
        if sys.platform == "linux":
            return ""
    except (OSError, IndexError):
        return ""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def alive(pid: int | None, started: str) -> bool:
    """Whether the process that was started is still there."""
    if pid is None:
        return False
    _collect(pid)
    return bool(started) and beginning(pid) == started


def of_folder(folder: Path) -> list[int]:
    """All processes that work in a run's folder, the session's first one first; finds them without any record."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(folder) in words and WORKER in " ".join(words):
            found.append(process.pid)
    return sorted(found, key=lambda pid: (_session(pid) != pid, pid))


def end(folder: Path, patience: float = 10.0) -> None:
    """End everything that works in a run's folder, the hard way: its last checkpoint is always whole."""
    deadline = time.monotonic() + patience
    while (found := of_folder(folder)) and time.monotonic() < deadline:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
            except ProcessLookupError:
                continue
        for pid in found:
            _collect(pid)
        time.sleep(0.05)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except (OSError, AttributeError):
        return -1


def _collect(pid: int) -> None:
    """Let the kernel forget a child that has ended; adopted processes are nobody's children here."""
    with suppress(OSError, AttributeError):
        os.waitpid(pid, os.WNOHANG)
