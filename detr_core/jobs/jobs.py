"""The table of all jobs, and what their owners may do with them."""
from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ..room import Elsewhere, nothing
from ..training.files import read_json, write_json
from ..training.run import Run
from . import process, share
from .archive import pack
from .job import ACTIVE, ALIVE, RESUMABLE, WEIGHTS, Job, JobError, Quota
from .lock import FolderLock
from .table import Table


class Jobs:
    """Jobs of a data folder: jobs.sqlite (states, queue, events, metrics) and jobs/<id>/ (a run's folder and log.txt).

    Every method takes the owner and knows only that owner's jobs: for others' there is "no such job" (JobError). A second
    server on the same folder is refused with a JobError. Nothing here starts a process; that is the `Supervisor`'s part.
    `devices` are the queues, the first one for who does not care and finds all equally long. `elsewhere`: bytes of an owner's data sets,
    which count against the same quota.
    """

    def __init__(self, folder: Path, quota: Quota = Quota(), devices: tuple[str, ...] = ("cpu",), clock: Callable[[], float] = time.time,
                 elsewhere: Elsewhere = nothing):
        self.folder, self.quota, self.devices, self.elsewhere = Path(folder).resolve(), quota, devices, elsewhere
        self.lock = FolderLock(self.folder)
        self.table = Table(self.folder, clock)

    def close(self) -> None:
        """Let another server have the folder."""
        self.table.database.close()
        self.lock.release()

    def add(self, owner: str, run: Run, name: str = "", dataset: str = "", label: str = "", parent: str = "") -> Job:
        """Put a run at the end of its device's queue. `dataset` is the id of the owner's data set, `label` what they call it."""
        self._room(owner)
        if earlier := own_weights(run.weights):
            self.weights(owner, earlier)
        id, now, table = secrets.token_hex(8), self.table.clock(), self.table
        job = Job(id, owner, (name.strip() or f"{run.variant} on {label or Path(run.data).name}")[:120], run, "queued", now, "", "", now,
                  table.folder_of(id), place=table.place(), dataset=dataset, parent=parent)
        job = replace(job, device=self._device(run.device))
        start = run.weights and (Path(run.weights).name if Path(run.weights).is_absolute() else run.weights)
        shown = replace(run, data=label or Path(run.data).name, weights=start)
        card = {"data": shown.data, "warm_start": start or "", "command": shown.command(), "job": job.name}
        try:
            job.files.create(run)
            write_json(job.folder / "job.json", {"name": job.name, "card": card})
            table.insert(job)
        except BaseException:
            shutil.rmtree(job.folder, ignore_errors=True)
            raise
        return self.get(owner, id)

    def list(self, owner: str) -> list[Job]:
        """The owner's jobs, newest first."""
        return sorted(self.table.find("owner = ?", owner), key=lambda job: (job.created, job.place), reverse=True)

    def get(self, owner: str, id: str) -> Job:
        return self.table.one(owner, id)

    def stop(self, owner: str, id: str, at_once: bool = False) -> Job:
        """End after the current step, ready to be resumed; `at_once` ends the process, which goes on from its last checkpoint."""
        job = self.get(owner, id)
        if not (self.table.move(id, "stopped", "Stopped before it began.", ("queued",))
                or self.table.move(id, "stopping", "A stop was asked for.", ("preparing", "running")) or job.state == "stopping"):
            raise JobError(f"This job is {job.state}: there is nothing to stop.")
        if job.state in ALIVE:
            job.files.stop.touch()
        if at_once:
            process.end(job.folder)
        return self.get(owner, id)

    def resume(self, owner: str, id: str) -> Job:
        """Back into the queue; goes on exactly where its last checkpoint was."""
        job = self.get(owner, id)
        self._room(owner)
        if not self.table.move(id, "queued", "Goes on from its last checkpoint.", RESUMABLE, place=self.table.place(), alert="", tries=0):
            raise JobError(f"This job is {job.state}: only a stopped, failed or interrupted one can be resumed"
                           f"{'; clone it to train on' if job.state == 'finished' else ''}.")
        return self.get(owner, id)

    def retry_smaller(self, owner: str, id: str) -> Job:
        """Resume with half the pictures at once: the batch is computed in twice as many pieces, which gives the same numbers."""
        job = self.get(owner, id)
        pieces = 2 * job.run.accumulate
        if job.state not in RESUMABLE:
            raise JobError(f"This job is {job.state}: only a stopped, failed or interrupted one can be tried again.")
        if job.run.batch % pieces:
            raise JobError(f"A batch of {job.run.batch} in {job.run.accumulate} pieces cannot be halved again: clone the job with smaller "
                           "pictures or another batch.")
        run = replace(job.run, accumulate=pieces)
        write_json(job.folder / "run.json", vars(run))
        self.table.put(id, run=json.dumps(vars(run)))
        return self.resume(owner, id)

    def clone(self, owner: str, id: str, name: str = "", **changes: Any) -> Job:
        """A new job with the same run but for `changes`, fields of `Run`."""
        job = self.get(owner, id)
        if unknown := set(changes) - {field.name for field in fields(Run)}:
            raise JobError(f"A run has no {min(unknown)!r}: change {', '.join(field.name for field in fields(Run))}.")
        card = read_json(job.folder / "job.json", {}).get("card", {})
        dataset, label = (job.dataset, card.get("data", "")) if changes.get("data", job.run.data) == job.run.data else ("", "")
        try:
            run = replace(job.run, **changes)
        except (TypeError, ValueError) as error:
            raise JobError(str(error)) from error
        return self.add(owner, run, name or f"{job.name}, again", dataset, label, parent=id)

    def delete(self, owner: str, id: str) -> None:
        """Remove a job with all its files; a running one is ended first."""
        job = self.get(owner, id)
        with self.table.database.changing() as change:
            change.execute("DELETE FROM jobs WHERE id = ?", (id,))
        process.end(job.folder)
        shutil.rmtree(job.folder, ignore_errors=True)

    def metrics(self, owner: str, id: str, after: int = 0) -> list[dict[str, Any]]:
        """Lines of metrics.jsonl with a "seq" above `after`. One of kind "rewind" takes back what was said of later steps."""
        self.get(owner, id)
        rows = self.table.database.rows("SELECT seq, line FROM metrics WHERE job = ? AND seq > ? ORDER BY seq", id, int(after))
        return [{"seq": row["seq"], **json.loads(row["line"])} for row in rows]

    def events(self, owner: str, id: str, after: int = 0) -> list[dict[str, Any]]:
        """What happened, in order: seq, time, state, reason."""
        self.get(owner, id)
        return [dict(row) for row in self.table.database.rows(
            "SELECT seq, time, state, reason FROM events WHERE job = ? AND seq > ? ORDER BY seq", id, int(after))]

    def log(self, owner: str, id: str, search: str = "", lines: int = 400) -> list[str]:
        """The last lines of the log, of those that contain `search`."""
        path, wanted = self.get(owner, id).folder / "log.txt", search.lower()
        if not path.exists():
            return []
        text = path.read_text(errors="replace")
        for place in (self.folder, process.PROJECT, Path.home()):   # whose machine it is, is nobody's business
            text = text.replace(f"{place}/", "")
        found = [line.rpartition("\r")[2] for line in text.splitlines() if wanted in line.lower()]
        return found[-max(1, min(lines, 5000)):]

    def samples(self, owner: str, id: str) -> dict[str, Any]:
        """Fixed validation pictures: {"names", "pictures": [...], "steps": {step: [...]}} as samples/ holds them."""
        folder = self.get(owner, id).files.samples
        steps = {int(path.stem): read_json(path, []) for path in sorted(folder.glob("[0-9]*.json"))}
        return {**read_json(folder / "pictures.json", {"names": [], "pictures": []}), "steps": steps}

    def sample_picture(self, owner: str, id: str, number: int) -> Path:
        """One of the fixed validation pictures, a JPEG."""
        path = self.get(owner, id).files.samples / f"picture-{int(number)}.jpg"
        return _existing(path, "This job has no such picture yet.")

    def archive(self, owner: str, id: str) -> Path:
        """A zip of best and last weights, recipe, class names, metrics and data report."""
        job = self.get(owner, id)
        _existing(job.files.last, "This job has no weights yet: they appear with its first evaluation.")
        return pack(job, self.metrics(owner, id), self.folder)

    def weights(self, owner: str, id: str) -> Path:
        """The best weights of a job."""
        return _existing(self.get(owner, id).files.best, "This job has no weights yet: they appear with its first evaluation.")

    def used(self, owner: str) -> int:
        """Bytes of the owner's jobs."""
        return share.used(self.table, owner)

    def _room(self, owner: str) -> None:
        """Raises JobError where the owner has all they may have."""
        share.check(self.table, self.quota, owner, self.elsewhere(owner))

    def _device(self, wanted: str) -> str:
        """The queue for a run: the shortest of those it can go to."""
        fitting = [name for name in self.devices if wanted in ("auto", name, name.partition(":")[0])]
        if not fitting:
            raise JobError(f"This server trains on {', '.join(self.devices)}, not on {wanted!r}: choose one of these, or auto.")
        busy = [len(self.table.find(f"device = ? AND state IN {ACTIVE}", name)) for name in fitting]
        return fitting[busy.index(min(busy))]


def own_weights(weights: str | None) -> str:
    """The id in "job:<id>", "" for other weights."""
    found = re.fullmatch(WEIGHTS + r"([0-9a-f]{16})", weights or "")
    return found[1] if found else ""


def _existing(path: Path, sentence: str) -> Path:
    if not path.is_file():
        raise JobError(sentence)
    return path
