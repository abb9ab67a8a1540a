"""The part of a server that looks after jobs, as a process of its own: `python server.py FOLDER`."""
import sys
import time
import types
from pathlib import Path

ROOT = Path(__file__).parents[2]
light = types.ModuleType("detr_core")               # jobs need none of the detectors: without them a server starts at once
light.__path__ = [str(ROOT / "detr_core")]
sys.modules["detr_core"] = light

from detr_core.jobs.jobs import Jobs  # noqa: E402
from detr_core.jobs.launch import Launch  # noqa: E402
from detr_core.jobs.supervisor import Supervisor  # noqa: E402

Supervisor(Jobs(Path(sys.argv[1])), Launch(at_once=2), seconds=0.1).start()
print("ready", flush=True)
while True:
    time.sleep(1)
