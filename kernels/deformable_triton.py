"""Multi-scale deformable attention in Triton, forward and backward; formula and shapes are those of `kernels.deformable`.

A program serves BLOCK_Q queries of one head of one image and walks over the points (never unrolled: 16 points written out take 180
registers and half a minute to compile, a loop 48 and a second). A row of value is read as GROUPS x VECTOR channels, VECTOR of them, 16
bytes, by one thread. Coordinates are worked out as [BLOCK_Q, GROUPS], the same for all groups of a query: so every thread has its
own, and no point needs shared memory or a barrier, which [BLOCK_Q] blocks would.

Heads are the innermost order of programs and images the outermost, so that one image's value is alive in the cache at a time.

Coordinates, shares and sums are float32 (float64 for float64 values) whatever the tensors are: a bfloat16 location is off by whole
tokens. Value's gradient is added up in a float32 buffer, because few processors have atomic additions of 16-bit numbers; under
`torch.use_deterministic_algorithms(True)` it is not added up atomically but by `deformable_bags`, in sorted order.

Names: i_ index of the program, o_ offsets, p_ pointers, b_ blocks, m_ masks.
"""

from contextlib import nullcontext
from functools import lru_cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels import deformable_bags
from kernels.deformable import Shapes

INTERPRETED = triton.knobs.runtime.interpret
BYTES_A_LOAD = 16
MANY_PROGRAMS = 1024  # with fewer, programs of one warp spread over more of the processor


@triton.jit
def locate(p_locations, p_weights, m_q, height, width, COMPUTE: tl.constexpr):
    """One point of every query: its upper left token, how far it is from that, its weight, and which of the corners are on the map."""
    b_x = tl.load(p_locations, mask=m_q, other=0).to(COMPUTE) * width - 0.5
    b_y = tl.load(p_locations + 1, mask=m_q, other=0).to(COMPUTE) * height - 0.5
    b_weight = tl.load(p_weights, mask=m_q, other=0).to(COMPUTE)
    m_in = m_q & (b_x >= -1) & (b_x < width) & (b_y >= -1) & (b_y < height)  # false for NaN too
    b_x, b_y = tl.where(m_in, b_x, 0), tl.where(m_in, b_y, 0)
    b_left, b_top = tl.floor(b_x), tl.floor(b_y)
    o_x, o_y = b_left.to(tl.int32), b_top.to(tl.int32)
    m_left, m_right = m_in & (o_x >= 0), m_in & (o_x < width - 1)
    return o_y * width + o_x, b_x - b_left, b_y - b_top, b_weight, m_left, m_right, o_y >= 0, o_y < height - 1


