"""What server functions share that need the workshop: opened when first asked, used in threads, sentences passed on."""
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .engine import Engine
from .runs import AtlasError, Run
from .state import Selection

if TYPE_CHECKING:
    from .workshop import Workshop

Answered = TypeVar("Answered")


class Opened:
    """The engine's workshop. It needs torch, so it is opened by the first question, in that question's thread."""

    def __init__(self, engine: Engine):
        self._engine, self._lock = engine, threading.Lock()

    def __call__(self) -> Workshop:
        """Raises AtlasError where this server has none."""
        opening = getattr(self._engine, "workshop", None)
        if opening is None:
            raise AtlasError("This server does not train: start it with a data folder, python app.py --data FOLDER.")
        with self._lock:
            return opening()


async def serving(opened: Opened, work: Callable[[Workshop], Answered]) -> Answered:
    """`work` in a thread, since it reads files and the database; what the libraries say to a user becomes an AtlasError."""
    def doing() -> Answered:
        try:
            return work(opened())
        except ValueError as error:
            raise AtlasError(str(error)) from error

    return await asyncio.to_thread(doing)


def count(value: Any, missing: int = 0) -> int:
    """A whole number from 0 out of whatever a page sent."""
    return max(0, int(value)) if isinstance(value, int | float) and value == value and abs(value) < 2**53 else missing


async def kept_run(engine: Engine, request: dict[str, Any]) -> Run:
    """The kept or stored run a page names, which may have to be read. Raises AtlasError where it is gone."""
    return await asyncio.to_thread(engine.find, str(request.get("run", "")))


def chosen_query(request: dict[str, Any]) -> int:
    """The query a page names. Raises AtlasError where it names none."""
    query = Selection.of(request).query
    if query is None:
        raise AtlasError("Say which query: a whole number from 0.")
    return query
