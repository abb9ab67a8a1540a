"""What a visitor takes away from the server: every array of a run as one file. Pictures, JSON and pages are made in the browser."""
from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import Any

import numpy as np

from .engine import Engine
from .panels import Answer, answered
from .runs import Run
from .services import kept_run


def archive(run: Run) -> bytes:
    """The run as a NumPy archive without pickles.

    `facts` holds JSON as bytes (names of classes, views, timings); the other arrays are those that `Run` describes. Read it with
    `numpy.load(file)`, and `json.loads(file["facts"].tobytes())`.
    """
    out = io.BytesIO()
    np.savez_compressed(out, facts=np.frombuffer(json.dumps(run.facts).encode(), np.uint8), **run.arrays)
    return out.getvalue()


def services(engine: Engine) -> list[Answer]:
    """What the export menu asks the server."""

    @answered
    async def run_archive(request: dict[str, Any]) -> dict[str, Any]:
        """A kept run's id, which nobody can guess -> its file."""
        run = await kept_run(engine, request)
        return {"npz": base64.b64encode(await asyncio.to_thread(archive, run)).decode()}

    return [run_archive]
