"""The table of all jobs, and what their owners may do with them."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from ..training.run import Run
from .job import Job, Quota


class Jobs:
    """Jobs of a data folder: jobs.sqlite (states, queue, events, metrics) and jobs/<id>/ (a `RunFolder` and log.txt).

    Every method takes the owner and knows only that owner's jobs: for others' there is "no such job" (JobError). A second
    server on the same folder is refused with a JobError. Nothing here starts a process; that is the `Supervisor`'s part.
    """

    def __init__(self, folder: Path, quota: Quota = Quota()): ...

    def add(self, owner: str, run: Run, name: str = "", dataset: str = "") -> Job:
        """Put a run at the end of its device's queue."""

    def list(self, owner: str) -> list[Job]:
        """The owner's jobs, newest first."""

    def get(self, owner: str, id: str) -> Job: ...

    def stop(self, owner: str, id: str, at_once: bool = False) -> Job:
        """End after the current step, ready to be resumed; `at_once` ends the process, which goes on from its last checkpoint."""

    def resume(self, owner: str, id: str) -> Job:
        """Back into the queue; goes on exactly where its last checkpoint was."""

    def retry_smaller(self, owner: str, id: str) -> Job:
        """Resume with half the pictures at once: the batch is computed in twice as many pieces, which gives the same numbers."""

    def clone(self, owner: str, id: str, name: str = "", **changes: Any) -> Job:
        """A new job with the same run but for `changes`, fields of `Run`."""

    def delete(self, owner: str, id: str) -> None:
        """Remove a job with all its files; a running one is ended first."""

    def metrics(self, owner: str, id: str, after: int = 0) -> list[dict[str, Any]]:
        """Lines of metrics.jsonl with a "seq" above `after`. A line of kind "rewind" takes back what was said of steps after its
        "step" (evaluations after its "evaluated"): the run was resumed from an earlier checkpoint."""

    def events(self, owner: str, id: str, after: int = 0) -> list[dict[str, Any]]:
        """What happened, in order: seq, time, state, reason."""

    def log(self, owner: str, id: str, search: str = "", lines: int = 400) -> list[str]:
        """The last lines of the log, of those that contain `search`."""

    def samples(self, owner: str, id: str) -> dict[str, Any]:
        """Fixed validation pictures: {"names", "pictures": [...], "steps": {step: [...]}} as samples/ holds them."""

    def sample_picture(self, owner: str, id: str, number: int) -> Path: ...

    def archive(self, owner: str, id: str) -> Path:
        """A zip of best and last weights, recipe, class names, metrics and data report."""

    def weights(self, owner: str, id: str) -> Path:
        """The best weights of a job."""
