"""Every registered detector says where it comes from, and the files of the variants can be read from first to last."""
from __future__ import annotations

import ast
import pkgutil
from pathlib import Path

import pytest

from detr_core import VARIANTS, variants

CATALOGUE = set("""
detr deformable_detr deformable_detr_refine deformable_detr_two_stage dynamic_detr anchor_detr conditional_detr
conditional_detr_v2 dab_detr smca efficient_detr team_detr adamixer dn_detr dino deyo h_deformable_detr group_detr group_detr_v2
co_detr deta pair_detr sam_detr sam_detr_pp sap_detr up_detr detreg teach_detr detrdistill d3etr ks_detr sparse_detr pnp_detr
l_detr lite_detr wb_detr miti_detr cf_detr detr_pp backprop_hungarian destr onenet ao2_detr omni_detr point_detr hoi_transformer""".split())
COMBINED = {"dab_deformable_detr": "a paper's second body", "dn_deformable_detr": "a paper's second body"}


@pytest.mark.parametrize("id", VARIANTS)
def test_it_says_where_it_comes_from(id: str) -> None:
    entry = VARIANTS[id]
    assert id in CATALOGUE or id in COMBINED
    assert entry.paper.title and entry.paper.authors and entry.paper.venue and 2020 <= entry.paper.year <= 2030
    assert entry.idea.endswith(".") and 20 < len(entry.idea) < 240 and "\n" not in entry.idea
    assert entry.parent is None or (entry.parent in VARIANTS and entry.recipe.difference())


def contents() -> list[str]:
    """The files of the variants in the order of the table of contents."""
    body = ast.parse(Path(variants.__file__).read_text()).body
    return [alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names]


def test_the_table_of_contents_is_complete() -> None:
    assert sorted(contents()) == sorted(module.name for module in pkgutil.iter_modules(variants.__path__) if not module.ispkg)


@pytest.mark.parametrize("chapter", contents())
def test_a_chapter_is_short_and_builds_on_earlier_ones_only(chapter: str) -> None:
    text = (Path(variants.__path__[0]) / f"{chapter}.py").read_text()
    assert len(text.splitlines()) <= 200
    earlier = contents()[:contents().index(chapter)]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            assert node.module in earlier, f"{node.module} comes later in the table of contents"
