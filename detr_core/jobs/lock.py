"""One server a data folder: two would start the same jobs twice."""
from __future__ import annotations

import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from .job import JobError


class FolderLock:
    """Held from construction to `release`; the kernel frees it when the process dies, however that happens."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._lock, holder = FileLock(folder / "server.lock", thread_local=False), folder / "server.txt"
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            who = holder.read_text().strip() if holder.exists() else "another process"
            raise JobError(f"The data folder {folder} is in use by another server ({who}): stop that one, or start this one with another "
                           "--data folder.") from None
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")

    def release(self) -> None:
        self._lock.release()
