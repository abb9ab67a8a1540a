"""Row-column attention reads what the full map of weights would read."""
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import row_column_attention

SIDE = st.integers(1, 7)


def problem(batch: int, height: int, width: int, queries: int, dtype: torch.dtype = torch.float64):
    torch.manual_seed(height * 31 + width)
    heads, channels = 2, 3
    row, column = (torch.randn(batch, heads, queries, n, dtype=dtype).softmax(-1).requires_grad_() for n in (width, height))
    return row, column, torch.randn(batch, height, width, heads, channels, dtype=dtype, requires_grad=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 2), SIDE, SIDE, st.integers(1, 4))
def test_reads_what_the_outer_product_reads(batch: int, height: int, width: int, queries: int) -> None:
    row, column, value = problem(batch, height, width, queries)
    full = torch.einsum("bmqy,bmqx,byxmd->bqmd", column, row, value).flatten(2)
    ours = row_column_attention(row, column, value)
    torch.testing.assert_close(ours, full)
    weight = torch.randn_like(full)
    for left, right in zip(*(torch.autograd.grad((t * weight).sum(), (row, column, value), retain_graph=True) for t in (ours, full))):
        torch.testing.assert_close(left, right)


def test_keeps_no_map_of_weights_for_the_backward_pass() -> None:
    row, column, value = problem(1, 24, 32, 500)
    saved: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.numel()) or t, lambda t: t):
        row_column_attention(row, column, value)
    assert max(saved) <= 2 * 500 * 24 * 3 < 2 * 500 * 24 * 32


@pytest.mark.parametrize("change, named", [
    (lambda row, column, value: (row, column, value.flatten(3)), "value"),
    (lambda row, column, value: (column, row, value), "row"),
    (lambda row, column, value: (row, column[..., :-1], value), "column"),
    (lambda row, column, value: (row, column[:, :, :-1], value), "queries"),
])
def test_names_the_argument_that_does_not_fit(change, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        row_column_attention(*change(*problem(1, 4, 5, 3)))
