"""What the Jobs page reads and does, for one owner at a time; answers are plain JSON."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from detr_core.jobs import Job
from detr_core.training.fields import checked

from . import job_words
from .demo import DEMO
from .runs import AtlasError

if TYPE_CHECKING:
    from .workshop import Workshop

MOST = 5                                            # runs whose curves are drawn together


class Desk:
    """Over a workshop; every method takes the owner and sees only that owner's jobs and the example."""

    def __init__(self, shop: Workshop):
        self.shop = shop

    def news(self, owner: str, id: str, after: dict[str, int]) -> dict[str, Any]:
        """Everything that may have changed, in one answer."""
        shop, jobs = self.shop, self.shop.list(owner)
        mine = {job.id: job for job in jobs}
        runs = {name: self._lines(owner, name, seq) for name, seq in list(after.items())[:MOST] if name in mine}
        rows = [job_words.brief(job, shop.data_name(job), job.id == DEMO) for job in jobs]
        whole = None
        if id in mine:
            row, events = next(row for row in rows if row["id"] == id), shop.of(id).events(owner, id)
            whole = {**row, **job_words.whole(mine[id], events, shop.root), **shop.origin(owner, mine[id])}
        missing = "There is no such job, or it is somebody else's." if id and not whole else ""
        return {"jobs": rows, "runs": runs, "job": whole, "missing": missing}

    def _lines(self, owner: str, id: str, after: int) -> dict[str, Any]:
        found = job_words.lines(self.shop.of(id).metrics(owner, id, after))
        return {**found, "seq": found["seq"] or after}

    def samples(self, owner: str, id: str, known: set[int]) -> dict[str, Any]:
        """Pictures once, predictions of the evaluations that are not known yet."""
        found = self.shop.of(id).samples(owner, id)
        steps = {int(step): seen for step, seen in found["steps"].items()}
        return {"names": found["names"], "pictures": [] if known else found["pictures"], "all": sorted(steps),
                "steps": {str(step): seen for step, seen in steps.items() if step not in known}}

    def log(self, owner: str, id: str, search: str, most: int) -> list[str]:
        """The last lines, without the server's own folders."""
        return [job_words.plain(line, self.shop.root) for line in self.shop.of(id).log(owner, id, search, most)]

    def form(self, owner: str, id: str) -> dict[str, Any]:
        """The fields of a run, for a clone with edits."""
        job = self.shop.of(id).get(owner, id)
        return job_words.form(job.run, self.shop.queries(job.run))

    def act(self, owner: str, id: str, request: dict[str, Any]) -> str:
        """Do it and say which job to show next. Raises AtlasError with one sentence."""
        action, jobs = str(request.get("action", "")), self.shop.jobs
        job = self.shop.of(id).get(owner, id)
        if job.id == DEMO and action != "clone":
            raise AtlasError("The example belongs to everybody: clone it to make one of your own.")
        if action == "clone":
            changes = job_words.changed(job.run, checked(request.get("changes") or {}))
            return self.shop.clone(owner, job, str(request.get("name") or "")[:80], changes).id
        if action == "delete":
            jobs.delete(owner, job.id)
            return ""
        doing: dict[str, Callable[[], Job]] = {
            "stop": lambda: jobs.stop(owner, job.id, bool(request.get("at_once"))), "resume": lambda: jobs.resume(owner, job.id),
            "smaller": lambda: jobs.retry_smaller(owner, job.id)}
        if action not in doing:
            raise AtlasError(f"A job cannot {action[:20]!r}: choose stop, resume, smaller, clone or delete.")
        return doing[action]().id
