"""What the Train page offers, what a choice amounts to, and the start; for one owner at a time, answers are plain JSON."""
from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detr_core import VARIANTS
from detr_core.api import bundled, variant_of
from detr_core.data.store import Dataset
from detr_core.jobs import ACTIVE, Job
from detr_core.training.bundle import card_of
from detr_core.training.fields import FIELDS, checked, told
from detr_core.training.presets import IMAGES, Facts, Wish, plan, preset
from detr_core.training.run import Run

from . import job_words

if TYPE_CHECKING:
    from .workshop import Workshop

SUGGESTED = "deformable_detr_two_stage"             # learns fastest from little
LARGE = (480, 640, 800)                             # short sides offered to the papers' sizes


@dataclass(frozen=True)
class Chosen:
    """A wish as it came from the page, with the data set that it names."""

    wish: Wish
    facts: Facts
    dataset: Dataset
    start: dict[str, Any]


class Planning:
    """Over a workshop: `offer`, `plan`, `estimate`, `start`."""

    def __init__(self, shop: Workshop):
        self.shop = shop
        self._cards: dict[Path, tuple[float, dict[str, Any]]] = {}

    def offer(self, owner: str) -> dict[str, Any]:
        """Variants with what each can start from, and the table of fields."""
        jobs = self.shop.jobs.list(owner)
        variants = [{"id": id, "idea": entry.idea, "starts": self.starts(id, jobs)} for id, entry in VARIANTS.items()]
        waiting = sum(job.state in ACTIVE for job in jobs)
        return {"variants": variants, "suggested": SUGGESTED, "fields": told(), "waiting": waiting}

    def starts(self, variant: str, jobs: list[Job]) -> list[dict[str, Any]]:
        """Weights a variant can start from: the bundled ones, the owner's, published ones, and random numbers."""
        tiny, large = {"size": "tiny", "images": IMAGES}, {"size": "r50", "images": LARGE}
        own = [{"id": job.weights, "kind": "job", "name": job.name, **(tiny if job.run.size == "tiny" else large)}
               for job in jobs if job.run.variant == variant and job.weights]
        ours = [{"id": name, "kind": "bundled", "AP50": self._card(path).get("AP50"), **tiny} for name, path in bundled(variant).items()]
        ours.sort(key=lambda each: each["id"] != "scenes")
        theirs = [{"id": name, "kind": "published", **large} for name in VARIANTS[variant].published or {}]
        return [*ours, *own, *theirs, {"id": "", "kind": "scratch", **tiny}]

    def plan(self, owner: str, request: dict[str, Any]) -> dict[str, Any]:
        """What the choices amount to. Raises ValueError with one sentence."""
        chosen = self._chosen(owner, request)
        run, before, facts = self._run(chosen), preset(chosen.wish, chosen.facts), chosen.facts
        entry = variant_of(run.variant)
        recipe = entry.tiny if run.size == "tiny" else entry.recipe
        values = {field.name: job_words.value_of(before, field.name, recipe.queries) for field in FIELDS}
        validation = chosen.dataset.report.facts["splits"].get("val", {}).get("pictures", 0)
        return {"preset": values, "command": job_words.command(run, self.shop.root),
                "images": run.images, "steps": run.budget(facts.pictures), "batch": run.batch, "evaluations": run.evaluations,
                "passes": run.images / facts.pictures, "pictures": facts.pictures, "validation": validation,
                "short": run.changes.get("short", recipe.short), "long": run.changes.get("long", recipe.long), "size": run.size,
                "startName": chosen.start.get("name") or chosen.start["id"]}

    def estimate(self, owner: str, request: dict[str, Any]) -> dict[str, Any]:
        """How far the dry run of these choices is, or what it found."""
        run = self._run(self._chosen(owner, request))
        if run.weights and run.weights.startswith("job:"):
            run = replace(run, weights=str(self.shop.jobs.weights(owner, run.weights.removeprefix("job:"))))
        return self.shop.estimates.ask(run, owner, bool(request.get("again")))

    def start(self, owner: str, request: dict[str, Any]) -> str:
        """Put the run into the queue; returns the job's id."""
        chosen = self._chosen(owner, request)
        dataset = chosen.dataset
        name, id = str(request.get("name") or "")[:80], dataset.id if dataset.folder else ""
        job = self.shop.jobs.add(owner, self._run(chosen), name, id, dataset.name)
        self.shop.estimates.drop(owner)
        return job.id

    def _run(self, chosen: Chosen) -> Run:
        return replace(plan(chosen.wish, chosen.facts), trackers=self.shop.trackers)

    def _chosen(self, owner: str, request: dict[str, Any]) -> Chosen:
        dataset = self.shop.datasets.get(owner, str(request.get("dataset") or ""))
        variant = variant_of(str(request.get("variant") or "")).id
        starts = self.starts(variant, self.shop.jobs.list(owner))
        start = next((each for each in starts if each["id"] == request.get("start")), None)
        if start is None:
            raise ValueError("These weights are gone: choose what to start from again.")
        changes = request.get("changes")
        wish = Wish(variant, dataset.source, start["id"] or None, start["size"], str(request.get("budget")),
                    _number(request.get("epochs"), 12.0), int(_number(request.get("image"), 0)),
                    checked(changes if isinstance(changes, dict) else {}))
        return Chosen(wish, facts_of(dataset), dataset, start)

    def _card(self, path: Path) -> dict[str, Any]:
        """The card of a bundled file, read again when the file changes."""
        changed = path.stat().st_mtime
        if self._cards.get(path, (0.0,))[0] != changed:
            self._cards[path] = changed, card_of(path)
        return self._cards[path][1]


def facts_of(dataset: Dataset) -> Facts:
    """What a preset needs to know of a checked data set."""
    facts = dataset.report.facts
    pictures = facts.get("splits", {}).get("train", {}).get("pictures", 0)
    sides, shapes = facts.get("sides") or {}, facts.get("shapes") or []
    counts, edges = np.array(sides.get("counts") or [0.0]), np.array(sides.get("edges") or [0.0, 1.0])
    if not counts.sum() or not shapes:
        return Facts(pictures)
    cumulated = np.concatenate([[0.0], counts.cumsum()])
    last = min(len(edges), len(cumulated))
    return Facts(pictures, float(np.interp(counts.sum() / 2, cumulated[:last], edges[:last])) / max(shapes[0][:2]))


def _number(value: Any, missing: float) -> float:
    return float(value) if isinstance(value, int | float) and value == value else missing
