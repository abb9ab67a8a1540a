"""Links outlive models: whatever an address says, the app reads what makes sense and goes on."""
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from app.state import Selection

ANYTHING = st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=2))
WORDS = st.sampled_from(["picture", "model", "weights", "query", "layer", "head", "threshold", "top", "stranger"])
NAMES = st.from_regex(r"[a-z_]{1,20}(:[a-z0-9]{1,20})?", fullmatch=True)


@given(st.dictionaries(WORDS, ANYTHING))
def test_nothing_a_visitor_writes_into_the_address_fails(values):
    found = Selection.of(values)
    assert 0 <= found.threshold <= 1
    assert found.query is None or found.query >= 0


@given(NAMES, NAMES, st.integers(0, 999), st.integers(0, 12), st.integers(0, 16), st.integers(0, 100))
def test_a_copied_address_gives_the_same_view(picture, model, query, layer, head, percent):
    wanted = Selection(picture, model, "scenes", query, layer, head, percent / 100)
    assert Selection.of(dict(parse_qsl(wanted.parameters()))) == wanted


def test_a_path_with_markup_is_no_name():
    assert Selection.of({"picture": "<img src=x>", "model": "a b", "query": "-1", "threshold": "nan"}) == Selection()
