"""The record of all jobs in one SQLite file. Its sequence numbers give the order of things; clocks only say when."""
from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VERSION = 2
TABLES = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, run TEXT NOT NULL, dataset TEXT NOT NULL, parent TEXT NOT NULL,
    device TEXT NOT NULL, state TEXT NOT NULL, since REAL NOT NULL, reason TEXT NOT NULL, created REAL NOT NULL, place INTEGER NOT NULL,
    pid INTEGER, started TEXT NOT NULL DEFAULT '', begun INTEGER NOT NULL DEFAULT -1, tries INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, alert TEXT NOT NULL DEFAULT '', progress TEXT NOT NULL DEFAULT '{}');
CREATE INDEX jobs_of_owner ON jobs (owner, place);
CREATE INDEX jobs_of_state ON jobs (state, device, place);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE, time REAL NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX events_of_job ON events (job, seq);
CREATE TABLE metrics (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE, kind TEXT NOT NULL,
    step INTEGER NOT NULL, line TEXT NOT NULL);
CREATE INDEX metrics_of_job ON metrics (job, seq);
CREATE TABLE places (place INTEGER PRIMARY KEY AUTOINCREMENT);
"""
STEPS = (TABLES, "ALTER TABLE jobs ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]'")        # from one version to the next
# begun: step of the checkpoint that the last process started from; tries: how many in a row died without a newer one;
# read: bytes of metrics.jsonl that are in `metrics`


class Database:
    """One connection for all threads of the server; readers elsewhere are not in its way (write-ahead log)."""

    def __init__(self, path: Path):
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._connection.row_factory = sqlite3.Row
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {setting}")
        with self.changing() as change:
            version = change.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise ValueError(f"{path.name} was written by a newer version of DETR Atlas: update, or choose another data folder.")
            for step in STEPS[version:]:
                for statement in step.split(";"):
                    change.execute(statement)
            change.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """All of what is done inside or, after an error, nothing of it."""
        with self._lock:
            if self._connection.in_transaction:             # part of a larger change
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, question: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(question, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()
