"""Who sees whom: denoising may not leak into matching, groups may not see each other unless they say so."""
import torch
from hypothesis import given
from hypothesis import strategies as st

from detr_core.groups import Group, hidden, slices

NAMES = ["matching", "denoising.0", "denoising.1", "patches"]
GROUPS = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).flatmap(lambda names: st.tuples(*(
    st.builds(Group, st.just(name), st.integers(1, 5), st.lists(st.sampled_from([*NAMES, "denoising"]), max_size=2).map(tuple))
    for name in names)))


def test_denoising_sees_matching_but_not_the_other_way() -> None:
    groups = (Group("denoising.0", 2, ("matching",)), Group("denoising.1", 2, ("matching",)), Group("matching", 3, keep=True))
    mask = hidden(groups)
    assert not mask[:2, :2].any() and mask[:2, 2:4].all() and not mask[:2, 4:].any()
    assert mask[4:, :4].all() and not mask[4:, 4:].any()


def test_a_family_stands_for_all_its_groups() -> None:
    groups = (Group("denoising.0", 1), Group("denoising.1", 1), Group("matching", 1, ("denoising",)))
    assert not hidden(groups)[2].any()


@given(GROUPS)
def test_every_group_is_a_block_and_sees_itself(groups: tuple[Group, ...]) -> None:
    mask, places = hidden(groups), slices(groups)
    assert mask.shape == (sum(g.size for g in groups),) * 2 and mask.dtype == torch.bool
    for row in groups:
        for column in groups:
            block = mask[places[row.name], places[column.name]]
            sees = row.name == column.name or column.name in row.sees or column.family in row.sees
            assert (block == (not sees)).all()


@given(GROUPS)
def test_slices_cover_all_queries_once(groups: tuple[Group, ...]) -> None:
    covered = [index for place in slices(groups).values() for index in range(place.start, place.stop)]
    assert covered == list(range(sum(g.size for g in groups)))