@triton.jit
def places(queries, heads, BLOCK_Q: tl.constexpr, GROUPS: tl.constexpr, VECTOR: tl.constexpr):
    """Of this program: image and head, row [BLOCK_Q, GROUPS] of its queries and whether it exists, channel [1, GROUPS, VECTOR]."""
    i_head, i_block = tl.program_id(0) % heads, tl.program_id(0) // heads
    blocks = tl.cdiv(queries, BLOCK_Q)
    i_image = (i_block // blocks).to(tl.int64)
    o_group = tl.arange(0, GROUPS)
    o_q = (i_block % blocks) * BLOCK_Q + tl.arange(0, BLOCK_Q)[:, None] + 0 * o_group[None, :]
    o_d = o_group[None, :, None] * VECTOR + tl.arange(0, VECTOR)[None, None, :]
    return i_image, i_head, (i_image * queries + o_q) * heads + i_head, o_q < queries, o_d


@triton.jit
def row_block(p_rows, o_token, m_row, m_d, step, COMPUTE: tl.constexpr, INDEX: tl.constexpr):
    """[BLOCK_Q, GROUPS, VECTOR]: a row of value for every query, zero where the mask is false."""
    return tl.load(p_rows + (o_token.to(INDEX) * step)[:, :, None], mask=m_row[:, :, None] & m_d, other=0).to(COMPUTE)


@triton.jit
def forward_kernel(
    value, sizes, locations, weights, output, tokens, queries, heads, levels, points,
    WIDTH: tl.constexpr, BLOCK_Q: tl.constexpr, GROUPS: tl.constexpr, VECTOR: tl.constexpr, COMPUTE: tl.constexpr, INDEX: tl.constexpr,
):  # fmt: skip
    """output[b, q, h] = sum over levels and points of weight * sampled value; sizes int32 [L, 3]: height, width, first token."""
    i_image, i_head, o_row, m_q, o_d = places(queries, heads, BLOCK_Q, GROUPS, VECTOR)
    m_d = o_d < WIDTH
    o_sample = o_row * (levels * points)
    p_rows, step = value + (i_image * tokens * heads + i_head) * WIDTH + o_d, heads * WIDTH
    b_output = tl.zeros([BLOCK_Q, GROUPS, VECTOR], dtype=COMPUTE)
    for level in range(levels):
        height, width, first = tl.load(sizes + 3 * level), tl.load(sizes + 3 * level + 1), tl.load(sizes + 3 * level + 2)
        for _ in range(points):
            o_token, b_right, b_bottom, b_weight, m_left, m_right, m_top, m_bottom = locate(
                locations + o_sample * 2, weights + o_sample, m_q, height, width, COMPUTE
            )
            o_token += first
            b_lower = b_weight * b_bottom
            b_upper = b_weight - b_lower
            b_row = row_block(p_rows, o_token, m_top & m_left, m_d, step, COMPUTE, INDEX)
            b_output += (b_upper * (1 - b_right))[:, :, None] * b_row
            b_row = row_block(p_rows, o_token + 1, m_top & m_right, m_d, step, COMPUTE, INDEX)
            b_output += (b_upper * b_right)[:, :, None] * b_row
            b_row = row_block(p_rows, o_token + width, m_bottom & m_left, m_d, step, COMPUTE, INDEX)
            b_output += (b_lower * (1 - b_right))[:, :, None] * b_row
            b_row = row_block(p_rows, o_token + width + 1, m_bottom & m_right, m_d, step, COMPUTE, INDEX)
            b_output += (b_lower * b_right)[:, :, None] * b_row
            o_sample += 1
    tl.store(output + (o_row * WIDTH)[:, :, None] + o_d, b_output, mask=m_q[:, :, None] & m_d)


@triton.jit
def corner_gradients(
    p_rows, p_gradients, b_gradient, b_share, o_token, m_row, m_d, step,
    ATOMIC: tl.constexpr, COMPUTE: tl.constexpr, INDEX: tl.constexpr,
):  # fmt: skip
    """Adds share * gradient to value's gradient where ATOMIC; returns gradient . row as [BLOCK_Q, 1]."""
    b_row = row_block(p_rows, o_token, m_row, m_d, step, COMPUTE, INDEX)
    if ATOMIC:
        p_targets = p_gradients + (o_token.to(INDEX) * step)[:, :, None]
        tl.atomic_add(p_targets, b_share[:, :, None] * b_gradient, mask=m_row[:, :, None] & m_d, sem="relaxed")
    return tl.sum(tl.sum(b_gradient * b_row, axis=2), axis=1)[:, None]


@triton.jit
def backward_kernel(
    gradient, value, sizes, locations, weights, value_gradient, location_gradient, weight_gradient,
    tokens, queries, heads, levels, points,
    WIDTH: tl.constexpr, BLOCK_Q: tl.constexpr, GROUPS: tl.constexpr, VECTOR: tl.constexpr, COMPUTE: tl.constexpr, INDEX: tl.constexpr,
    ATOMIC: tl.constexpr,
):  # fmt: skip
    """The chain rule for `forward_kernel`; value_gradient, in COMPUTE, is touched only where ATOMIC."""
    i_image, i_head, o_row, m_q, o_d = places(queries, heads, BLOCK_Q, GROUPS, VECTOR)
    m_d = o_d < WIDTH
    o_sample = o_row * (levels * points)
    o_rows = (i_image * tokens * heads + i_head) * WIDTH + o_d
    p_rows, p_gradients, step = value + o_rows, value_gradient + o_rows, heads * WIDTH
    b_gradient = tl.load(gradient + (o_row * WIDTH)[:, :, None] + o_d, mask=m_q[:, :, None] & m_d, other=0).to(COMPUTE)
    m_store = m_q & (tl.arange(0, GROUPS)[None, :] == 0)  # the groups of a query all hold the same sums
    for level in range(levels):
        height, width, first = tl.load(sizes + 3 * level), tl.load(sizes + 3 * level + 1), tl.load(sizes + 3 * level + 2)
        for _ in range(points):
            o_token, b_right, b_bottom, b_weight, m_left, m_right, m_top, m_bottom = locate(
                locations + o_sample * 2, weights + o_sample, m_q, height, width, COMPUTE
            )
            o_token += first
            b_lower = b_weight * b_bottom
            b_upper = b_weight - b_lower
            b_upper_left = corner_gradients(p_rows, p_gradients, b_gradient, b_upper * (1 - b_right), o_token, m_top & m_left, m_d, step,
                                            ATOMIC, COMPUTE, INDEX)
            b_upper_right = corner_gradients(p_rows, p_gradients, b_gradient, b_upper * b_right, o_token + 1, m_top & m_right, m_d, step,
                                             ATOMIC, COMPUTE, INDEX)
            o_token += width
            b_lower_left = corner_gradients(p_rows, p_gradients, b_gradient, b_lower * (1 - b_right), o_token, m_bottom & m_left, m_d, step,
                                            ATOMIC, COMPUTE, INDEX)
            b_lower_right = corner_gradients(p_rows, p_gradients, b_gradient, b_lower * b_right, o_token + 1, m_bottom & m_right, m_d, step,
                                             ATOMIC, COMPUTE, INDEX)
            b_above, b_below = b_upper_right - b_upper_left, b_lower_right - b_lower_left  # change with x along both edges
            b_x = b_above + b_bottom * (b_below - b_above)
            b_y = b_lower_left - b_upper_left + b_right * (b_below - b_above)
            tl.store(weight_gradient + o_sample, b_upper_left + b_right * b_above + b_bottom * b_y, mask=m_store)
            tl.store(location_gradient + o_sample * 2, b_weight * b_x * width, mask=m_store)
            tl.store(location_gradient + o_sample * 2 + 1, b_weight * b_y * height, mask=m_store)
            o_sample += 1


@lru_cache(maxsize=256)
def _sizes(shapes: Shapes, device: torch.device) -> Tensor:
    """int32 [L, 3]: height, width, first token; kept, so that a call copies nothing to the device."""
    areas = [h * w for h, w in shapes]
    rows = [(h, w, sum(areas[:level])) for level, (h, w) in enumerate(shapes)]
    return torch.tensor(rows, dtype=torch.int32, device=device)


def configuration(value: Tensor, queries: int, vector: int, interpreted: bool = INTERPRETED) -> tuple[dict, int]:
    """The kernels' compile-time arguments and the number of warps for these values, this many queries and channels a thread.

    Triton's interpreter pays for every operation, not for its width, so there one block takes all it can.
    """
    batch, tokens, heads, width = value.shape
    groups = triton.next_power_of_2(triton.cdiv(width, vector))
    rows_a_warp = max(1, 32 // groups)
    warps = 4 if batch * heads * triton.cdiv(queries, 4 * rows_a_warp) >= MANY_PROGRAMS else 1
    return {
        "WIDTH": width,
        "BLOCK_Q": min(256, triton.next_power_of_2(queries)) if interpreted else warps * rows_a_warp,
        "GROUPS": groups,
        "VECTOR": vector,
        "COMPUTE": tl.float64 if value.dtype == torch.float64 else tl.float32,
        "INDEX": tl.int32 if tokens * heads * width < 2**31 else tl.int64,
    }, warps


def _launch(kernel, tensors: list[Tensor], value: Tensor, weights: Tensor, vector: int, **options) -> None:
    (batch, tokens, heads, _), (queries, levels, points) = value.shape, (weights.shape[1], *weights.shape[3:])
    constants, warps = configuration(value, queries, vector)
    grid = (batch * triton.cdiv(queries, constants["BLOCK_Q"]) * heads,)
    with nullcontext() if value.device.type == "cpu" else torch.get_device_module(value.device).device(value.device):
        kernel[grid](*tensors, tokens, queries, heads, levels, points, **constants, **options, num_warps=warps)


def forward(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Output [B, Q, H * D] in value's dtype."""
    inputs = value.contiguous(), _sizes(tuple(shapes), value.device), locations.contiguous(), weights.contiguous()
    output = value.new_empty(value.shape[0], weights.shape[1], value.shape[2] * value.shape[3])
    if not (output.numel() and weights.numel()):
        return output.zero_()
    _launch(forward_kernel, [*inputs, output], value, weights, BYTES_A_LOAD // value.element_size())
    return output


def backward(gradient: Tensor, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights for the gradient [B, Q, H * D] of the output."""
    if not (gradient.numel() and weights.numel()):
        return value.new_zeros(value.shape), locations.new_zeros(locations.shape), weights.new_zeros(weights.shape)
    inputs = gradient.contiguous(), value.contiguous(), _sizes(tuple(shapes), value.device), locations.contiguous(), weights.contiguous()
    others = locations.new_empty(locations.shape), weights.new_empty(weights.shape)
    deterministic = torch.are_deterministic_algorithms_enabled()
    if deterministic:
        of_value = deformable_bags.value_gradient(gradient, value, shapes, locations, weights)
    else:
        of_value = torch.zeros(value.shape, dtype=torch.promote_types(value.dtype, torch.float32), device=value.device)
    vector = BYTES_A_LOAD // of_value.element_size()  # the sums' dtype: other groups than theirs would be exchanged between threads
    _launch(backward_kernel, [*inputs, of_value, *others], value, weights, vector, ATOMIC=not deterministic)
    return of_value.to(value.dtype), *others
