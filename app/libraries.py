"""The large libraries, imported behind the page by whoever needs them first.

Several threads do at once: the data folder, the first run, a visitor's picture. Python locks every module on its own while it is
imported, and two threads that enter a package from two ends wait for each other; one of them then gets half a package or an error.
So one thread imports everything, and the others wait for it.
"""
from __future__ import annotations

from threading import Lock

_ONE = Lock()


def libraries() -> None:
    """Returns when `detr_core`, and what of the app stands on it, can be imported by any thread. Call it before such an import."""
    with _ONE:
        from . import intake, network, shelf, workshop  # noqa: F401
