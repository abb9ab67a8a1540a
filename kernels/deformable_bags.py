"""Multi-scale deformable attention in plain PyTorch, on any device; formula and shapes are those of `kernels.deformable`.

One output row, of one query and head, is a weighted sum of rows of value: a "bag" of `torch.nn.functional.embedding_bag`, which reads
every row once and stores none. The levels are laid into one table with a border of zeros and a common line length. The border spares the
bounds checks; the common line makes the way from a sample's upper left token to its other three the same everywhere, so one list of
rows serves four bags, each reading the table from its own offset.

The backward pass sorts that list once. Value's gradient is then a weighted sum of rows of the output's gradient: bags again, and
the same bits on every run, on every device.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from kernels.deformable import Shapes

SAMPLES_A_CHUNK = 1 << 16  # so few stay in a processor's cache from one step of the arithmetic to the next


class Table:
    """The levels one under the other in lines of equal length: `rows` [B * lines * line * H, D], zero outside the levels.

    `steps`: how far the four corners of a sample (upper left, upper right, lower left, lower right) are from the first, in rows.
    """

    def __init__(self, value: Tensor, shapes: Shapes) -> None:
        batch, _, heads, width = value.shape
        self.shapes, self.batch, self.heads = shapes, batch, heads
        self.line, self.lines = max(w for _, w in shapes) + 2, sum(h + 2 for h, _ in shapes)
        self.steps = (0, heads, self.line * heads, (self.line + 1) * heads)
        maps = value.new_zeros(batch, self.lines, self.line, heads, width)
        for inner, tokens, shape in zip(self._levels(maps), value.split([math.prod(s) for s in shapes], dim=1), shapes, strict=True):
            inner.copy_(tokens.unflatten(1, shape))
        self.rows = maps.view(-1, width)
        self.index = torch.int32 if self.rows.shape[0] < 2**31 else torch.int64

    def _levels(self, maps: Tensor) -> list[Tensor]:
        """The insides [B, h, w, H, D] of the levels' borders."""
        levels = maps.split([h + 2 for h, _ in self.shapes], dim=1)
        return [level[:, 1:-1, 1 : w + 1] for level, (_, w) in zip(levels, self.shapes, strict=True)]

    def corner(self, number: int) -> Tensor:
        """The rows as they appear from one of the four corners; all that a first corner can name."""
        return self.rows[self.steps[number] : self.rows.shape[0] - self.steps[3] + self.steps[number]]

    def tokens(self, rows: Tensor) -> Tensor:
        """[B, N, H, D] out of rows laid like the table's."""
        maps = rows.view(self.batch, self.lines, self.line, self.heads, -1)
        return torch.cat([level.flatten(1, 2) for level in self._levels(maps)], dim=1)

    def constants(self, like: Tensor, points: int) -> tuple[Tensor, Tensor, Tensor]:
        """Level width and height [H * L * P] like `like`, and the row [B, 1, H * L * P] of token (0, 0) of the level."""
        device = like.device
        heights = torch.tensor([h for h, _ in self.shapes], device=device)
        widths = torch.tensor([w for _, w in self.shapes], device=device)
        above = (heights + 2).cumsum(0) - heights - 1  # lines over the level's first token
        images = torch.arange(self.batch, device=device).view(-1, 1, 1) * self.lines
        heads = torch.arange(self.heads, device=device).view(-1, 1)
        origin = (((images + above) * self.line + 1) * self.heads + heads).to(self.index)  # [B, H, L]
        spread = [size.to(like.dtype).repeat_interleave(points).repeat(self.heads) for size in (widths, heights)]
        return *spread, origin.flatten(1).repeat_interleave(points, dim=1).unsqueeze(1)


