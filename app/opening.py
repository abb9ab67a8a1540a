"""The operator's data folder, opened behind the pages: jobs with their supervisor, data sets, and all that works on them."""
from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from .libraries import libraries

if TYPE_CHECKING:                                   # brings torch, and pages open before it
    from .workshop import Workshop

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Terms:
    """What the operator allows: processes of a job, jobs at once on a device, words for `accelerate launch`, and for each visitor
    jobs waiting or running and GiB of data sets and jobs; `allowed` are folders of the server that may be trained on,
    `trackers` those of Accelerate that every job logs to."""

    processes: int = 1
    at_once: int = 1
    launch: tuple[str, ...] = ()
    active: int = 4
    gigabytes: float = 20.0
    allowed: tuple[Path, ...] = ()
    trackers: tuple[str, ...] = ()


class Opening:
    """Call it for the workshop. The first call opens it, and raises JobError where another server has the folder."""

    def __init__(self, folder: Path, assets: Path, terms: Terms = Terms()):
        self.folder, self.assets, self.terms = Path(folder), Path(assets), terms
        self._lock, self._open = Lock(), None

    def __call__(self) -> Workshop:
        with self._lock:
            if self._open is None:
                self._open = self._make()
        return self._open

    def _make(self) -> Workshop:
        libraries()
        from detr_core.data.check import Limits
        from detr_core.data.store import Datasets
        from detr_core.jobs import Jobs, Launch, Quota, Supervisor, devices

        from .workshop import Workshop

        terms = self.terms
        most = int(terms.gigabytes * 2**30)
        datasets = Datasets(self.folder, terms.allowed, Limits(owned=most), lambda owner: jobs.used(owner))
        jobs = Jobs(self.folder, Quota(active=terms.active, bytes=most), devices(), elsewhere=datasets.used)
        self.supervisor = Supervisor(jobs, Launch(terms.processes, terms.at_once, terms.launch))
        self.supervisor.start()
        return Workshop(jobs, datasets, self.assets, self.folder, terms.trackers)

    def weights(self, id: str) -> Path:
        """The file of a job's best weights; whether somebody may have them is asked before, see `Engine`."""
        shop = self()
        return shop.demo.weights("", id) if shop.of(id) is shop.demo else shop.jobs.folder / "jobs" / Path(id).name / "best.safetensors"

    def close(self) -> None:
        """Leave the folder to another server; the runs go on."""
        with self._lock:
            if self._open is not None:
                self.supervisor.close()
                self._open.jobs.close()
                self._open = None
