"""The Family tree as a visitor uses it, in a real browser."""
from __future__ import annotations

import pytest

from app import lineage

from .browsing import says

pytestmark = pytest.mark.browser

LAYOUTS = """async () => {
    const root = new URL('family/', document.querySelector('link[rel=modulepreload][href*="atlas.js"]').href);
    const [{ byYear, outline }, { get }] = await Promise.all([import(new URL('layout.js', root)), import(new URL('state.js', root))]);
    const systems = get().systems;
    const plans = [800, 1240].map((width) => byYear(systems, width)).concat(outline(systems, 362));
    const touch = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    const plain = (plan) => JSON.stringify([[...plan.nodes], plan.links]);
    return {
        overlaps: plans.map(({ nodes }) => [...nodes.values()].flatMap((a, i, all) => all.slice(i + 1).filter((b) => touch(a, b))).length),
        inside: plans.map(({ nodes, width, height }) =>
            [...nodes.values()].every(({ x, y, w, h }) => x >= 0 && y >= 0 && x + w <= width + 1 && y + h <= height)),
        same: plain(byYear(systems, 800)) === plain(plans[0]),
        order: systems.every(({ id, parent }) => !parent || plans[0].nodes.get(parent).x <= plans[0].nodes.get(id).x) };
}"""
SHOWN = "(nodes) => nodes.map((node) => node.dataset.id)"


@pytest.fixture(scope="module")
def family(desk):
    return desk("/?page=family")


def test_the_tree_is_always_the_same_and_no_two_boxes_touch(family, screenshots):
    assert family.locator(".node").count() == len(lineage.told()["systems"])
    assert family.locator(".link.borrowed").count() > 3 and family.locator(".node[data-built=false]").count() > 20
    found = family.evaluate(LAYOUTS)
    assert found == {"overlaps": [0, 0, 0], "inside": [True] * 3, "same": True, "order": True}
    family.screenshot(path=screenshots / "family-light-1280.png", full_page=True)


def test_filters_and_search_narrow_the_tree(family):
    family.locator("#atlas-family-search").fill("denoising anchor boxes")
    assert family.locator(".node:not(.faded)").evaluate_all(SHOWN) == ["dino"]
    family.locator("#atlas-family-search").fill("")
    family.locator(".family-chips button", has_text="2023").click()
    assert set(family.locator(".node:not(.faded)").evaluate_all(SHOWN)) == {"team_detr", "ks_detr", "lite_detr"}
    family.locator(".family-chips button", has_text="2023").click()


def test_the_keyboard_walks_the_tree_and_the_card_follows(family):
    family.locator(".node[data-id=detr]").click()
    family.locator(".node[data-id=detr]").press("ArrowRight")
    family.wait_for_function("document.querySelector('.family-card h2')?.textContent === 'Deformable DETR'")
    says(family, system="deformable_detr")
    card = family.inner_text(".family-card").replace("\u200b", "")     # long names may break between their words
    assert "DeformableCross" in card and "44.5" in card and "authors' repository" in card and "Evgeny Nikitin" in card
    family.locator(".family-card button", has_text="Show the code").click()
    family.wait_for_selector(".card-code details")
    family.locator(".card-code details summary").first.click()
    assert "class " in family.inner_text(".card-code details[open] pre")
    family.locator(".node[data-id=deformable_detr]").press("ArrowLeft")
    family.wait_for_function("document.querySelector('.family-card h2')?.textContent === 'DETR'")


def test_what_is_not_built_says_so(family):
    family.locator(".node[data-id=adamixer]").click()
    family.wait_for_function("document.querySelector('.family-card h2')?.textContent === 'AdaMixer'")
    assert "Not built here yet" in family.inner_text(".family-card") and family.locator(".family-card .ways").count() == 0


def test_a_variant_is_compared_with_its_parent(family):
    family.locator(".node[data-id=deformable_detr]").click()
    family.locator(".ways button", has_text="Compare").click()
    says(family, page="compare", compare="detr@scenes,deformable_detr@scenes")
    family.wait_for_function("document.querySelectorAll('.compare-cell').length === 2")
