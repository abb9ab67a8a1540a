"""Multi-scale deformable attention in plain PyTorch, on any device; formula and shapes are those of `kernels.deformable`.

One output row, of one query and head, is a weighted sum of 4 * L * P rows of value: a "bag" of `torch.nn.functional.embedding_bag`, which
reads every row once and stores none. Zero-padded maps spare the bounds checks. The backward pass sorts the corners by token, so that
value's gradient is a weighted sum of rows of the output's gradient: bags again, and the same bits on every run and every device.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from kernels.deformable import Shapes

CORNERS_A_CHUNK = 1 << 19  # so many indices and shares stay in a processor's cache between the steps that make them


def _table(value: Tensor, shapes: Shapes) -> Tensor:
    """[B, sum of (h + 2) * (w + 2), H, D]: every level inside a border of zeros."""
    batch, _, heads, width = value.shape
    table = value.new_zeros(batch, sum((h + 2) * (w + 2) for h, w in shapes), heads, width)
    to = start = 0
    for h, w in shapes:
        bordered = table[:, to : to + (h + 2) * (w + 2)].view(batch, h + 2, w + 2, heads, width)
        bordered[:, 1:-1, 1:-1] = value[:, start : start + h * w].view(batch, h, w, heads, width)
        to, start = to + (h + 2) * (w + 2), start + h * w
    return table


def _unbordered(table: Tensor, shapes: Shapes) -> Tensor:
    """The inverse of `_table`."""
    batch, _, heads, width = table.shape
    levels = table.split([(h + 2) * (w + 2) for h, w in shapes], dim=1)
    inner = [level.view(batch, h + 2, w + 2, heads, width)[:, 1:-1, 1:-1] for level, (h, w) in zip(levels, shapes, strict=True)]
    return torch.cat([level.reshape(batch, -1, heads, width) for level in inner], dim=1)


class Corners:
    """Where the samples of some queries lie: rows of the table, and bilinear shares.

    first: int [B, q, H, L, P], the upper left corner's row; steps [L, 1, 4] leads from it to the four corners; right and bottom,
    in 0..1, tell how far the sample is from it; inside is false where no corner touches the map.
    """

    def __init__(self, locations: Tensor, shapes: Shapes, index: torch.dtype) -> None:
        batch, _, heads = locations.shape[:3]
        device = locations.device
        self.size = torch.tensor([(w, h) for h, w in shapes], dtype=locations.dtype, device=device).view(-1, 1, 2)
        lines = torch.tensor([w + 2 for _, w in shapes], dtype=index, device=device).view(-1, 1) * heads
        areas = [(h + 2) * (w + 2) for h, w in shapes]
        starts = torch.tensor([sum(areas[:level]) for level in range(len(areas))], dtype=index, device=device).view(-1, 1) * heads
        images = torch.arange(batch, dtype=index, device=device).view(-1, 1, 1, 1, 1) * (sum(areas) * heads)
        heads_ = torch.arange(heads, dtype=index, device=device).view(-1, 1, 1)
        position = torch.addcmul(locations.new_full((), -0.5), locations, self.size)  # in tokens
        self.inside = ((position >= -1) & (position < self.size)).all(-1)  # false for NaN too
        position = torch.where(self.inside.unsqueeze(-1), position, 0).clamp_(min=-1)
        corner = position.floor()
        self.right, self.bottom = (position - corner).unbind(-1)
        x, y = corner.to(index).unbind(-1)
        self.first = y * lines + (x * heads + (starts + images + heads_ + lines + heads))
        self.steps = torch.stack([torch.zeros_like(lines), torch.full_like(lines, heads), lines, lines + heads], dim=-1)

    def rows(self) -> Tensor:
        """[bags, 4 * L * P]: rows of the table."""
        return (self.first.unsqueeze(-1) + self.steps).flatten(3).flatten(0, 2)

    def shares(self, weights: Tensor) -> Tensor:
        """[bags, 4 * L * P]: bilinear share times weight."""
        weights = weights * self.inside
        lower = weights * self.bottom
        upper = weights - lower
        lower_right, upper_right = lower * self.right, upper * self.right
        return torch.stack([upper - upper_right, upper_right, lower - lower_right, lower_right], dim=-1).flatten(3).flatten(0, 2)

    def gradients(self, dots: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Of locations and weights, from dots [bags, 4 * L * P] = output's gradient . row."""
        upper_left, upper_right, lower_left, lower_right = dots.view(*weights.shape, 4).unbind(-1)
        upper, lower = upper_right - upper_left, lower_right - lower_left  # change with x along the upper and the lower edge
        left = lower_left - upper_left
        of_x = torch.lerp(upper, lower, self.bottom)
        of_y = left + self.right * (lower - upper)
        of_weights = upper_left + self.right * upper + self.bottom * of_y
        of_locations = torch.stack([of_x, of_y], dim=-1) * self.size * (weights * self.inside).unsqueeze(-1)
        return of_locations, of_weights * self.inside


