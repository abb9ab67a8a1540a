"""Pictures in, kept runs out: one line of heavy work, everything else beside it. Knows neither Gradio nor torch."""
from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from .people import asking
from .pictures import Picture, Pictures
from .runs import Arrays, AtlasError, Run
from .state import Selection
from .store import Kept, Store

log = logging.getLogger(__name__)


class Runner(Protocol):
    """What the engine needs of `app.network.Network`."""

    def catalogue(self) -> list[dict[str, Any]]: ...

    def inspect(self, image: Image.Image, variant: str, weights: str) -> tuple[dict[str, Any], Arrays]: ...

    def measure(self, image: Image.Image, variant: str, weights: str) -> dict[str, Any]: ...

    def rehearse(self, image: Image.Image, variant: str, weights: str, objects: list[dict[str, Any]],
                 seed: int) -> tuple[dict[str, Any], Arrays]: ...


class Engine:
    """`connect` makes the runner in the worker's thread (importing torch takes seconds); `start` begins with that."""

    def __init__(self, connect: Callable[[], Runner], assets: Path = Path("assets"), budget: int = 768 * 2**20):
        self.assets, self.pictures = assets, Pictures(assets / "examples")
        self._runs: Store[Run] = Store(budget, lambda run: run.size)
        self._costs: Store[dict[str, Any]] = Store(512)
        self._stored = assets / "runs"
        self._worker = ThreadPoolExecutor(1, "detector")
        self._decoder = ThreadPoolExecutor(1, "decoder")    # a large file must not stand in a small one's way for long
        self._tickets: dict[str, Future[Run]] = {}
        self._lock = threading.Lock()
        self._connect, self._runner = connect, None
        self.workshop: Callable[[], Any] | None = None      # see `app.opening`; None where nothing is trained

    def start(self) -> None:
        """Import, and warm up on the opening example, so that the first visitor does not wait for it."""
        self._worker.submit(self._warm_up)

    def catalogue(self) -> Future[list[dict[str, Any]]]:
        """Every variant with its paper and bundled weights; ready once the libraries are loaded."""
        if self._runner is not None:                        # no need to wait behind somebody's run
            return _done(self._runner.catalogue())
        return self._worker.submit(lambda: self._ready().catalogue())

    def add(self, data: bytes, name: str = "") -> Future[Picture]:
        """Decode a visitor's file; the future raises AtlasError with one sentence for what is no picture."""
        return self._decoder.submit(self.pictures.add, data, name)

    def opening(self) -> Selection:
        """Where a visitor without a link starts: a stored run, else the first example by any detector."""
        try:
            return Selection.of(json.loads((self._stored / "opening.json").read_text()))
        except (OSError, ValueError):
            examples = self.pictures.examples
            return Selection(f"example:{examples[0]['id']}") if examples else Selection()

    def run(self, picture: str, variant: str, weights: str, ticket: str = "") -> Future[Run]:
        """A kept or stored run at once, else a place in the line. `ticket` is the caller's name for it, see `ahead`."""
        key = self._key(picture, variant, weights, self.owned(weights))
        if (kept := self._kept(key)) is not None:
            return _done(kept)
        future = self._worker.submit(self._make, key, picture, variant, weights)
        if ticket:
            with self._lock:
                self._tickets[ticket] = future
            future.add_done_callback(lambda _: self._tickets.pop(ticket, None))
        return future

    def measure(self, picture: str, variant: str, weights: str, again: bool = False) -> Future[dict[str, Any]]:
        """How long the detector takes here for a picture of this size, and how much it computes; a place in the same line.

        Measured once for everybody, unless somebody asks `again`.
        """
        owned = self.owned(weights)

        def work() -> dict[str, Any]:
            image = self.pictures.get(picture).image
            key = variant, weights, owned, image.size
            kept = None if again else self._costs.get(key)
            return kept or self._costs.put(key, self._ready().measure(image, variant, weights))

        return self._worker.submit(work)

    def rehearse(self, run: str, queries: Sequence[int], seed: int = 0) -> Future[tuple[dict[str, Any], Arrays]]:
        """A training pass on a kept run's picture as if what these queries found were the labels; see `Network.rehearse`.

        Raises AtlasError for unknown runs and queries.
        """
        kept = self.find(run)
        objects = kept.objects(queries)
        image = self.pictures.get(kept.facts["picture"]["key"]).image
        return self._worker.submit(lambda: self._ready().rehearse(image, kept.facts["variant"], kept.facts["weights"], objects, seed))

    def ahead(self, ticket: str) -> int | None:
        """How many runs come first: 0 is being computed, None is unknown or done."""
        with self._lock:
            waiting = [name for name, future in list(self._tickets.items()) if not future.done()]
        return waiting.index(ticket) if ticket in waiting else None

    def cancel(self, ticket: str) -> None:
        """Leave the line; a run already being computed goes on."""
        if (future := self._tickets.get(ticket)) is not None:
            future.cancel()

    def find(self, run: str) -> Run:
        """A kept or stored run by id. Raises AtlasError where it is gone."""
        if (kept := self._kept(run)) is None:
            raise AtlasError("This run is no longer kept: run the picture again.")
        return kept

    def owned(self, weights: str) -> str:
        """"" for weights that everybody has; for those of a job, "job:<id>", whose they are and which state of them is meant.

        Raises AtlasError unless it is the owner who asks.
        """
        if not weights.startswith("job:"):
            return ""
        if self.workshop is None:
            raise AtlasError("This server has no jobs: start it with a data folder.")
        try:
            id = weights.removeprefix("job:")
            return f"{asking()} {self.workshop().of(id).weights(asking(), id).stat().st_mtime_ns}"
        except ValueError as error:
            raise AtlasError(str(error)) from error

    def _key(self, picture: str, variant: str, weights: str, owned: str) -> str:
        if picture.startswith("example:") and not owned:
            return f"{picture}--{variant}--{weights}"
        return self.pictures.sign("run", picture, variant, weights, owned)

    def _kept(self, key: str) -> Run | None:
        if (kept := self._runs.get(key)) is not None or not key.startswith("example:"):
            return kept
        known = {f"example:{path.stem}": path for path in self._stored.glob("*--*--*.npz")}     # a visitor's text never becomes a path
        return self._runs.put(key, Run.load(known[key], key)) if key in known else None

    def _make(self, key: str, picture: str, variant: str, weights: str) -> Run:
        if (kept := self._kept(key)) is not None:           # somebody before us in the line wanted the same
            return kept
        found = self.pictures.get(picture)
        facts, arrays = self._ready().inspect(found.image, variant, weights)
        across = found.width / found.image.width, found.height / found.image.height
        arrays["found.boxes"] = arrays["found.boxes"] * (*across, *across)
        return self._runs.put(key, Run(key, {"picture": found.facts, **facts}, arrays))

    def _ready(self) -> Runner:
        if self._runner is None:
            self._runner = self._connect()
        return self._runner

    def _warm_up(self) -> None:
        try:
            self._ready()
            first = self.opening()
            if first.model:
                self._runner.inspect(self.pictures.get(first.picture).image, first.model, first.weights)
        except Exception:                                   # the page still shows stored runs and says what fails when asked
            log.exception("Warming up failed; the first run will load the model.")


def _done(result: Kept) -> Future[Kept]:
    future: Future[Kept] = Future()
    future.set_result(result)
    return future