def _place(location: Tensor, size: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A coordinate in 0..1 -> in tokens, the token before it (-1 .. size - 1), and how far it is from that (0..1); NaN lies outside."""
    exact = torch.addcmul(location.new_full((), -0.5), location, size)
    clamped = torch.fmin(torch.fmax(exact, exact.new_full((), -1)), size)
    before = torch.minimum(clamped.floor(), size - 1)
    return exact, before, clamped.sub_(before)


def _shares(weights: Tensor, right: Tensor, bottom: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of the four corners: bilinear share times weight."""
    lower = weights * bottom
    upper = weights - lower
    lower_right, upper_right = lower * right, upper * right
    return upper.sub_(upper_right), upper_right, lower.sub_(lower_right), lower_right


class Samples:
    """Samples [B, q, H * L * P]: where they lie, the table's `first` row they need, and their shares of the four corners."""

    def __init__(self, table: Table, locations: Tensor, weights: Tensor, constants: tuple[Tensor, Tensor, Tensor]) -> None:
        width, height, origin = constants
        locations = locations.flatten(2, 4)
        self.weights = weights.flatten(2)
        self.bag = weights.shape[3] * weights.shape[4]
        self.x, left, self.right = _place(locations[..., 0], width)
        self.y, top, self.bottom = _place(locations[..., 1], height)
        self.first = torch.add(left, top, alpha=table.line).to(table.index).mul_(table.heads).add_(origin)
        self.shares = _shares(self.weights, self.right, self.bottom)

    def gradients(self, dots: list[Tensor], constants: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Of locations [..., 2] and weights, from the dot products of each corner's row with the gradient of the sample's bag."""
        upper_left, upper_right, lower_left, lower_right = (dot.view_as(self.weights) for dot in dots)
        upper, lower, left = upper_right - upper_left, lower_right - lower_left, lower_left - upper_left
        of_x, of_y = torch.lerp(upper, lower, self.bottom), left + self.right * (lower - upper)
        of_weights = upper_left + self.right * upper + self.bottom * of_y
        within = [(place >= -1) & (place < size) for place, size in zip((self.x, self.y), constants[:2], strict=True)]
        scaled = [of * size * self.weights * inside for of, size, inside in zip((of_x, of_y), constants[:2], within, strict=True)]
        return torch.stack(scaled, dim=-1), of_weights


def _precise(value: Tensor, *tensors: Tensor) -> list[Tensor]:
    precise = torch.promote_types(value.dtype, torch.float32)
    return [tensor.to(precise) for tensor in (value, *tensors)]


def forward(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Output [B, Q, H * D] in value's dtype."""
    dtype, (batch, _, heads, width), queries = value.dtype, value.shape, weights.shape[1]
    value, locations, weights = _precise(value, locations, weights)
    output = value.new_zeros(batch, queries, heads, width)
    if output.numel() and weights.numel():
        table = Table(value, shapes)
        constants = table.constants(value, weights.shape[4])
        chunk = max(1, SAMPLES_A_CHUNK * queries // weights.numel()) if value.device.type == "cpu" else queries
        for begin in range(0, queries, chunk):
            part = slice(begin, begin + chunk)
            samples = Samples(table, locations[:, part], weights[:, part], constants)
            rows, sums = samples.first.view(-1, samples.bag), output[:, part]
            for corner, shares in enumerate(samples.shares):
                bags = F.embedding_bag(rows, table.corner(corner), mode="sum", per_sample_weights=shares.view_as(rows))
                sums.add_(bags.view(sums.shape))
    return output.flatten(2).to(dtype)


def backward(gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights for the gradient [B, Q, H * D] of the output."""
    if not (gradient.numel() and weights.numel()):
        return value.new_zeros(value.shape), locations.new_zeros(locations.shape), weights.new_zeros(weights.shape)
    work = _Backward(gradient, value, shapes, locations, weights)
    of_value = work.of_value().to(value.dtype)
    of_locations, of_weights = work.samples.gradients(work.dots(), work.constants)
    return of_value, of_locations.view(locations.shape).to(locations.dtype), of_weights.view(weights.shape).to(weights.dtype)


def value_gradient(gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """The first of `backward`'s results alone, in float32 or, for float64 values, float64."""
    return _Backward(gradient, value, shapes, locations, weights).of_value()


class _Backward:
    def __init__(self, gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> None:
        value, locations, weights, gradient = _precise(value, locations, weights, gradient)
        self.table = Table(value, shapes)
        self.constants = self.table.constants(value, weights.shape[4])
        self.samples = Samples(self.table, locations, weights, self.constants)
        self.gradient = gradient.reshape(-1, value.shape[3])  # [bags, D]
        self.bags = torch.arange(len(self.gradient), dtype=self.table.index, device=value.device)

    def of_value(self) -> Tensor:
        """For every token the sum of share * gradient over the samples that read it, in a fixed order."""
        table, samples = self.table, self.samples
        order = samples.first.view(-1).sort(stable=True)
        count = table.rows.shape[0] - table.steps[3]
        starts = torch.searchsorted(order.values, torch.arange(count, dtype=table.index, device=order.values.device)).to(table.index)
        readers = self.bags.repeat_interleave(samples.bag)[order.indices]
        result = torch.zeros_like(table.rows)
        for step, shares in zip(table.steps, samples.shares, strict=True):
            sorted_shares = shares.view(-1)[order.indices]
            result[step : step + count] += F.embedding_bag(readers, self.gradient, starts, mode="sum", per_sample_weights=sorted_shares)
        return table.tokens(result)

    def dots(self) -> list[Tensor]:
        """For each corner [samples]: its row . the gradient of the sample's bag, which is the gradient of that bag's weights."""
        rows, bag = self.samples.first.view(-1), self.samples.bag
        starts, bags = self.bags * bag, self.bags.repeat_interleave(bag)
        dots = torch.ops.aten._embedding_bag_per_sample_weights_backward
        return [dots(self.gradient, self.table.corner(corner), rows, starts, bags, 0) for corner in range(4)]  # 0: mode="sum"
