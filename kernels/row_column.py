"""Row-column attention (Wang et al., "Anchor DETR", AAAI 2022, section 3.4): a map weighted by its rows and its columns.

For image b, query q and head m, over the rows y and the columns x of one map,

    output[b, q, m, :] = sum_y sum_x  column[b, m, q, y] * row[b, m, q, x] * value[b, y, x, m, :]

so the weight of a place is the product of two vectors, along its row (over x) and along its column (over y). The product itself,
[B, M, Q, H, W], is never formed: the longer side is summed first, by one matrix product, and the shorter side after it.

Shapes:

    row     [B, M, Q, W]        any real numbers; the detectors pass a softmax over W
    column  [B, M, Q, H]        any real numbers; the detectors pass a softmax over H
    value   [B, H, W, M, D]
    output  [B, Q, M * D]

The largest intermediate has B * M * Q * D * min(H, W) numbers.
"""

from torch import Tensor


def check(row: Tensor, column: Tensor, value: Tensor) -> None:
    """Raises ValueError that names the argument at fault when the three do not describe one problem."""
    if value.dim() != 5:
        raise ValueError(f"value must be [B, H, W, M, D] but has shape {tuple(value.shape)}; split its last axis into heads first.")
    batch, height, width, heads, _ = value.shape
    for name, weights, side in (("row", row, width), ("column", column, height)):
        if weights.dim() != 4 or weights.shape[:2] != (batch, heads) or weights.shape[3] != side:
            raise ValueError(f"{name} must be [{batch}, {heads}, Q, {side}] to fit value but has shape {tuple(weights.shape)}.")
    if row.shape[2] != column.shape[2]:
        raise ValueError(f"row weighs {row.shape[2]} queries and column {column.shape[2]}; pass both for the same queries.")


def row_column_attention(row: Tensor, column: Tensor, value: Tensor) -> Tensor:
    """Reads `value` with the product of `row` and `column` as weights: differentiable, any device, any floating dtype; see the module."""
    check(row, column, value)
    if value.shape[1] > value.shape[2]:
        row, column, value = column, row, value.transpose(1, 2)     # the first sum runs over the longer side
    height, channels = value.shape[1], value.shape[4]
    lines = row @ value.permute(0, 3, 2, 1, 4).flatten(3)           # [B, M, Q, H * D]
    read = column.unsqueeze(-2) @ lines.unflatten(-1, (height, channels))
    return read.squeeze(-2).transpose(1, 2).flatten(2)
