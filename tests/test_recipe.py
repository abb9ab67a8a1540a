"""Recipes compare by value, so that the difference of two papers is data."""
import pytest

from detr_core import VARIANTS, Recipe, build, part
from detr_core.geometry import Iterative, LogitBoxes, Still
from detr_core.registry import Paper, variant

PARENT = Recipe("parent", classes=5, geometry=part(LogitBoxes, eps=1e-5), refinement=Still)


def test_parts_are_equal_by_class_and_options() -> None:
    assert part(LogitBoxes, eps=1e-3) == part(LogitBoxes).but(eps=1e-3) != part(LogitBoxes)
    assert PARENT.refinement == part(Still), "a bare class becomes a part"
    assert repr(part(LogitBoxes, eps=1e-3)) == "LogitBoxes(eps=0.001)"


def test_a_part_is_built_with_its_options() -> None:
    assert part(LogitBoxes, eps=1e-3)().eps == 1e-3


def test_a_child_knows_its_parent_and_how_it_differs() -> None:
    child = PARENT.but("child", refinement=Iterative, queries=300)
    assert child.parent is PARENT and child.difference() == {"queries": (100, 300), "refinement": (part(Still), part(Iterative))}
    assert child.but("grandchild", queries=100).difference(PARENT).keys() == {"refinement"}
    assert PARENT.difference() == {}


def test_other_sizes_are_the_same_detector() -> None:
    wide = PARENT.but(width=512)
    assert wide.name == "parent" and wide.parent is None and wide.sizes()["width"] == 512


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ValueError, match="no colour"):
        PARENT.but(colour="red")


def test_difference_of_variants_names_what_the_paper_changed() -> None:
    assert set(VARIANTS["deformable_detr_refine"].recipe.difference()) == {"refinement", "shared_heads"}


def test_a_second_variant_of_one_name_and_a_missing_second_parent_are_refused() -> None:
    entry = VARIANTS["detr"]
    with pytest.raises(ValueError, match="two variants named 'detr'"):
        variant(entry.recipe, entry.tiny, entry.paper, entry.idea)
    child = entry.recipe.but("child")
    with pytest.raises(ValueError, match="nowhere"):
        variant(child, child, Paper("", "", "", 2020), "", borrows=("nowhere",))
    assert "child" not in VARIANTS


@pytest.mark.parametrize(("sizes", "says"), [
    ({"queries": 0}, "queries must be a whole number of at least 1, not 0"), ({"heads": 0}, "heads must be"), ({"heads": 7}, "7 heads"),
    ({"width": 66, "heads": 2}, "multiple of 4"), ({"decoder_layers": 0}, "decoder_layers must be"), ({"queries": "5"}, "not '5'"),
    ({"extra_queries": -1}, "at least 0"), ({"dropout": 1.0}, "dropout must be"), ({"short": 0}, "short must be"),
    ({"levels": 1}, "gives 2 maps.*levels=2")])
def test_sizes_that_make_no_detector_are_refused_in_one_sentence(sizes: dict, says: str) -> None:
    """Some would fail deep inside the first forward pass, others train towards nothing."""
    with pytest.raises(ValueError, match=says):
        build("deformable_detr", "tiny", **sizes)
