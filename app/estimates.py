"""Dry runs on the server: one at a time, each in a process of its own, the answers kept."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

import psutil

from detr_core.training.run import Run

PROJECT = Path(__file__).resolve().parents[1]
PATIENCE, KEPT, WAITING = 300, 64, 8                # seconds a dry run may take; answers kept; dry runs in line


class Estimates:
    """`ask(run, owner)` -> {"state": "measuring", "ahead"} until the answer is there; see `detr_core.training.estimate`."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-m", "detr_core.training.estimate"), folder: Path = PROJECT):
        self.command, self.folder, self._lock = command, folder, Lock()
        self._worker = ThreadPoolExecutor(1, "estimate")
        self._asked: OrderedDict[str, Future[dict[str, Any]]] = OrderedDict()
        self._process: subprocess.Popen | None = None   # of the dry run that is being made
        self._latest: dict[str, str] = {}               # a new question of an owner takes the place of their old one

    def ask(self, run: Run, owner: str, again: bool = False) -> dict[str, Any]:
        """Begin where nobody has, and say how far it is."""
        key = json.dumps(asdict(run), sort_keys=True)
        with self._lock:
            if (found := self._asked.get(key)) is None or found.cancelled() or (again and found.done()):
                self._give_up(owner, key)
                if sum(not each.done() for each in self._asked.values()) >= WAITING:
                    return {"state": "failed", "error": "Many estimates are being made now: ask again in a minute."}
                found = self._asked[key] = self._worker.submit(self._measure, run, key)
            self._latest[owner] = key
            self._asked.move_to_end(key)
            while len(self._asked) > KEPT:
                self._asked.popitem(last=False)
            names = list(self._asked)
        if not found.done():
            return {"state": "measuring", "ahead": 0 if found.running() else sum(self._before(name, key) for name in names)}
        answer = found.result()
        return {"state": "failed", **answer} if "error" in answer else {"state": "measured", **answer, **self._room()}

    def drop(self, owner: str) -> None:
        """The owner has begun the run itself: a dry run of it would only take its time."""
        with self._lock:
            key = self._latest.pop(owner, None)
            found = self._asked.get(key or "")
            if found is None or found.done() or key in self._latest.values():
                return
            del self._asked[key]
            if not found.cancel() and self._process is not None:
                self._process.kill()

    def _before(self, name: str, key: str) -> bool:
        each = self._asked.get(name)
        return name != key and each is not None and not each.done()

    def _give_up(self, owner: str, key: str) -> None:
        earlier = self._latest.get(owner)
        if earlier and earlier != key and list(self._latest.values()).count(earlier) == 1 and (old := self._asked.get(earlier)):
            old.cancel()

    def _measure(self, run: Run, key: str) -> dict[str, Any]:
        process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   cwd=PROJECT)
        with self._lock:
            self._process = process
            if key not in self._asked:              # dropped while it was being started
                process.kill()
        try:
            told, _ = process.communicate(json.dumps(asdict(run)), PATIENCE)
            return json.loads(told.strip().splitlines()[-1])
        except subprocess.TimeoutExpired:
            process.kill()
            return {"error": f"A few steps took more than {PATIENCE // 60} minutes: choose smaller pictures or a smaller batch."}
        except (IndexError, json.JSONDecodeError):
            return {"error": "The dry run ended without an answer, probably for lack of memory: choose a smaller batch or smaller "
                             "pictures."}

    def _room(self) -> dict[str, Any]:
        """What is free now, on the disk of the data folder; a GPU's memory is not known here."""
        return {"available": psutil.virtual_memory().available, "room": shutil.disk_usage(self.folder).free}
