"""Files of jobs by address: archive, log, validation pictures. Each request is checked for its owner."""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from .people import owner_of
from .runs import AtlasError

if TYPE_CHECKING:
    from .workshop import Workshop

PRIVATE = {"Cache-Control": "private, no-store"}


def job_routes(opening: Callable[[], Workshop]) -> list[BaseRoute]:
    """GET atlas/jobs/<id>/archive, /log and /picture/<number>; and the archive where `gradio_client` looks for it, see `stand_in`."""
    def archive(shop: Workshop, owner: str, request: Request) -> Response:
        id = request.path_params["id"]
        job = shop.jobs.get(owner, id)
        name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in job.name)[:60].strip("-") or "job"
        return FileResponse(shop.jobs.archive(owner, id), media_type="application/zip", filename=f"{name}.zip", headers=PRIVATE)

    def log(shop: Workshop, owner: str, request: Request) -> Response:
        lines = shop.of(request.path_params["id"]).log(owner, request.path_params["id"], "", 5000)
        return PlainTextResponse("\n".join(lines), headers={**PRIVATE, "Content-Disposition": 'attachment; filename="log.txt"'})

    def picture(shop: Workshop, owner: str, request: Request) -> Response:
        id, number = request.path_params["id"], request.path_params["number"]
        return FileResponse(shop.of(id).sample_picture(owner, id, number), headers=PRIVATE)

    def guarded(answer: Callable[[Workshop, str, Request], Response]) -> Callable:
        async def handler(request: Request) -> Response:
            try:
                return await asyncio.to_thread(lambda: answer(opening(), owner_of(request), request))
            except AtlasError as error:
                return PlainTextResponse(str(error), 401, PRIVATE)
            except (ValueError, OSError) as error:
                spoken = str(error) if getattr(error, "spoken", False) else "There is no such file."
                return PlainTextResponse(spoken, 404, PRIVATE)
        return handler

    return [Route("/atlas/jobs/{id}/archive", guarded(archive)), Route("/atlas/jobs/{id}/log", guarded(log)),
            Route("/atlas/jobs/{id}/picture/{number:int}", guarded(picture)),
            *(Route(f"/gradio_api/file{mark}" + "{folder:path}/atlas-job-{id}.zip", guarded(archive)) for mark in "=/")]
