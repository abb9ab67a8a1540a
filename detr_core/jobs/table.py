"""The rows of the record and what may change in them; `Jobs` and `Supervisor` both work through this."""
from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..training.run import Run, parsed, stands
from .database import Database
from .job import Alert, Job, JobError


class Table:
    """Jobs, events and metrics of a data folder. `clock` says what to show people; nothing is ordered by it."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time):
        self.folder, self.clock = folder, clock
        folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(folder / "jobs.sqlite")

    def folder_of(self, id: str) -> Path:
        return self.folder / "jobs" / id

    def find(self, condition: str, *values: Any) -> list[Job]:
        """Jobs by a condition in SQL, first in the queue first."""
        rows = self.database.rows(
            "SELECT *, CASE WHEN state = 'queued' THEN (SELECT COUNT(*) FROM jobs AS other WHERE other.state = 'queued' AND "
            f"other.device = jobs.device AND other.place <= jobs.place) ELSE 0 END AS position FROM jobs WHERE {condition} ORDER BY place",
            *values)
        return [self._job(row) for row in rows]

    def one(self, owner: str, id: str) -> Job:
        """The owner's job; others' and unknown ones look the same."""
        if not (found := self.find("id = ? AND owner = ?", str(id), owner)):
            raise JobError("There is no such job here: it was deleted, or belongs to somebody else.")
        return found[0]

    def insert(self, job: Job) -> None:
        """A new row with its first event."""
        with self.database.changing() as change:
            change.execute("INSERT INTO jobs (id, owner, name, run, dataset, parent, device, state, since, reason, created, place) VALUES "
                           "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           (job.id, job.owner, job.name, json.dumps(asdict(job.run)), job.dataset, job.parent, job.device, job.state,
                            job.since, job.reason, job.created, job.place))
            self.note(job.id, job.state, job.reason)

    def place(self) -> int:
        """The next place in the line of all jobs; never given twice."""
        with self.database.changing() as change:
            return change.execute("INSERT INTO places DEFAULT VALUES").lastrowid

    def move(self, id: str, state: str, reason: str = "", sources: tuple[str, ...] = (), **columns: Any) -> bool:
        """Into another state, with its event, if the job is in one of `sources` (any where none are named); says whether it was."""
        with self.database.changing() as change:
            values = {"state": state, "since": self.clock(), "reason": reason, **columns}
            only = f" AND state IN ({','.join('?' * len(sources))})" if sources else ""
            done = change.execute(f"UPDATE jobs SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?{only}",
                                  (*values.values(), id, *sources)).rowcount > 0
            if done:
                self.note(id, state, reason)
        return done

    def put(self, id: str, **columns: Any) -> None:
        """Change columns that are no news."""
        with self.database.changing() as change:
            change.execute(f"UPDATE jobs SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?", (*columns.values(), id))

    def note(self, id: str, state: str, reason: str) -> None:
        with self.database.changing() as change:
            change.execute("INSERT INTO events (job, time, state, reason) VALUES (?, ?, ?, ?)", (id, self.clock(), state, reason))

    def read_metrics(self, id: str) -> None:
        """Take over what a run wrote since the last time; how far it was read is kept in the same transaction as the lines."""
        path = self.folder_of(id) / "metrics.jsonl"
        with self.database.changing() as change:
            row = change.execute("SELECT read FROM jobs WHERE id = ?", (id,)).fetchone()
            if row is None or not path.exists():
                return
            with open(path, "rb") as file:
                file.seek(row["read"])
                block = file.read()
            whole = block[:block.rfind(b"\n") + 1]              # the rest is still being written
            for text in whole.splitlines():
                if (line := parsed(text)) is not None:
                    self._take(change, id, line)
            change.execute("UPDATE jobs SET read = ? WHERE id = ?", (row["read"] + len(whole), id))

    def recent(self, id: str, most: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The last `most` lines of training, and all evaluations."""
        asked = "SELECT line FROM metrics WHERE job = ? AND kind = ? ORDER BY seq DESC LIMIT ?"
        steps, evaluations = ([json.loads(row["line"]) for row in reversed(self.database.rows(asked, id, kind, count))]
                              for kind, count in (("train", most), ("evaluation", -1)))
        return steps, evaluations

    def _take(self, change: sqlite3.Connection, id: str, line: dict[str, Any]) -> None:
        if line["kind"] == "rewind":
            rows = change.execute("SELECT seq, kind, step FROM metrics WHERE job = ?", (id,)).fetchall()
            gone = [(row["seq"],) for row in rows if row["kind"] != "rewind" and not stands(row["kind"], row["step"], line)]
            change.executemany("DELETE FROM metrics WHERE seq = ?", gone)
        change.execute("INSERT INTO metrics (job, kind, step, line) VALUES (?, ?, ?, ?)",
                       (id, line["kind"], line["step"], json.dumps(line)))

    def _job(self, row: sqlite3.Row) -> Job:
        plain = {name: row[name] for name in ("id", "owner", "name", "state", "since", "reason", "device", "created", "position", "place",
                                              "pid", "started", "dataset", "parent")}
        alert = Alert(**json.loads(row["alert"])) if row["alert"] else None
        warnings = tuple(Alert(**each) for each in json.loads(row["warnings"]))
        return Job(**plain, run=Run.read(json.loads(row["run"])), folder=self.folder_of(row["id"]), alert=alert, warnings=warnings,
                   progress=json.loads(row["progress"]))
