"""The data step of the Train page: what its scripts may ask. Every answer is for the owner who asks, and nobody else's data is in it."""
from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..libraries import libraries
from ..panels import Answer, answered
from ..people import asking
from ..runs import AtlasError
from ..services import Opened, count, serving

if TYPE_CHECKING:
    from ..intake import Intake
    from ..shelf import Shelf
    from ..workshop import Workshop

NAMES = 24                                          # pictures that may be asked for by name


def services(opened: Opened) -> list[Answer]:
    """For the panel `train/dataset`."""
    return [*_shelf_services(opened), *_picture_services(opened), *_intake_services(opened)]


@functools.cache
def _shelf(shop: Workshop) -> Shelf:
    from ..shelf import Shelf
    return Shelf(shop.datasets)


@functools.cache
def _intake(shop: Workshop) -> Intake:
    from ..intake import Intake
    return Intake(shop.datasets)


def _asker(opened: Opened) -> Callable[[Callable[[Shelf, str], dict[str, Any]]], Awaitable[dict[str, Any]]]:
    async def ask(work: Callable[[Shelf, str], dict[str, Any]]) -> dict[str, Any]:
        owner = asking()
        return await serving(opened, lambda shop: work(_shelf(shop), owner))
    return ask


def _shelf_services(opened: Opened) -> list[Answer]:
    ask = _asker(opened)

    @answered
    async def data_list(request: dict[str, Any]) -> dict[str, Any]:
        """Every data set in brief, folders of the server, the largest archive, and checks under way."""
        owner = asking()
        return await serving(opened, lambda shop: {**_shelf(shop).list(owner), "arrivals": _intake(shop).running(owner)})

    @answered
    async def data_report(request: dict[str, Any]) -> dict[str, Any]:
        """id -> its report."""
        return await ask(lambda shelf, owner: shelf.report(owner, str(request.get("id"))))

    @answered
    async def data_fit(request: dict[str, Any]) -> dict[str, Any]:
        """id, variant, size, short, long, queries -> how the data set suits the detector."""
        sizes = {name: count(request.get(name)) for name in ("short", "long", "queries")}
        id, variant, size = (str(request.get(name)) for name in ("id", "variant", "size"))
        return await ask(lambda shelf, owner: shelf.fit(owner, id, variant, size, sizes))

    @answered
    async def data_delete(request: dict[str, Any]) -> dict[str, Any]:
        """id -> the list without it. A data set that a run still reads stays."""
        owner, id = asking(), str(request.get("id"))

        def work(shop: Workshop) -> dict[str, Any]:
            libraries()
            from detr_core.jobs import ACTIVE

            if any(job.dataset == id and job.state in ACTIVE for job in shop.jobs.list(owner)):
                raise AtlasError("A run is still learning from this data set: stop or delete it first.")
            shop.datasets.delete(owner, id)
            return _shelf(shop).list(owner)
        return await serving(opened, work)

    return [data_list, data_report, data_fit, data_delete]


def _picture_services(opened: Opened) -> list[Answer]:
    ask = _asker(opened)

    @answered
    async def data_samples(request: dict[str, Any]) -> dict[str, Any]:
        """id, page and, for some of them, a class or names -> pictures with boxes."""
        label, names = request.get("label"), request.get("names")
        chosen = [str(name) for name in names[:NAMES]] if isinstance(names, list) else None
        return await ask(lambda shelf, owner: shelf.samples(owner, str(request.get("id")), count(request.get("page")),
                                                            count(label) if isinstance(label, int) else None, chosen))

    @answered
    async def data_picture(request: dict[str, Any]) -> dict[str, Any]:
        """id, name -> one picture, large."""
        return await ask(lambda shelf, owner: shelf.closely(owner, str(request.get("id")), str(request.get("name"))))

    return [data_samples, data_picture]


def _intake_services(opened: Opened) -> list[Answer]:
    async def ask(work: Callable[[Intake, str], dict[str, Any]]) -> dict[str, Any]:
        owner = asking()
        return await serving(opened, lambda shop: work(_intake(shop), owner))

    @answered
    async def data_begin(request: dict[str, Any]) -> dict[str, Any]:
        """Name and size of an archive -> a ticket for its pieces."""
        return await ask(lambda intake, owner: {"ticket": intake.begin(owner, str(request.get("name"))[:200], count(request.get("size")))})

    @answered
    async def data_piece(request: dict[str, Any]) -> dict[str, Any]:
        """ticket, at, data -> how many bytes have arrived."""
        return await ask(lambda intake, owner: {"arrived": intake.piece(owner, str(request.get("ticket")), count(request.get("at")),
                                                                        str(request.get("data", "")))})

    @answered
    async def data_folder(request: dict[str, Any]) -> dict[str, Any]:
        """Name of a folder of the server -> a ticket."""
        return await ask(lambda intake, owner: {"ticket": intake.folder(owner, str(request.get("name")))})

    @answered
    async def data_news(request: dict[str, Any]) -> dict[str, Any]:
        """ticket -> how far it is; with `drop` it is given up."""
        def work(intake: Intake, owner: str) -> dict[str, Any]:
            if request.get("drop"):
                intake.drop(owner, str(request.get("ticket")))
            return intake.news(owner, str(request.get("ticket")))
        return await ask(work)

    return [data_begin, data_piece, data_folder, data_news]
