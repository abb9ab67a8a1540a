"""How the system asks a run to end."""
from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def heeded(heard: Callable[[str], None]) -> Iterator[None]:
    """SIGTERM and the first Ctrl-C are passed on as a sentence, so that the run ends after its step; a second Ctrl-C ends it at once.

    Elsewhere than in the main thread nothing is changed, since signals are not heard there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(number: int, frame: Any) -> None:
        heard(f"{signal.Signals(number).name} was received")
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
