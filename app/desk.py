"""The operator's data folder in the running app: jobs, their supervisor, and visitors' data sets."""
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:                                   # both bring torch, and pages must open before it
    from detr_core.data.store import Datasets
    from detr_core.jobs import Jobs


class Desk:
    """`jobs` and `datasets` wait until they are open; handlers use them from a thread (`asyncio.to_thread`)."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._jobs: Future[Jobs] = Future()
        self._datasets: Future[Datasets] = Future()

    def start(self) -> None:
        """Open the folder and start the supervisor in a thread; a folder in use raises JobError at once."""

    @property
    def jobs(self) -> Jobs:
        return self._jobs.result(60)

    @property
    def datasets(self) -> Datasets:
        return self._datasets.result(60)
