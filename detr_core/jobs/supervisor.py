"""Starts jobs, watches them, and takes them over after a restart."""
from __future__ import annotations

import json
import logging
import shutil
import threading

from . import process
from .alerts import alert_of, why_gone
from .job import ALIVE, Alert, Job
from .jobs import Jobs
from .launch import Launch
from .share import size_of
from .signs import heed
from .space import sweep

log = logging.getLogger(__name__)
TRIES = 3                                           # starts in a row that may die without a newer checkpoint
ENDS = ("finished", "stopped", "failed")
SILENT = ("state", "reason", "time", "kind", "trace", "pid")


class Supervisor:
    """A thread of the server: every second it reads what the runs wrote, notices which ended, and starts the next of each queue.

    The runs are sessions of their own: they do not notice when the server goes.
    """

    def __init__(self, jobs: Jobs, launch: Launch = Launch(), seconds: float = 1.0):
        self.jobs, self.table, self.launch, self.seconds = jobs, jobs.table, launch, seconds
        known = {job.id for job in self.table.find("TRUE")}
        # looked up before anybody can add a job, whose folder comes before its record
        self._strays = [folder for folder in (jobs.folder / "jobs").glob("*") if folder.name not in known]
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="jobs", daemon=True)

    def start(self) -> None:
        """Adopt what still runs, mark what died, then watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching; the runs go on."""
        self._leave.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _watch(self) -> None:
        ready = False
        while not self._leave.is_set():
            try:
                if not ready:
                    self.take_over()
                    ready = True
                self.tick()
            except Exception:                       # a full disk, above all: jobs go on, and so does the watch over them
                log.exception("Looking after the jobs failed; trying again.")
            self._leave.wait(self.seconds)

    def take_over(self) -> None:
        """After a start of the server: find the processes of jobs again, and folders that nobody knows."""
        for job in self.table.find(f"state IN {ALIVE}"):
            if job.pid is None and (found := process.of_folder(job.folder)):    # the server died right after starting it
                self.table.put(job.id, pid=found[0], started=process.beginning(found[0]))
                job = self.table.find("id = ?", job.id)[0]
            if process.alive(job.pid, job.started):
                self.table.note(job.id, job.state, "The server was restarted; the run went on.")
        for folder in self._strays:                 # left by a deletion that was cut off
            process.end(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def tick(self) -> None:
        """Look at every job that should run, then fill free places."""
        for job in self.table.find(f"state IN {ALIVE}"):
            try:
                self.look(job)
            except (OSError, ValueError):           # a damaged folder is the trouble of one job, not of all
                log.exception("Job %s cannot be read.", job.id)
        for device in self.jobs.devices:
            free = self.launch.at_once - len(self.table.find(f"device = ? AND state IN {ALIVE}", device))
            for job in self.table.find("device = ? AND state = 'queued'", device)[:max(0, free)]:
                self.begin(job)
        for job in self.table.find(f"state = 'queued' AND device NOT IN ({','.join('?' * len(self.jobs.devices))})", *self.jobs.devices):
            self.table.put(job.id, device=self.jobs.devices[0])         # the server came back with other devices

    def begin(self, job: Job) -> None:
        """Start a job's process. Its state changes first: a server that dies in between finds the process by its folder."""
        saved = job.progress.get("saved", -1) if job.files.checkpoint.exists() else -1
        reason = f"Goes on from step {saved}." if saved > 0 else "Starting."
        if not self.table.move(job.id, "preparing", reason, ("queued",), pid=None, started="", begun=saved):
            return
        try:
            process.end(job.folder)                 # what an earlier life of the job may have left
            for path in (job.files.stop, *job.folder.glob(".*.unfinished")):
                path.unlink(missing_ok=True)
            job.files.set_status("preparing", kind="", trace="")
            pid = process.start(self.launch.words(job), job.folder, self.launch.environment(job, self.jobs.folder))
        except OSError as error:
            sentence = f"The run could not be started ({error.strerror}): see to it, then resume."
            self._end(job, "failed", sentence, Alert("error", sentence, "resume"))
            return
        self.table.put(job.id, pid=pid, started=process.beginning(pid))

    def look(self, job: Job) -> None:
        """Take over what the run says; see whether it is still there."""
        gone = not process.alive(job.pid, job.started)              # before reading: what it wrote last must not be missed
        self.table.read_metrics(job.id)
        status = job.files.status()
        progress = {name: value for name, value in status.items() if name not in SILENT}
        if progress != job.progress:
            self.table.put(job.id, progress=json.dumps(progress))
        heed(self.table, job, over=gone)
        if gone:
            self._gone(job, status)
        elif status.get("state") == "running":
            self.table.move(job.id, "running", "", ("preparing",))
        elif status.get("state") == "preparing" and job.state == "preparing" and status.get("reason") not in ("", job.reason):
            self.table.put(job.id, reason=status["reason"])

    def _gone(self, job: Job, status: dict) -> None:
        """A process is no longer there: what it said last decides, else it was killed."""
        said, sentence, saved = status.get("state"), status.get("reason", ""), status.get("saved", -1)
        if said == "stopped" and "SIG" in sentence and job.state != "stopping":
            self._interrupted(job, saved)           # the machine was shut down; nobody asked this run to stop
        elif said == "failed":
            self._end(job, said, sentence, alert_of(status.get("kind", "error"), sentence, job.run, self.launch.processes))
        elif said in ENDS:
            self._end(job, said, _sentence(sentence))
        elif job.state == "stopping":
            self._end(job, "stopped", f"Ended at once; goes on from step {max(saved, 0)}.")
        else:
            self._interrupted(job, saved)

    def _interrupted(self, job: Job, saved: int) -> None:
        """Say so, and put it back in its old place of the queue, unless it dies again and again on the spot."""
        row = self.table.database.rows("SELECT begun, tries FROM jobs WHERE id = ?", job.id)[0]
        tries, alert = 1 if saved > row["begun"] else row["tries"] + 1, why_gone(job.folder)
        again = tries < TRIES and alert.kind == "killed"
        with self.table.database.changing():
            self._end(job, "interrupted", alert.sentence, None if again else alert, tries=tries)
            if again:
                self.table.move(job.id, "queued", f"Goes on from step {max(saved, 0)} by itself.", ("interrupted",))

    def _end(self, job: Job, state: str, reason: str, alert: Alert | None = None, **columns: int) -> None:
        sweep(self.jobs.folder / "cache" / "features")
        self.table.move(job.id, state, reason, ALIVE, alert=json.dumps(vars(alert)) if alert else "", pid=None, started="",
                        bytes=size_of(job.folder), **columns)


def _sentence(reason: str) -> str:
    """"a stop was asked for" -> "A stop was asked for."."""
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith('.') or not reason else '.'}"
