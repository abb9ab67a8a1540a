"""Multi-scale deformable attention (Zhu et al., "Deformable DETR", ICLR 2021, section 4.1, equation 3).

For image b, query q and head m, over the levels l and the points p of a level,

    output[b, q, m, :] = sum_l sum_p  weights[b, q, m, l, p] * sample(value_l[b, :, m, :], locations[b, q, m, l, p])

where sample() is bilinear: a location (x, y) in 0..1 of a level of h x w tokens lies at (x * w - 1/2, y * h - 1/2) in token
units, so 0 and 1 are the outer edges of the first and the last token (align_corners=False), and everything outside the map is 0.

Shapes, everywhere in this package:

    value      [B, N, H, D]        all levels' tokens one level after another, each row by row; N = sum of h * w
    shapes     ((h, w), ...)       one pair of ints a level
    locations  [B, Q, H, L, P, 2]  x, y
    weights    [B, Q, H, L, P]     any real numbers; the detectors pass a softmax over L * P
    output     [B, Q, H * D]

Precision: the result has value's dtype. Coordinates and sums are float32 when value is float16 or bfloat16, because a location stored
in bfloat16 alone costs 16 % error; pass locations in float32 then.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

Shapes = tuple[tuple[int, int], ...]


def check(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> None:
    """Raises ValueError that names the argument at fault when the four do not describe one problem."""
    if value.dim() != 4:
        raise ValueError(f"value must be [B, N, H, D] but has shape {tuple(value.shape)}; split its last axis into heads first.")
    batch, tokens, heads, _ = value.shape
    described = sum(h * w for h, w in shapes)
    if described != tokens:
        raise ValueError(f"value holds {tokens} tokens but shapes {tuple(shapes)} describe {described}; pass the (h, w) of every level.")
    needed = (batch, heads, len(shapes), 2)
    if locations.dim() != 6 or (locations.shape[0], *locations.shape[2:4], locations.shape[5]) != needed:
        wanted = f"[{batch}, Q, {heads}, {len(shapes)}, P, 2]"
        raise ValueError(f"locations must be {wanted} to fit value and shapes but have shape {tuple(locations.shape)}.")
    if weights.shape != locations.shape[:5]:
        raise ValueError(f"weights must have shape {tuple(locations.shape[:5])} to fit locations but have {tuple(weights.shape)}.")


def reference(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """The formula by `grid_sample`, level by level: differentiable, any device, any floating dtype; see the module for shapes."""
    check(value, shapes, locations, weights)
    batch, _, heads, width = value.shape
    queries, points = locations.shape[1], locations.shape[4]
    precise = torch.promote_types(value.dtype, torch.float32)
    value_, locations, weights = value.to(precise), locations.to(precise), weights.to(precise)
    output = value_.new_zeros(batch * heads, width, queries)
    if output.numel() and points:
        maps = value_.permute(0, 2, 3, 1).flatten(0, 1).split([h * w for h, w in shapes], dim=2)  # L x [B*H, D, h*w]
        grids = (2 * locations - 1).transpose(1, 2).flatten(0, 1)  # [B*H, Q, L, P, 2]
        shares = weights.transpose(1, 2).flatten(0, 1).unsqueeze(1)  # [B*H, 1, Q, L, P]
        for level, (h, w) in enumerate(shapes):
            sampled = F.grid_sample(maps[level].unflatten(2, (h, w)), grids[:, :, level], align_corners=False)  # [B*H, D, Q, P]
            output = output + (sampled * shares[..., level, :]).sum(-1)
    return output.view(batch, heads * width, queries).transpose(1, 2).to(value.dtype).contiguous()
