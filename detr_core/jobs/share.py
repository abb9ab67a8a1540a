"""What one owner takes of the server, and whether there is room for another job."""
from __future__ import annotations

from pathlib import Path

from ..room import full
from .job import ACTIVE, ALIVE, JobError, Quota
from .table import Table


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:                   # an unfinished file that just got its name
            continue
    return sizes


def used(table: Table, owner: str) -> int:
    """Bytes of the owner's jobs; those that run are measured now, the others were when they ended."""
    rows = table.database.rows("SELECT id, state, bytes FROM jobs WHERE owner = ?", owner)
    return sum(size_of(table.folder_of(row["id"])) if row["state"] in ALIVE else row["bytes"] for row in rows)


def check(table: Table, quota: Quota, owner: str, elsewhere: int = 0) -> None:
    """Raises JobError where the owner has all they may have; `elsewhere`: bytes of their data sets."""
    states = [row["state"] for row in table.database.rows("SELECT state FROM jobs WHERE owner = ?", owner)]
    active = sum(state in ACTIVE for state in states)
    if active >= quota.active:
        raise JobError(f"You have {active} jobs waiting or running, as many as one person may: wait for one, or stop one.")
    if len(states) >= quota.jobs:
        raise JobError(f"You have {len(states)} jobs, as many as one person may: delete old ones.")
    if sentence := full(used(table, owner) + elsewhere, quota.bytes):
        raise JobError(sentence)
