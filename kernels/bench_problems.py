"""The standard problems of `kernels.bench`: levels, queries, heads, and samples that lie as a trained detector's do.

In an encoder they lie round the query's own place, 1 to 4 tokens away in the head's direction with a scatter of 1.5 tokens; in a decoder in
random boxes.
"""

import torch
from torch import Tensor

LARGE = ((100, 167), (50, 84), (25, 42), (13, 21))  # 800 x 1333 pixels, 22,223 tokens
SQUARE = ((80, 80), (40, 40), (20, 20), (10, 10))  # 640 x 640
SMALL = ((40, 40), (20, 20), (10, 10), (5, 5))  # 320 x 320
TINY = ((40, 40), (20, 20), (10, 10))  # the tiny detectors' 320 x 320
PROBLEMS = {  # levels, queries (None: an encoder, one a token), heads, head width
    "encoder 800x1333": (LARGE, None, 8, 32),
    "decoder 300 of 800x1333": (LARGE, 300, 8, 32),
    "decoder 900 of 800x1333": (LARGE, 900, 8, 32),
    "encoder 640x640": (SQUARE, None, 8, 32),
    "decoder 300 of 640x640": (SQUARE, 300, 8, 32),
    "encoder 320x320": (SMALL, None, 8, 32),
    "encoder 320x320 width 64": (TINY, None, 4, 16),
    "encoder 320x320 width 64, 8 heads": (TINY, None, 8, 8),
}
POINTS = 4


def inputs(name: str, batch: int, dtype: torch.dtype, device: str) -> tuple[Tensor, tuple, Tensor, Tensor]:
    """value, shapes, locations, weights of a problem; locations in float32."""
    shapes, queries, heads, width = PROBLEMS[name]
    generator = torch.Generator().manual_seed(0)
    sizes = torch.tensor([(w, h) for h, w in shapes]).view(1, 1, 1, -1, 1, 2)
    tokens = sum(h * w for h, w in shapes)

    def random(*size):
        return torch.randn(size, generator=generator)

    if queries is None:
        queries = tokens
        grids = [torch.meshgrid((torch.arange(h) + 0.5) / h, (torch.arange(w) + 0.5) / w, indexing="ij") for h, w in shapes]
        centres = torch.cat([torch.stack((x, y), dim=-1).view(-1, 2) for y, x in grids]).view(1, -1, 1, 1, 1, 2)
        angles = (torch.arange(heads) * 2 * torch.pi / heads).view(-1, 1, 1)
        directions = torch.stack((angles.cos(), angles.sin()), dim=-1) * torch.arange(1, POINTS + 1).view(1, 1, -1, 1)
        locations = centres + (directions + 1.5 * random(batch, queries, heads, len(shapes), POINTS, 2)) / sizes
    else:
        boxes = torch.rand(2, batch, queries, 1, 1, 1, 2, generator=generator)
        locations = boxes[0] + boxes[1] * 0.25 * random(batch, queries, heads, len(shapes), POINTS, 2)
    weights = random(batch, queries, heads, len(shapes) * POINTS).softmax(-1).unflatten(-1, (len(shapes), POINTS))
    return random(batch, tokens, heads, width).to(device, dtype), shapes, locations.to(device), weights.to(device, dtype)


def moved(value: Tensor, locations: Tensor, weights: Tensor, output: Tensor) -> tuple[int, int]:
    """Bytes forward and backward: every input read once, every output written once, value's gradient in float32."""
    read = sum(tensor.numel() * tensor.element_size() for tensor in (value, locations, weights))
    written = output.numel() * output.element_size()
    own = sum(tensor.numel() * tensor.element_size() for tensor in (locations, weights))
    return read + written, read + written + own + 4 * value.numel()
