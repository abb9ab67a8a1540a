"""Starts jobs, watches them, and takes them over after a restart."""
from __future__ import annotations

from dataclasses import dataclass

from .jobs import Jobs


@dataclass(frozen=True)
class Launch:
    """How jobs are started. `arguments` go to `accelerate launch` as they are: several machines are a matter of these."""

    processes: int = 1
    devices: tuple[str, ...] = ()                   # queues, such as ("cuda:0", "cuda:1"); (): this machine's GPUs, else cpu
    at_once: int = 1                                # jobs on a device
    arguments: tuple[str, ...] = ()


class Supervisor:
    """A thread of the server: every second it reads what the runs wrote, notices which ended, and starts the next of each queue.

    The runs are sessions of their own: they do not notice when the server goes.
    """

    def __init__(self, jobs: Jobs, launch: Launch = Launch(), seconds: float = 1.0): ...

    def start(self) -> None:
        """Adopt what still runs, mark what died, then watch."""

    def close(self) -> None:
        """Stop watching; the runs go on."""
