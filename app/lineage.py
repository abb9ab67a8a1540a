"""The family as data: what is told of every system in `assets/catalogue/systems.json`, and what this project has of it."""
from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from . import anatomy
from .libraries import libraries

TOLD = Path(__file__).resolve().parent.parent / "assets" / "catalogue" / "systems.json"
CARD = ("data", "AP", "AP50", "AP75", "images", "minutes", "warm_start")


@functools.cache
def told() -> dict[str, Any]:
    """The survey, sections, kinds and systems as they are stored."""
    return json.loads(TOLD.read_text(encoding="utf-8"))


def family() -> dict[str, Any]:
    """Every system with what is told of it; the registered ones also with their parents from the registry, their `changes`
    against the parent and the `weights` that come with the project. Parents come before their children.
    """
    libraries()
    from detr_core import VARIANTS

    stored = {system["id"]: system for system in told()["systems"]}
    systems = [_built(entry, stored.get(id, {})) if (entry := VARIANTS.get(id)) else {**system, "built": False}
               for id, system in {**stored, **{id: {} for id in VARIANTS if id not in stored}}.items()]
    return {**told(), "systems": _elders_first(systems)}


def _built(entry: Any, system: dict[str, Any]) -> dict[str, Any]:
    """A registered variant: what the registry says of it counts, the rest is as told."""
    paper = entry.paper
    bare = {"name": entry.id, "short": entry.id, "title": paper.title, "year": paper.year, "venue": f"{paper.venue} {paper.year}",
            "section": "mentions", "kind": "architecture", "paper": paper.url, "idea": {"en": entry.idea}, "facts": []}
    borrows = list(dict.fromkeys([*entry.borrows, *system.get("borrows", [])]))
    return {**bare, **system, "id": entry.id, "built": True, "parent": entry.parent, "borrows": borrows, "authors": paper.authors,
            "changes": anatomy.changes(entry.id, entry.parent) if entry.parent else [], "weights": _weights(entry.id)}


def _weights(variant: str) -> list[dict[str, Any]]:
    """What the cards of the bundled weights say."""
    libraries()
    from detr_core import bundled
    from detr_core.training.bundle import card_of, seen

    cards = {name: card_of(path) for name, path in bundled(variant).items()}
    facts = {name: {**card, "images": seen(card)} for name, card in cards.items()}
    return [{"name": name, **{key: card[key] for key in CARD if card.get(key) is not None}} for name, card in facts.items()]


def _elders_first(systems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the given order, but nobody before his parent."""
    known, waiting, ordered = {system["id"] for system in systems}, list(systems), []
    while waiting:
        placed = {system["id"] for system in ordered}
        ready = [system for system in waiting if system["parent"] not in known or system["parent"] in placed]
        ordered.append((ready or waiting)[0])
        waiting.remove(ordered[-1])
    return ordered
