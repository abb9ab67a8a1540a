"""What visitors train: jobs, data sets, the example and estimates of one data folder. Needs torch, so it is opened late."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from detr_core import VARIANTS
from detr_core.api import bundled
from detr_core.data import DataError
from detr_core.data.store import Dataset, Datasets
from detr_core.jobs import Job, Jobs
from detr_core.training.files import read_json
from detr_core.training.run import Run

from .demo import DEMO, Demo
from .desk import Desk
from .estimates import Estimates
from .planning import Planning

JOB = "job:"                                        # weights called "job:<id>" are those of a job


class Workshop:
    """Everything that the Train and Jobs pages need; methods take the owner, and nobody sees what is another's.

    `trackers`: names of what Accelerate knows, where every new job logs its metrics, too.
    """

    def __init__(self, jobs: Jobs, datasets: Datasets, assets: Path, root: Path, trackers: tuple[str, ...] = ()):
        self.jobs, self.datasets, self.root, self.trackers = jobs, datasets, Path(root).resolve(), trackers
        self.demo = Demo(assets / "demo_job", assets / "data" / "trees" / "images")
        self._named: dict[str, str] = {}
        self.estimates, self.desk, self.planning = Estimates(folder=self.root), Desk(self), Planning(self)

    def of(self, id: str) -> Jobs | Demo:
        """Where the job of this id is kept."""
        return self.demo if id == DEMO else self.jobs

    def list(self, owner: str) -> list[Job]:
        """The owner's jobs, newest first, and then the example."""
        return [*self.jobs.list(owner), *self.demo.list(owner)]

    def dataset(self, owner: str, job: Job) -> Dataset | None:
        """The data set a job learns from, while it is there."""
        try:
            return self.datasets.get(owner, job.dataset or job.run.data)
        except (DataError, OSError):                # deleted since
            return None

    def data_name(self, job: Job) -> str:
        """What a job's data set was called when the job was made."""
        if job.id not in self._named:
            self._named[job.id] = read_json(job.folder / "job.json", {}).get("card", {}).get("data") or Path(job.run.data).name
        return self._named[job.id]

    def origin(self, owner: str, job: Job) -> dict[str, Any]:
        """What it started from, as words and as weights that other pages can show, and how many pictures it learns from."""
        start, found = job.run.weights or "", self.dataset(owner, job)
        base, name = start if start in bundled(job.run.variant) else None, start
        if start.startswith(JOB):
            earlier = next((each for each in self.jobs.list(owner) if f"{JOB}{each.id}" == start), None)
            base, name = (start, earlier.name) if earlier else (None, "")
        splits = found.report.facts.get("splits", {}) if found else {}
        return {"start": name, "base": base, "pictures": splits.get("train", {}).get("pictures", 0),
                "download": f"atlas/jobs/{job.id}/archive" if job.id != DEMO and job.files.last.exists() else ""}

    def queries(self, run: Run) -> int:
        """Of a run whose recipe does not say otherwise."""
        entry = VARIANTS[run.variant]
        return (entry.tiny if run.size == "tiny" else entry.recipe).queries

    def clone(self, owner: str, job: Job, name: str, changes: dict[str, Any]) -> Job:
        """The same run again with changes; the example becomes a job of its new owner."""
        if job.id != DEMO:
            return self.jobs.clone(owner, job.id, name, **changes)
        return self.jobs.add(owner, replace(job.run, trackers=self.trackers, **changes), name or f"{job.name}, again")
