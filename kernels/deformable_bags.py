"""Multi-scale deformable attention in plain PyTorch, on any device; formula and shapes are those of `kernels.deformable`.

One output row, of one query and head, is a weighted sum of rows of value: a "bag" of `torch.nn.functional.embedding_bag`, which reads
every row once and stores none. There is one bag for each of the four tokens round a sample; a token off the map is replaced by its
neighbour on the map with a share of zero, so value is read where it lies.

The backward pass sorts the samples by the cell they lie in. What a cell's samples give to each of its four corners is a weighted sum of
rows of the output's gradient: bags again. A token adds up what the cells round it have for it, which are four maps laid one upon another.
Where samples are few, as in decoders, they are sorted by token instead. Nothing is added in a random order, so the bits are the same on
every run, on every device.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from kernels.deformable import Shapes

CORNERS = (0, 0), (0, 1), (1, 0), (1, 1)  # of a cell: lines down and columns to the right
SAMPLES_A_CHUNK = 1 << 17  # so few stay in a processor's cache from one step of the arithmetic to the next


class Levels:
    """What depends on the sizes alone, for samples laid [B, Q, H * L * P]: level sizes [H * L * P] and first rows [B, 1, H * L * P].

    `rows` are those of value as [B * N * H, D]. `cells` number the squares between token centres, one more than tokens each way; `count`
    of them there are.
    """

    def __init__(self, value: Tensor, shapes: Shapes, points: int) -> None:
        batch, tokens, self.heads, _ = value.shape
        cells = [(h + 1) * (w + 1) for h, w in shapes]
        self.count = batch * sum(cells) * self.heads
        self.index = torch.int32 if self.count < 2**31 else torch.int64
        self.height, self.width = (
            torch.tensor(side, dtype=value.dtype, device=value.device).repeat_interleave(points).repeat(self.heads) for side in zip(*shapes)
        )
        self.rows = self._first([math.prod(shape) for shape in shapes], tokens, batch, points)
        self.cells = self._first(cells, sum(cells), batch, points)

    def _first(self, sizes: list[int], total: int, batch: int, points: int) -> Tensor:
        device = self.width.device
        levels = torch.tensor([sum(sizes[:level]) for level in range(len(sizes))], device=device).repeat_interleave(points)
        images = torch.arange(batch, device=device).view(-1, 1, 1) * total
        heads = torch.arange(self.heads, device=device).view(-1, 1)
        return ((images + levels) * self.heads + heads).flatten(1).unsqueeze(1).to(self.index)


class Axis:
    """One coordinate of samples: in tokens, the token `before` it (-1 .. size - 1), how `far` from that (0..1); NaN lies outside."""

    def __init__(self, location: Tensor, size: Tensor) -> None:
        self.size = size
        self.exact = torch.addcmul(location.new_full((), -0.5), location, size)
        clamped = torch.fmin(torch.fmax(self.exact, location.new_full((), -1)), size)
        self.before = torch.minimum(clamped.floor(), size - 1)
        self.far = clamped.sub_(self.before)
        self.on = self.before >= 0, self.before < size - 1  # whether the token before and the one after are on the map

    def tokens(self) -> tuple[Tensor, Tensor]:
        """The token before and the one after, or the nearest on the map."""
        return self.before.clamp(min=0), torch.minimum(self.before + 1, self.size - 1)

    def shares(self) -> tuple[Tensor, Tensor]:
        """Theirs, linear; zero off the map."""
        return (1 - self.far).mul_(self.on[0]), self.far * self.on[1]

    def touches(self) -> Tensor:
        """Where the sample changes with the coordinate."""
        return (self.exact >= -1) & (self.exact < self.size)


class Samples:
    """Samples [B, Q, H * L * P]; everything in fours is of the tokens upper left, upper right, lower left, lower right of them."""

    def __init__(self, levels: Levels, locations: Tensor, weights: Tensor) -> None:
        self.levels, self.weights = levels, weights.flatten(2)
        self.bag = weights.shape[3] * weights.shape[4]
        locations = locations.flatten(2, 4)
        self.x, self.y = Axis(locations[..., 0], levels.width), Axis(locations[..., 1], levels.height)

    def rows(self) -> list[Tensor]:
        """Of value, [bags, L * P]."""
        lines, columns = [token * self.levels.width for token in self.y.tokens()], self.x.tokens()
        rows = [(line + column).to(self.levels.index) for line in lines for column in columns]
        return [row.mul_(self.levels.heads).add_(self.levels.rows).view(-1, self.bag) for row in rows]

    def shares(self) -> list[Tensor]:
        """Bilinear share times weight, [bags, L * P]."""
        lines, columns = [self.weights * share for share in self.y.shares()], self.x.shares()
        return [(line * column).view(-1, self.bag) for line in lines for column in columns]

    def cells(self) -> Tensor:
        """The number of the cell each sample lies in: samples with equal numbers share their four rows."""
        place = torch.addcmul(self.x.before + 1, self.y.before + 1, self.levels.width + 1)
        return place.to(self.levels.index).mul_(self.levels.heads).add_(self.levels.cells).view(-1)

    def gradients(self, dots: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Of locations [..., 2] and weights, from the dot products of the four rows with the gradient of the sample's bag."""
        on = [line & column for line in self.y.on for column in self.x.on]
        upper_left, upper_right, lower_left, lower_right = (dot.view_as(self.weights) * mask for dot, mask in zip(dots, on, strict=True))
        upper, lower, left = upper_right - upper_left, lower_right - lower_left, lower_left - upper_left
        of_x, of_y = torch.lerp(upper, lower, self.y.far), left + self.x.far * (lower - upper)
        of_weights = upper_left + self.x.far * upper + self.y.far * of_y
        axes = (of_x, self.x), (of_y, self.y)
        return torch.stack([of * axis.size * self.weights * axis.touches() for of, axis in axes], dim=-1), of_weights


