"""The finished job that comes with the project, for everybody to look at: reads like `detr_core.jobs.Jobs`, changes nothing."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from detr_core.jobs import Job, JobError
from detr_core.training.run import RunFolder

DEMO = "demo"


class Demo:
    """A job over a folder made by `python -m detr_core.training.make_demo`; `pictures` is where its validation pictures lie."""

    def __init__(self, folder: Path, pictures: Path):
        self.folder, self.pictures = folder, pictures

    @property
    def exists(self) -> bool:
        return (self.folder / "run.json").exists()

    def get(self, owner: str, id: str) -> Job:
        """The job, whoever asks."""
        files = RunFolder(self.folder)
        status = files.status()
        began = status.get("began", status["time"])
        return Job(id=DEMO, owner="", name="Tree crowns from the air", run=files.run(), state=status["state"], since=status["time"],
                   reason="", device=status.get("device", "cpu"), created=began, folder=self.folder, progress=status)

    def list(self, owner: str) -> list[Job]:
        return [self.get(owner, DEMO)] if self.exists else []

    def metrics(self, owner: str, id: str, after: int = 0) -> list[dict[str, Any]]:
        """Its lines, counted from 1."""
        return [{**line, "seq": seq} for seq, line in enumerate(RunFolder(self.folder).lines(), 1) if seq > after]

    def events(self, owner: str, id: str, after: int = 0) -> list[dict[str, Any]]:
        job = self.get(owner, id)
        return [{"seq": seq, "time": time, "state": state, "reason": ""} for seq, (state, time) in
                enumerate((("running", job.created), (job.state, job.since)), 1) if seq > after]

    def log(self, owner: str, id: str, search: str = "", lines: int = 400) -> list[str]:
        path = self.folder / "log.txt"
        found = path.read_text().splitlines() if path.exists() else []
        return [line for line in found if search.lower() in line.lower()][-lines:]

    def samples(self, owner: str, id: str) -> dict[str, Any]:
        """As `Jobs.samples`."""
        table = json.loads((self.folder / "samples" / "pictures.json").read_text())
        steps = {int(path.stem): json.loads(path.read_text()) for path in sorted((self.folder / "samples").glob("[0-9]*.json"))}
        return {**table, "steps": steps}

    def sample_picture(self, owner: str, id: str, number: int) -> Path:
        """The data set is bundled, so the job names its files instead of keeping copies."""
        files = json.loads((self.folder / "samples" / "pictures.json").read_text())["files"]
        if not 0 <= number < len(files):
            raise JobError("There is no such picture.")
        return self.pictures / Path(files[number]).name

    def archive(self, owner: str, id: str) -> Path:
        raise JobError("The example is part of the project: its files are in assets/demo_job.")

    def weights(self, owner: str, id: str) -> Path:
        return RunFolder(self.folder).best
