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
from numba import carray, cfunc, njit, types
from torch import Tensor
from torch.nn import functional as F

from kernels.deformable import Shapes
from kernels.lanes import dot, floats_at, integers_at, load, multiply_add, prefetch, store, zeros
from kernels.softmax_numba import room, score_gradients, softmax
from kernels.threads import HEAD, portion, spread

POINTS_A_PART = 4096  # about 0.05 ms; handing less than that to another thread costs more than it saves

# Numbers of value that a core's own cache holds. From more, memory is asked for the next query's tokens in advance, unless there is a query
# for every token: an encoder's queries read where their neighbours just read.
NEAR = 1 << 20
AHEAD = 3  # heads

NUMBERS = 6  # that a task has before its tensors

_kept: list = []  # compiled functions, whose addresses are handed out


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


@njit(nogil=True, error_model="numpy")
def sizes_of(task):
    """queries, heads, width, points, tokens, and whether weights are scores, still to go through softmax."""
    return task[HEAD], task[HEAD + 1], task[HEAD + 2], task[HEAD + 3], task[HEAD + 4], task[HEAD + 5] != 0


@njit(nogil=True, error_model="numpy")
def array_of(task, number):
    """A tensor of float32 that a task holds, as one row."""
    at = HEAD + NUMBERS + 2 * number
    return carray(floats_at(task[at]), (task[at + 1],))


@njit(nogil=True, error_model="numpy")
def shapes_of(task):
    """The first tensor, of int64: h, w, h, w, ..."""
    return carray(integers_at(task[HEAD + NUMBERS]), (task[HEAD + NUMBERS + 1],))


def _compiled(function) -> int:
    """The address of a function of one task, which is a pointer to int64 numbers."""
    signature = types.void(types.CPointer(types.int64))
    try:
        made = cfunc(signature, cache=True, error_model="numpy")(function)
    except RuntimeError:  # no folder to keep it in can be written
        made = cfunc(signature, error_model="numpy")(function)
    _kept.append(made)
    return made.address


@cache
def compiled_forward(lanes: int) -> int:
    """The address of the forward pass for blocks of `lanes` channels; its task holds shapes, value, locations, weights, output."""

    def forward_rows(pointer):
        task = carray(pointer, (HEAD + NUMBERS + 10,))
        queries, heads, width, points, tokens, fused = sizes_of(task)
        shapes, value, locations = shapes_of(task), array_of(task, 1), array_of(task, 2)
        weights, output = array_of(task, 3), array_of(task, 4)
        samples, far = points * (shapes.size // 2), value.size > NEAR and queries < tokens
        shares, caps = room(samples)
        begin, end = portion(task)
        while begin < end:
            for row in range(begin, end):  # row = image * queries + query
                for head in range(heads):
                    at = row * heads + head
                    after = at + AHEAD
                    if far and after < end * heads:
                        start = ((after // heads // queries) * tokens * heads + after % heads) * width
                        announce(value, start, heads * width, shapes, locations, after * samples, points, width)
                    table, first = weights, at * samples
                    if fused and samples:
                        softmax(weights, first, samples, shares, caps)
                        table, first = shares, 0
                    for block in range(0, width, lanes):
                        start = ((row // queries) * tokens * heads + head) * width + block
                        total = sample(zeros(lanes), value, start, heads * width, shapes, locations, table, first, at * samples, points)
                        store(output, at * width + block, total)
            begin, end = portion(task)

    return _compiled(forward_rows)


@cache
def compiled_backward(lanes: int) -> int:
    """The same of the backward pass; shapes, output's gradient, value, locations, weights, and the gradients of these three."""

    def backward_heads(pointer):
        task = carray(pointer, (HEAD + NUMBERS + 16,))
        queries, heads, width, points, tokens, fused = sizes_of(task)
        shapes, output_gradient, value, locations = shapes_of(task), array_of(task, 1), array_of(task, 2), array_of(task, 3)
        weights, value_gradient, gradients = array_of(task, 4), array_of(task, 5), (array_of(task, 6), array_of(task, 7))
        samples = points * (shapes.size // 2)
        shares, caps = room(samples)
        begin, end = portion(task)
        while begin < end:
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
                            gradient, value, value_gradient, start, heads * width, shapes, locations, table, first, gradients,
                            at * samples, points,
                        )  # fmt: skip
                    if fused:
                        score_gradients(shares, gradients[1], at * samples, samples)
            begin, end = portion(task)

    return _compiled(backward_heads)


def _flat(*tensors: Tensor) -> list[Tensor]:
    return [tensor.detach().to(torch.float32).contiguous() for tensor in tensors]


def _whole(tensor: Tensor) -> Tensor:
    """The tensor with its channels filled up by zeros to a multiple of 8; itself when they are one (F.pad would copy it)."""
    return F.pad(tensor, (0, -tensor.shape[-1] % 8)) if tensor.shape[-1] % 8 else tensor


def _lanes(width: int) -> int:
    return next(lanes for lanes in (32, 16, 8) if width % lanes == 0)


def _task(shapes: Shapes, value: Tensor, locations: Tensor, softmax: bool) -> tuple[list[int], Tensor]:
    """What `sizes_of` and `shapes_of` read."""
    numbers = [locations.shape[1], value.shape[2], value.shape[3], locations.shape[4], value.shape[1], int(softmax)]
    return numbers, torch.tensor(shapes, dtype=torch.int64)


def prepare(width: int) -> None:
    """Compiles, or loads, the forward pass for heads of `width` channels."""
    forward(torch.zeros(1, 1, 1, width), ((1, 1),), torch.zeros(1, 1, 1, 1, 1, 2), torch.zeros(1, 1, 1, 1, 1))


def forward(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor, softmax: bool = False) -> Tensor:
    """Output [B, Q, H * D] in value's dtype; value on the CPU, float32 or shorter. With `softmax` the weights are its scores."""
    batch, _, heads, width = value.shape
    padded, queries = _whole(value), locations.shape[1]
    output = torch.empty(batch, queries, heads, padded.shape[3])
    numbers, sides = _task(shapes, padded, locations, softmax)
    smallest = POINTS_A_PART // max(1, heads * weights.shape[3] * weights.shape[4])
    tensors = [sides, *_flat(padded, locations, weights), output]
    spread(compiled_forward(_lanes(padded.shape[3])), batch * queries, smallest, numbers, tensors)
    return output[..., :width].flatten(2).to(value.dtype)


def backward(
    gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor, softmax: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights for the gradient [B, Q, H * D] of the output."""
    batch, _, heads, width = value.shape
    padded = _whole(value)
    results = [torch.zeros(tensor.shape) for tensor in (padded, locations, weights)]
    numbers, sides = _task(shapes, padded, locations, softmax)
    smallest = POINTS_A_PART // max(1, locations.shape[1] * weights.shape[3] * weights.shape[4])
    inputs = _flat(_whole(gradient.unflatten(2, (heads, width))), padded, locations, weights)
    spread(compiled_backward(_lanes(padded.shape[3])), batch * heads, smallest, numbers, [sides, *inputs, *results])
    return results[0][..., :width].to(value.dtype).contiguous(), results[1].to(locations.dtype), results[2].to(weights.dtype)
