"""What a job is: a training run with an owner, a place in a queue, and a state that says since when and why."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..training.run import Run, RunFolder

STATES = ("queued", "preparing", "running", "stopping", "stopped", "failed", "interrupted", "finished")
ALIVE = ("preparing", "running", "stopping")        # a process should be there
ACTIVE = ("queued", *ALIVE)                         # counts against the owner's limit
RESUMABLE = ("stopped", "failed", "interrupted")
WEIGHTS = "job:"                                    # weights called "job:<id>" are those of a job


class JobError(ValueError):
    """Something about jobs that its owner can understand and act upon; the message is shown as it is."""

    spoken = True


@dataclass(frozen=True)
class Quota:
    """What one owner may have: jobs waiting or running at once, jobs in all, and bytes of jobs and data sets together."""

    active: int = 4
    jobs: int = 100
    bytes: int = 20 * 2**30


@dataclass(frozen=True)
class Alert:
    """What is wrong with a job: a named cause, one sentence, and what to do next.

    `kind` of one that ended badly: "memory", "diverged", "disk", "data", "killed" or "error"; of one that still runs (`Job.warnings`):
    "unmatched", "flat", "unseen" or "scarce", with its numbers in `facts`. `action`: "smaller" (`Jobs.retry_smaller`), "resume", "stop",
    "slower" (clone with `changes`, fields of `Run`), "clone" (with changes of the user's) or "" where only the user can help.
    """

    kind: str
    sentence: str
    action: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One row of the table, as its owner sees it.

    `since` and `created` are seconds since 1970, to be shown; the order of things is that of `place` and of events' seq.
    `position` counts from 1 in the queue of `device`, 0 when not queued. `progress` is what the run last said of itself: step,
    steps, images, epoch, seconds, seconds_left, images_per_second, memory, best; empty before its first word.
    """

    id: str
    owner: str
    name: str
    run: Run
    state: str
    since: float
    reason: str
    device: str
    created: float
    folder: Path
    position: int = 0
    place: int = 0
    pid: int | None = None
    started: str = ""                               # when the process began, in the kernel's words: pids are used again
    dataset: str = ""                               # id of the owner's data set, "" for a bundled one
    parent: str = ""                                # the job it was cloned from
    alert: Alert | None = None
    warnings: tuple[Alert, ...] = ()
    progress: dict[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> RunFolder:
        return RunFolder(self.folder)

    @property
    def weights(self) -> str:
        """What to call this job's weights by, "" before there are any."""
        return f"{WEIGHTS}{self.id}" if self.files.best.exists() else ""
