"""Multi-scale deformable attention on a CPU in one compiled pass; formula and shapes are those of `kernels.deformable`.

A head's channels are held in one vector of the processor (or a few, which LLVM takes care of), from the first point to the last, so that
a point costs its coordinates once and one multiply-add a corner. Numba compiles this when it is first called, once for each width
of head (8, 16 or 32 channels at a time; never again for another image size, batch or number of points) and keeps the result on disk.

The backward pass gives each (image, head) to one thread. Nobody else adds to those rows of value's gradient, so it needs no atomic
operations and repeats to the last bit, whatever the number of threads.

With `softmax` the weights are made of scores on the way, in the cache, and in the backward pass once more: PyTorch's own softmax over a
dozen numbers spends its time on beginning and ending.
"""

from functools import cache

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.nn import functional as F

from kernels.deformable import Shapes
from kernels.lanes import added, dot, exponential, larger, largest, load, multiply_add, plus, prefetch, smaller, store, zeros
from kernels.threads import spread

POINTS_A_PART = 16384  # about 0.2 ms; handing less than that to another thread costs more than it saves

NEAR = 1 << 20  # numbers of value that a core's own cache holds; from more, memory is asked for the next query's tokens in advance


WIDE = 16  # numbers that softmax works on at a time


@njit(nogil=True, error_model="numpy")
def room(samples):
    """Memory for `softmax` of so many numbers in whole vectors: shares, and their caps: infinity, for the filling minus infinity."""
    size = -(-samples // WIDE) * WIDE
    caps = np.full(size, np.inf, dtype=np.float32)
    caps[samples:] = -np.inf
    return np.empty(size, dtype=np.float32), caps


@njit(nogil=True, error_model="numpy")
def softmax(scores, at, samples, shares, caps):
    """The softmax of scores[at : at + samples] into the first of `shares`, which came with `caps` from `room`."""
    one, none, source, begin = np.float32(1), zeros(WIDE), scores, at
    if at + shares.size > scores.size:  # a whole vector would reach beyond the end
        for number in range(samples):
            shares[number] = scores[at + number]
        source, begin = shares, 0
    highest = smaller(load(source, begin, none), load(caps, 0, none))
    for block in range(WIDE, shares.size, WIDE):
        highest = larger(highest, smaller(load(source, begin + block, none), load(caps, block, none)))
    shift, total = -largest(highest), none
    for block in range(0, shares.size, WIDE):
        power = exponential(plus(smaller(load(source, begin + block, none), load(caps, block, none)), shift))
        store(shares, block, power)
        total = multiply_add(one, power, total)
    share = one / added(total)
    for block in range(0, shares.size, WIDE):
        store(shares, block, multiply_add(share, load(shares, block, none), none))


@njit(nogil=True, error_model="numpy")
def score_gradients(shares, gradients, at, samples):
    """Turns gradients[at : at + samples] of softmax's shares into those of its scores."""
    mean = np.float32(0)
    for number in range(samples):
        mean += shares[number] * gradients[at + number]
    for number in range(samples):
        gradients[at + number] = shares[number] * (gradients[at + number] - mean)


@njit(nogil=True, error_model="numpy")
def sample(total, value, start, step, shapes, locations, weights, first, at, points):
    """Adds the `points` samples a level of one query and head to `total`; `step` leads to the next token.

    The first sample is number `at` of the locations and `first` of the weights.
    """
    one, half = np.float32(1), np.float32(0.5)
    for level in range(shapes.size // 2):
        rows, columns = shapes[2 * level], shapes[2 * level + 1]
        height, width, line = np.float32(rows), np.float32(columns), columns * step
        for _ in range(points):
            x, y, weight = locations[2 * at] * width - half, locations[2 * at + 1] * height - half, weights[first]
            at, first = at + 1, first + 1
            if (x >= -one) & (x < width) & (y >= -one) & (y < height):  # false for NaN too
                left, top = int(np.floor(x)), int(np.floor(y))
                right, bottom = x - np.float32(left), y - np.float32(top)
                upper, lower = weight * (one - bottom), weight * bottom
                corner = start + top * line + left * step
                if (left >= 0) & (top >= 0) & (left < columns - 1) & (top < rows - 1):
                    total = multiply_add(upper * (one - right), load(value, corner, total), total)
                    total = multiply_add(upper * right, load(value, corner + step, total), total)
                    total = multiply_add(lower * (one - right), load(value, corner + line, total), total)
                    total = multiply_add(lower * right, load(value, corner + line + step, total), total)
                else:
                    if (top >= 0) & (left >= 0):
                        total = multiply_add(upper * (one - right), load(value, corner, total), total)
                    if (top >= 0) & (left < columns - 1):
                        total = multiply_add(upper * right, load(value, corner + step, total), total)
                    if (top < rows - 1) & (left >= 0):
                        total = multiply_add(lower * (one - right), load(value, corner + line, total), total)
                    if (top < rows - 1) & (left < columns - 1):
                        total = multiply_add(lower * right, load(value, corner + line + step, total), total)
        start += rows * line
    return total


@njit(nogil=True, error_model="numpy")
def announce(value, start, step, shapes, locations, at, points, channels):
    """Asks for every line of memory that `sample` with the same arguments will read `channels` numbers a token from."""
    one, half = np.float32(1), np.float32(0.5)
    for level in range(shapes.size // 2):
        rows, columns = shapes[2 * level], shapes[2 * level + 1]
        height, width, line = np.float32(rows), np.float32(columns), columns * step
        for _ in range(points):
            x, y = locations[2 * at] * width - half, locations[2 * at + 1] * height - half
            at += 1
            if (x >= -one) & (x < width) & (y >= -one) & (y < height):
                corner = start + int(np.floor(y)) * line + int(np.floor(x)) * step
                for channel in range(0, channels, 16):
                    prefetch(value, corner + channel)
                    prefetch(value, corner + step + channel)
                    prefetch(value, corner + line + channel)
                    prefetch(value, corner + line + step + channel)
        start += rows * line


@njit(nogil=True, error_model="numpy")
def corner_gradients(gradient, value, value_gradient, at, share):
    """Adds share * gradient to value's gradient at one token; returns gradient . value there."""
    store(value_gradient, at, multiply_add(share, gradient, load(value_gradient, at, gradient)))
    return dot(gradient, load(value, at, gradient))


@njit(nogil=True, error_model="numpy")
def sample_gradients(gradient, value, value_gradient, start, step, shapes, locations, weights, first, gradients, at, points):
    """The chain rule for `sample`: adds to value's gradient and to `gradients` = (of locations, of weights)."""
    one, half, location_gradient, weight_gradient = np.float32(1), np.float32(0.5), gradients[0], gradients[1]
    for level in range(shapes.size // 2):
        rows, columns = shapes[2 * level], shapes[2 * level + 1]
        height, width, line = np.float32(rows), np.float32(columns), columns * step
        for _ in range(points):
            x, y, weight = locations[2 * at] * width - half, locations[2 * at + 1] * height - half, weights[first]
            if (x >= -one) & (x < width) & (y >= -one) & (y < height):
                left, top = int(np.floor(x)), int(np.floor(y))
                right, bottom = x - np.float32(left), y - np.float32(top)
                corner = start + top * line + left * step
                a = b = c = d = np.float32(0)
                if (top >= 0) & (left >= 0):
                    a = corner_gradients(gradient, value, value_gradient, corner, weight * (one - bottom) * (one - right))
                if (top >= 0) & (left < columns - 1):
                    b = corner_gradients(gradient, value, value_gradient, corner + step, weight * (one - bottom) * right)
                if (top < rows - 1) & (left >= 0):
                    c = corner_gradients(gradient, value, value_gradient, corner + line, weight * bottom * (one - right))
                if (top < rows - 1) & (left < columns - 1):
                    d = corner_gradients(gradient, value, value_gradient, corner + line + step, weight * bottom * right)
                weight_gradient[at] += (one - bottom) * ((one - right) * a + right * b) + bottom * ((one - right) * c + right * d)
                location_gradient[2 * at] += weight * width * ((one - bottom) * (b - a) + bottom * (d - c))
                location_gradient[2 * at + 1] += weight * height * ((one - right) * (c - a) + right * (d - b))
            at, first = at + 1, first + 1
        start += rows * line


def _kept(function):
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(function, cache=True, **options)
    except RuntimeError:  # no folder to keep it in can be written
        return njit(function, **options)


@cache
def compiled_forward(lanes: int):
    """The forward pass for blocks of `lanes` channels; `fused` says that the weights are scores, still to go through softmax."""

    @_kept
    def forward_rows(begin, end, sizes, fused, value, shapes, locations, weights, output):
        queries, heads, width, points, tokens = sizes
        samples, far = points * (shapes.size // 2), value.size > NEAR
        shares, caps = room(samples)
        for row in range(begin, end):  # row = image * queries + query
            for head in range(heads):
                at = row * heads + head
                if far and at + 1 < end * heads:
                    start = (((at + 1) // heads // queries) * tokens * heads + (at + 1) % heads) * width
                    announce(value, start, heads * width, shapes, locations, (at + 1) * samples, points, width)
                table, first = weights, at * samples
                if fused and samples:
                    softmax(weights, first, samples, shares, caps)
                    table, first = shares, 0
                for block in range(0, width, lanes):
                    start = ((row // queries) * tokens * heads + head) * width + block
                    total = sample(zeros(lanes), value, start, heads * width, shapes, locations, table, first, at * samples, points)
                    store(output, at * width + block, total)

    return forward_rows


@cache
def compiled_backward(lanes: int):
    """The backward pass for blocks of `lanes` channels."""

    @_kept
    def backward_heads(begin, end, sizes, fused, output_gradient, value, shapes, locations, weights, value_gradient, gradients):
        queries, heads, width, points, tokens = sizes
        samples = points * (shapes.size // 2)
        shares, caps = room(samples)
        for pair in range(begin, end):  # pair = image * heads + head
            image, head = pair // heads, pair % heads
            for query in range(queries):
                at = (image * queries + query) * heads + head
                table, first = weights, at * samples
                if fused and samples:
                    softmax(weights, first, samples, shares, caps)
                    table, first = shares, 0
                for block in range(0, width, lanes):
                    gradient = load(output_gradient, at * width + block, zeros(lanes))
                    start = (image * tokens * heads + head) * width + block
                    sample_gradients(
                        gradient, value, value_gradient, start, heads * width, shapes, locations, table, first, gradients, at * samples,
                        points,
                    )  # fmt: skip
                if fused:
                    score_gradients(shares, gradients[1], at * samples, samples)

    return backward_heads


def _flat(tensor: Tensor) -> np.ndarray:
    return tensor.detach().to(torch.float32).contiguous().view(-1).numpy()


def _whole(tensor: Tensor) -> Tensor:
    """The tensor with its channels filled up by zeros to a multiple of 8; itself when they are one (F.pad would copy it)."""
    return F.pad(tensor, (0, -tensor.shape[-1] % 8)) if tensor.shape[-1] % 8 else tensor


def _lanes(width: int) -> int:
    return next(lanes for lanes in (32, 16, 8) if width % lanes == 0)


def _sizes(value: Tensor, locations: Tensor) -> tuple[int, int, int, int, int]:
    return locations.shape[1], value.shape[2], value.shape[3], locations.shape[4], value.shape[1]


def prepare(width: int) -> None:
    """Compiles, or loads, the forward pass for heads of `width` channels."""
    forward(torch.zeros(1, 1, 1, width), ((1, 1),), torch.zeros(1, 1, 1, 1, 1, 2), torch.zeros(1, 1, 1, 1, 1))


def forward(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor, softmax: bool = False) -> Tensor:
    """Output [B, Q, H * D] in value's dtype; value on the CPU, float32 or shorter. With `softmax` the weights are its scores."""
    batch, _, heads, width = value.shape
    padded = _whole(value)
    sizes = _sizes(padded, locations)
    output = torch.empty(batch, sizes[0], heads, sizes[2])
    inputs = _flat(padded), np.array(shapes, dtype=np.int64).reshape(-1), _flat(locations), _flat(weights)
    function = compiled_forward(_lanes(sizes[2]))
    smallest = POINTS_A_PART // max(1, heads * weights.shape[3] * weights.shape[4])
    spread(lambda begin, end: function(begin, end, sizes, softmax, *inputs, output.view(-1).numpy()), batch * sizes[0], smallest)
    return output[..., :width].flatten(2).to(value.dtype)


def backward(
    gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor, softmax: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights for the gradient [B, Q, H * D] of the output."""
    batch, _, heads, width = value.shape
    padded = _whole(value)
    sizes = _sizes(padded, locations)
    output_gradient = _flat(_whole(gradient.unflatten(2, (heads, width))))
    results = [torch.zeros(tensor.shape) for tensor in (padded, locations, weights)]
    value_gradient, *others = (result.view(-1).numpy() for result in results)
    inputs = _flat(padded), np.array(shapes, dtype=np.int64).reshape(-1), _flat(locations), _flat(weights)
    function = compiled_backward(_lanes(sizes[2]))
    smallest = POINTS_A_PART // max(1, sizes[0] * weights.shape[3] * weights.shape[4])
    arrays = output_gradient, *inputs, value_gradient, tuple(others)
    spread(lambda begin, end: function(begin, end, sizes, softmax, *arrays), batch * heads, smallest)
    return results[0][..., :width].to(value.dtype).contiguous(), results[1].to(locations.dtype), results[2].to(weights.dtype)
