"""Fine-tuning by program: the endpoints /train /jobs /stop /resume /metrics /download, each for the jobs of whoever asks."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from .engine import Engine
from .people import owner_of
from .runs import AtlasError

Spoken = Callable[[Callable], Callable]


def job_endpoints(engine: Engine, spoken: Spoken) -> None:
    """Registers them on the Blocks being built."""
    def opened() -> Any:
        if engine.workshop is None:
            raise AtlasError("This server does not train: start it with a data folder, python app.py --data FOLDER.")
        return engine.workshop()

    for function in (*beginnings(opened), *questions(opened)):
        gr.api(spoken(_worded(function)), api_name=function.__name__, concurrency_limit=4, concurrency_id="jobs")


def _worded(function: Callable) -> Callable:
    """What jobs, data sets and plans object to is written for users."""
    @wraps(function)
    def call(*values: Any) -> Any:
        try:
            return function(*values)
        except ValueError as error:
            raise AtlasError(str(error)) from error
    return call


def beginnings(opened: Callable[[], Any]) -> tuple[Callable, ...]:
    """What starts and ends runs."""
    def train(data: str = "trees", variant: str = "deformable_detr_two_stage", start: str = "scenes", budget: str = "balanced",
              epochs: float = 0, image: int = 0, name: str = "", changes: dict = {}, archive: gr.FileData = None,  # noqa: B006
              http: gr.Request = None) -> dict:
        """Puts a fine-tune into the queue. `data`: scenes, trees or the id of a data set of yours; or send a zip as `archive`.

        `start`: weights to start from (scenes, trees, coco, job:<id>), "" for random numbers. `budget`: small, balanced or best, or
        `epochs` above 0. `image`: short side of the pictures, 0 for what fits. `changes`: fields of the recipe, {"batch": 4}.
        """
        owner, shop = owner_of(http), opened()
        if archive:
            data = shop.datasets.add_archive(owner, _uploaded(archive), str(archive.get("orig_name") or _uploaded(archive).name)).id
        wish = {"dataset": data, "variant": variant, "start": start, "budget": "epochs" if epochs else budget, "epochs": epochs,
                "image": image, "name": name, "changes": changes}
        return told(shop.jobs.get(owner, shop.planning.start(owner, wish)))

    def stop(job: str, at_once: bool = False, http: gr.Request = None) -> dict:
        """Ends a job after its current step, ready to be resumed."""
        return told(opened().jobs.stop(owner_of(http), job, at_once))

    def resume(job: str, http: gr.Request = None) -> dict:
        """Goes on exactly where a stopped, failed or interrupted job was."""
        return told(opened().jobs.resume(owner_of(http), job))

    return train, stop, resume


def questions(opened: Callable[[], Any]) -> tuple[Callable, ...]:
    """What can be asked about runs."""
    def jobs(http: gr.Request = None) -> list:
        """Your jobs, newest first: id, name, state, since, reason, position in the queue, progress, alert, warnings, weights,
        and `data`, which /train takes again."""
        return [told(job) for job in opened().jobs.list(owner_of(http))]

    def metrics(job: str, after: int = 0, http: gr.Request = None) -> list:
        """Lines of training and evaluation with a "seq" above `after`; "rewind" takes back what was said of later steps."""
        return opened().jobs.metrics(owner_of(http), job, after)

    def download(job: str, http: gr.Request = None) -> gr.FileData:
        """The zip with best and last weights, recipe, class names and metrics."""
        opened().jobs.archive(owner_of(http), job)              # raises where there is nothing, or where it is somebody else's
        return {"path": str(stand_in(job)), "orig_name": f"atlas-job-{job}.zip", "meta": {"_type": "gradio.FileData"}}

    return jobs, metrics, download


def stand_in(job: str) -> Path:
    """An empty file with the archive's name: what the framework keeps for everybody. The archive itself is served in its place by
    `app.job_files`, to its owner only."""
    path = Path(get_upload_folder()) / "jobs" / f"atlas-job-{job}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def told(job: Any) -> dict[str, Any]:
    """A job as plain JSON."""
    plain = {name: getattr(job, name) for name in ("id", "name", "state", "since", "reason", "position", "device", "created", "progress",
                                                   "weights")}
    return {**plain, "variant": job.run.variant, "data": job.dataset or Path(job.run.data).name,
            "alert": vars(job.alert) if job.alert else None, "warnings": list(map(vars, job.warnings))}


def _uploaded(archive: Any) -> Path:
    path = Path(str((archive or {}).get("path", ""))).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise AtlasError("Send the archive as a file: gradio_client.handle_file(path).")
    return path
