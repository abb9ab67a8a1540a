"""What a visitor's own program does to fine-tune: it asks by name, and waits for the job."""
from __future__ import annotations

import tempfile
import time

from gradio_client import Client

from .servers import Shop

QUICK = {"images": 12, "batch": 4, "views": 12, "evaluations": 1, "checkpoint_seconds": 10.0}


def client(shop: Shop, **options) -> Client:
    return Client(shop.url, verbose=False, download_files=tempfile.mkdtemp(), **options)      # not where the server keeps its own


def until(mine: Client, id: str, *states: str, seconds: float = 240) -> dict:
    deadline = time.monotonic() + seconds
    while True:
        job = next(each for each in mine.predict(api_name="/jobs") if each["id"] == id)
        if job["state"] in states:
            return job
        assert job["state"] != "failed" and time.monotonic() < deadline, job
        time.sleep(0.2)
