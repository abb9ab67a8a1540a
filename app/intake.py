"""Data sets on their way in: archives arrive in pieces, are checked one after another, and say how far they are."""
from __future__ import annotations

import base64
import binascii
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detr_core.data.coco_check import DataError
from detr_core.data.store import Dataset, Datasets

from .runs import AtlasError

log = logging.getLogger(__name__)
PIECE = 8 * 2**20                                   # most bytes of an archive in one request
PATIENCE = 3600.0                                   # seconds until an upload that stands still is forgotten
AT_ONCE = 3                                         # of one owner
GONE = "This upload is no longer here; begin it again."


@dataclass
class Arrival:
    """One archive or folder. `stage` is "uploading", "waiting", "unpacking", "reading", "mending", "done" or "failed"."""

    owner: str
    name: str
    size: int = 0
    path: Path | None = None
    stage: str = "uploading"
    done: int = 0
    total: int = 0
    dataset: str = ""
    error: str = ""
    touched: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def news(self) -> dict[str, Any]:
        """What a page shows."""
        return {name: getattr(self, name) for name in ("stage", "done", "total", "dataset", "error", "name")}


class Intake:
    """Over the data sets of a server. A check goes on when its page is closed; what comes of it is then in the list."""

    def __init__(self, datasets: Datasets):
        self.datasets = datasets
        self._arrivals: dict[str, Arrival] = {}
        self._lock = threading.Lock()
        self._checks = ThreadPoolExecutor(1, "check")

    def begin(self, owner: str, name: str, size: int) -> str:
        """A place for an archive of so many bytes; returns its ticket."""
        most = self.datasets.limits.archive
        if not size:
            raise AtlasError("The archive is empty; choose another one.")
        if size > most:
            raise AtlasError(f"The archive has {size >> 20:,} MB; archives of up to {most >> 20:,} MB are taken here.")
        self.datasets.room(owner, size)
        ticket = self._ticket(owner, Arrival(owner, name, size, total=size))
        folder = self.datasets.folder / f"{ticket}.partial"     # swept away by the next start, should this one end before the check
        folder.mkdir(parents=True)
        self._arrivals[ticket].path = folder / "brought.zip"
        self._arrivals[ticket].path.touch()
        return ticket

    def piece(self, owner: str, ticket: str, at: int, data: str) -> int:
        """The next bytes, in base64; returns how many have arrived. After the last one the check begins by itself."""
        arrival = self._find(owner, ticket)
        try:
            found = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise AtlasError("A piece of the archive arrived damaged; send it again.") from error
        with arrival.lock:
            if arrival.stage == "uploading" and at == arrival.done and len(found) <= min(PIECE, arrival.size - at):
                with open(arrival.path, "r+b") as file:
                    file.seek(at)
                    file.write(found)
                arrival.done += len(found)
                arrival.touched = time.monotonic()
                if arrival.done == arrival.size:
                    arrival.stage, arrival.done, arrival.total = "waiting", 0, 0
                    self._check(arrival, lambda progress: self.datasets.add_archive(owner, arrival.path, arrival.name, progress))
                    return arrival.size
            return arrival.done if arrival.stage == "uploading" else arrival.size

    def folder(self, owner: str, name: str) -> str:
        """Check a folder of the server; returns the ticket."""
        ticket = self._ticket(owner, Arrival(owner, name, stage="waiting"))
        self._check(self._arrivals[ticket], lambda progress: self.datasets.add_folder(owner, name, progress))
        return ticket

    def news(self, owner: str, ticket: str) -> dict[str, Any]:
        """How far it is; `dataset` is the new data set's id when it is done."""
        return self._find(owner, ticket).news()

    def running(self, owner: str) -> list[dict[str, Any]]:
        """Tickets of the owner's checks, so that a page that was reloaded can follow them."""
        return [{"ticket": ticket, "name": each.name} for ticket, each in list(self._arrivals.items())
                if each.owner == owner and each.stage not in ("uploading", "done", "failed")]

    def drop(self, owner: str, ticket: str) -> None:
        """Give an upload up."""
        arrival = self._find(owner, ticket)
        if arrival.stage == "uploading":
            arrival.stage, arrival.error = "failed", GONE
            self._away(arrival)

    def _ticket(self, owner: str, arrival: Arrival) -> str:
        with self._lock:
            for ticket, known in list(self._arrivals.items()):
                if known.stage in ("uploading", "done", "failed") and time.monotonic() - known.touched > PATIENCE:
                    self._away(self._arrivals.pop(ticket))
            busy = [known for known in self._arrivals.values() if known.owner == owner and known.stage not in ("done", "failed")]
            if len(busy) >= AT_ONCE:
                raise AtlasError(f"{len(busy)} data sets of yours are still being checked; wait for one of them.")
            ticket = secrets.token_hex(16)
            self._arrivals[ticket] = arrival
            return ticket

    def _find(self, owner: str, ticket: str) -> Arrival:
        arrival = self._arrivals.get(ticket)
        if arrival is None or arrival.owner != owner:
            raise AtlasError(GONE)
        return arrival

    def _check(self, arrival: Arrival, work: Callable[[Callable[[str, int, int], None]], Dataset]) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            arrival.stage, arrival.done, arrival.total = stage, done, total

        def run() -> None:
            try:
                arrival.dataset = work(progress).id
                arrival.stage = "done"
            except (AtlasError, DataError) as error:
                arrival.stage, arrival.error = "failed", str(error)
            except BaseException:
                arrival.stage, arrival.error = "failed", "The check itself failed; the server's log says how."
                raise
            finally:
                arrival.touched = time.monotonic()
                self._away(arrival)

        self._checks.submit(run).add_done_callback(_logged)

    @staticmethod
    def _away(arrival: Arrival) -> None:
        if arrival.path is not None:
            shutil.rmtree(arrival.path.parent, ignore_errors=True)


def _logged(future: Future) -> None:
    if (error := future.exception()) is not None:
        log.error("A check failed", exc_info=error)
