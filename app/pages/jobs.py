"""Jobs: what is training, how it goes, and what came of it. The page only reads; runs are processes of their own."""
from __future__ import annotations

import base64
from typing import Any

from ..engine import Engine
from ..panels import Answer, answered, panel
from ..people import asking
from ..services import Opened, count, serving

TITLE = "Jobs"
LOG = 1_000_000                                     # lines of a log, at most


def build(engine: Engine) -> None:
    """One panel: the list and the chosen job, in the scripts of `static/jobs`."""
    opened = Opened(engine)
    panel("jobs/desk", server=[*record_services(opened), *action_services(opened)])


def record_services(opened: Opened) -> list[Answer]:
    """What the page reads. Every service answers for the jobs of whoever asks, and for the example."""

    @answered
    async def job_news(request: dict[str, Any]) -> dict[str, Any]:
        """`job`: the chosen one; `after`: {job: last seq known} -> the list, the chosen job in full, new lines of metrics."""
        owner, after = asking(), request.get("after")
        known = {str(id)[:40]: count(seq) for id, seq in after.items()} if isinstance(after, dict) else {}
        return await serving(opened, lambda shop: shop.desk.news(owner, _id(request), known))

    @answered
    async def job_samples(request: dict[str, Any]) -> dict[str, Any]:
        """Validation pictures of a job and what was predicted on them at the evaluations not in `known`."""
        owner, known = asking(), {count(step) for step in request.get("known") or ()}
        return await serving(opened, lambda shop: shop.desk.samples(owner, _id(request), known))

    @answered
    async def job_picture(request: dict[str, Any]) -> dict[str, Any]:
        """One validation picture as JPEG."""
        owner, number = asking(), count(request.get("number"))
        data = await serving(opened, lambda shop: shop.of(_id(request)).sample_picture(owner, _id(request), number).read_bytes())
        return {"jpeg": base64.b64encode(data).decode()}

    @answered
    async def job_log(request: dict[str, Any]) -> dict[str, Any]:
        """The last `lines` of the log, of those with `search` in them."""
        owner, search, most = asking(), str(request.get("search", ""))[:200], max(1, min(LOG, count(request.get("lines"), 400)))
        return {"lines": await serving(opened, lambda shop: shop.desk.log(owner, _id(request), search, most))}

    return [job_news, job_samples, job_picture, job_log]


def action_services(opened: Opened) -> list[Answer]:
    """What the page may ask to be done."""

    @answered
    async def job_form(request: dict[str, Any]) -> dict[str, Any]:
        """The fields of a job's run and their values."""
        owner = asking()
        return await serving(opened, lambda shop: shop.desk.form(owner, _id(request)))

    @answered
    async def job_act(request: dict[str, Any]) -> dict[str, Any]:
        """`action`: stop (`at_once`), resume, smaller, clone (`changes`, `name`) or delete -> the job to show next."""
        owner = asking()
        return {"job": await serving(opened, lambda shop: shop.desk.act(owner, _id(request), request))}

    return [job_form, job_act]


def _id(request: dict[str, Any]) -> str:
    return str(request.get("job") or "")[:40]