def _prepared(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor):
    precise = torch.promote_types(value.dtype, torch.float32)
    table = _table(value.to(precise), shapes)
    index = torch.int32 if table.shape[0] * table.shape[1] * table.shape[2] < 2**31 else torch.int64
    return table, locations.to(precise), weights.to(precise), index


def _bags(rows: Tensor, table: Tensor, shares: Tensor) -> Tensor:
    return F.embedding_bag(rows, table, mode="sum", per_sample_weights=shares)


def forward(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Output [B, Q, H * D] in value's dtype."""
    batch, _, heads, width = value.shape
    queries, corners = weights.shape[1], 4 * weights.shape[3] * weights.shape[4]
    table, locations, weights, index = _prepared(value, shapes, locations, weights)
    output = table.new_zeros(batch, queries, heads, width)
    if output.numel() and corners:
        chunk = max(1, CORNERS_A_CHUNK // (batch * heads * corners)) if value.device.type == "cpu" else queries
        for begin in range(0, queries, chunk):
            part = slice(begin, begin + chunk)
            found = Corners(locations[:, part], shapes, index)
            bags = _bags(found.rows(), table.view(-1, width), found.shares(weights[:, part]))
            output[:, part] = bags.view(batch, -1, heads, width)
    return output.flatten(2).to(value.dtype)


def backward(gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights for the gradient [B, Q, H * D] of the output."""
    table, precise_locations, precise_weights, index = _prepared(value, shapes, locations, weights)
    if not (gradient.numel() and weights.numel()):
        return torch.zeros_like(value), torch.zeros_like(locations), torch.zeros_like(weights)
    width = value.shape[3]
    gradient = gradient.to(table.dtype).reshape(-1, width)
    found = Corners(precise_locations, shapes, index)
    rows, shares = found.rows(), found.shares(precise_weights)
    of_table = value_gradient(gradient, rows, shares, table.numel() // width).view(table.shape)
    bag = torch.arange(rows.shape[0], dtype=index, device=rows.device)
    dots = torch.ops.aten._embedding_bag_per_sample_weights_backward(  # of each row with its bag's gradient; 0 means mode="sum"
        gradient, table.view(-1, width), rows.view(-1), bag * rows.shape[1], bag.repeat_interleave(rows.shape[1]), 0
    )
    of_locations, of_weights = found.gradients(dots, precise_weights)
    return _unbordered(of_table, shapes).to(value.dtype), of_locations.to(locations.dtype), of_weights.to(weights.dtype)


def value_gradient(gradient: Tensor, rows: Tensor, shares: Tensor, count: int) -> Tensor:
    """[count, D]: for every row of the table the sum of share * gradient [bags, D] over the corners that read it, in a fixed order."""
    order = rows.view(-1).sort(stable=True)
    starts = torch.searchsorted(order.values, torch.arange(count, dtype=rows.dtype, device=rows.device))
    bags = torch.div(order.indices, rows.shape[1], rounding_mode="floor").to(rows.dtype)
    return F.embedding_bag(bags, gradient, starts.to(rows.dtype), mode="sum", per_sample_weights=shares.view(-1)[order.indices])
