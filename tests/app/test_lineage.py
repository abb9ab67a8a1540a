"""What the Family page tells is complete, sourced and agrees with the registry; what the part diagram shows is the recipe's difference."""
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app import anatomy, lineage
from app.runs import AtlasError
from detr_core import VARIANTS, bundled
from detr_core.recipe import SIZES, Recipe

ROOT = Path(__file__).resolve().parent.parent.parent
SYSTEMS = {system["id"]: system for system in lineage.told()["systems"]}
SOURCES = {"repository", "abstract", "parent", "quoted"}


def test_every_registered_variant_is_told_of_with_the_registrys_parent():
    missing = sorted(set(VARIANTS) - set(SYSTEMS))
    assert not missing, f"Tell of {missing} in {lineage.TOLD.name}: the Family page has no card for them."
    for id, entry in VARIANTS.items():
        assert SYSTEMS[id]["parent"] == entry.parent, f"{id} descends from {entry.parent} in the registry."
        assert set(entry.borrows) <= set(SYSTEMS[id]["borrows"])


@pytest.mark.parametrize("id", SYSTEMS)
def test_a_system_has_parents_that_exist_and_everything_in_both_languages(id):
    system = SYSTEMS[id]
    for other in [system["parent"], *system["borrows"]]:
        assert other is None or (other in SYSTEMS and other != id)
    seen, at = set(), id
    while at is not None:
        assert at not in seen, "nobody descends from himself"
        seen.add(at)
        at = SYSTEMS[at]["parent"]
    for key in ("idea", "survey", "claim", "code_says", "note"):
        text = system.get(key)
        assert text is None or (set(text) == {"en", "ru"} and all(text.values())), key
    assert system["idea"] and system["survey"] and system["claim"] and system["title"] and system["venue"]
    assert {fact["source"] for fact in system["facts"]} <= SOURCES
    assert system.get("paper", "https://").startswith("https://") and system.get("code", "https://github.com/").startswith("https://github.com/")


def test_sections_and_kinds_are_known_and_ids_unique():
    told = lineage.told()
    assert len(SYSTEMS) == len(told["systems"])
    for key in ("section", "kind"):
        known = {entry["id"] for entry in told[f"{key}s"]}
        assert {system[key] for system in told["systems"]} <= known


def test_the_family_is_given_parents_first_with_what_is_built_here():
    systems = lineage.family()["systems"]
    order = [system["id"] for system in systems]
    assert all(system["parent"] is None or order.index(system["parent"]) < i for i, system in enumerate(systems))
    assert {system["id"] for system in systems if system["built"]} == set(VARIANTS)
    for system in (system for system in systems if system["built"]):
        assert {row["name"] for row in system["weights"]} == set(bundled(system["id"]))
        assert all("AP" in row for row in system["weights"])
        changed = VARIANTS[system["id"]].recipe.difference()
        assert {change["name"] for change in system["changes"]} == set(changed)


def test_every_slot_of_a_recipe_has_one_place_in_the_diagram():
    slots = [slot for stage in anatomy.STAGES.values() for slot in stage]
    assert sorted([*slots, *SIZES, "name", "parent"]) == sorted(field.name for field in dataclasses.fields(Recipe))


@pytest.mark.parametrize(("first", "second"), [("detr", "deformable_detr"), ("dab_detr", "dino"), ("sparse_detr", "h_deformable_detr")])
def test_the_diagram_shows_the_recipes_difference_with_the_code_of_its_parts(first, second):
    found = anatomy.difference(first, second)
    rows = [row for stage in found["stages"] for row in stage["slots"]]
    expected = VARIANTS[second].recipe.difference(VARIANTS[first].recipe)
    assert {row["slot"] for row in rows if row["changed"]} | {size["name"] for size in found["sizes"]} == set(expected)
    keys = {part["key"] for row in rows if row["changed"] for side in row["parts"] for part in side} - {None}
    assert keys == set(found["code"])
    for key, piece in found["code"].items():
        lines = (ROOT / piece["file"]).read_text().splitlines()
        assert lines[piece["line"] - 1] == piece["text"].splitlines()[0] and f"class {key.rpartition('.')[2]}" in piece["text"]


def test_an_unknown_variant_is_refused_with_the_known_ones():
    with pytest.raises(AtlasError, match="choose one of detr"):
        anatomy.difference("detr", "${x}")