def _precise(value: Tensor, *tensors: Tensor) -> list[Tensor]:
    precise = torch.promote_types(value.dtype, torch.float32)
    return [tensor.to(precise) for tensor in (value, *tensors)]


def forward(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Output [B, Q, H * D] in value's dtype."""
    dtype, (batch, _, heads, width), queries = value.dtype, value.shape, weights.shape[1]
    value, locations, weights = _precise(value, locations, weights)
    output = value.new_zeros(batch, queries, heads, width)
    if output.numel() and weights.numel():
        levels, table = Levels(value, shapes, weights.shape[4]), value.reshape(-1, width)
        chunk = max(1, SAMPLES_A_CHUNK * queries // weights.numel()) if value.device.type == "cpu" else queries
        for begin in range(0, queries, chunk):
            part = slice(begin, begin + chunk)
            samples, sums = Samples(levels, locations[:, part], weights[:, part]), output[:, part]
            for rows, shares in zip(samples.rows(), samples.shares(), strict=True):
                sums.add_(F.embedding_bag(rows, table, mode="sum", per_sample_weights=shares).view(sums.shape))
    return output.flatten(2).to(dtype)


def backward(gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights for the gradient [B, Q, H * D] of the output."""
    if not (gradient.numel() and weights.numel()):
        return value.new_zeros(value.shape), locations.new_zeros(locations.shape), weights.new_zeros(weights.shape)
    work = _Backward(gradient, value, shapes, locations, weights)
    of_value = work.of_value().to(value.dtype)
    of_locations, of_weights = work.samples.gradients(work.dots())
    return of_value, of_locations.view(locations.shape).to(locations.dtype), of_weights.view(weights.shape).to(weights.dtype)


def value_gradient(gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """The first of `backward`'s results alone, in float32 or, for float64 values, float64."""
    return _Backward(gradient, value, shapes, locations, weights).of_value()


class _Backward:
    def __init__(self, gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> None:
        self.value, locations, weights, gradient = _precise(value, locations, weights, gradient)
        self.shapes = shapes
        self.samples = Samples(Levels(self.value, shapes, weights.shape[4]), locations, weights)
        self.rows = self.samples.rows()
        self.gradient = gradient.reshape(-1, value.shape[3])  # [bags, D]
        bags = torch.arange(len(self.gradient), dtype=self.samples.levels.index, device=value.device)
        self.starts, self.bags = bags * self.samples.bag, bags.repeat_interleave(self.samples.bag)

    def of_value(self) -> Tensor:
        """For every token the sum of share * gradient over the samples round it, in a fixed order."""
        few = len(self.bags) < self.samples.levels.count
        return (self._by_tokens() if few else self._by_cells()).view(self.value.shape)

    def _by_tokens(self) -> Tensor:
        """A bag a token that any sample reads: four times the sorting, and only what is read is written."""
        rows, order = torch.cat([rows.view(-1) for rows in self.rows]).sort(stable=True)
        first = torch.cat([torch.ones_like(rows[:1], dtype=torch.bool), rows[1:] != rows[:-1]]).nonzero().squeeze(1)
        shares = torch.cat([shares.view(-1) for shares in self.samples.shares()])[order]
        bags = self.bags.repeat(len(CORNERS))[order]
        result = self.value.new_zeros(self.value.shape).view(-1, self.value.shape[3])
        result[rows[first]] = F.embedding_bag(bags, self.gradient, first.to(bags.dtype), mode="sum", per_sample_weights=shares)
        return result

    def _by_cells(self) -> Tensor:
        """A bag a cell and corner, whether or not samples lie in it; then every token adds up those of the cells round it."""
        cells, order = self.samples.cells().sort(stable=True)
        counts, bags = torch.bincount(cells, minlength=self.samples.levels.count), self.bags[order]
        starts = (counts.cumsum(0) - counts).to(bags.dtype)
        result = self.value.new_zeros(self.value.shape)
        for corner, shares in zip(CORNERS, self.samples.shares(), strict=True):
            sums = F.embedding_bag(bags, self.gradient, starts, mode="sum", per_sample_weights=shares.view(-1)[order])
            self._add(result, sums.view(len(result), -1, *result.shape[2:]), corner)
        return result

    def _add(self, result: Tensor, sums: Tensor, corner: tuple[int, int]) -> None:
        """Adds sums [B, cells, H, D] to the tokens that are this corner of the cells; cells without one there hold zeros."""
        (down, right), sizes = corner, [math.prod(shape) for shape in self.shapes]
        cells = sums.split([(h + 1) * (w + 1) for h, w in self.shapes], dim=1)
        for tokens, cells_, (h, w) in zip(result.split(sizes, dim=1), cells, self.shapes, strict=True):
            tokens.unflatten(1, (h, w)).add_(cells_.unflatten(1, (h + 1, w + 1))[:, 1 - down : h + 1 - down, 1 - right : w + 1 - right])

    def dots(self) -> list[Tensor]:
        """Of the four rows with the gradient of the sample's bag: the gradients of the bags' weights, [samples]."""
        dots, table = torch.ops.aten._embedding_bag_per_sample_weights_backward, self.value.reshape(-1, self.value.shape[3])
        return [dots(self.gradient, table, rows.view(-1), self.starts, self.bags, 0) for rows in self.rows]  # 0: mode="sum"
