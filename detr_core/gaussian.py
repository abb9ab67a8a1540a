"""Gaussians over a map: the logarithm is added to attention's scores, so that attention is multiplied by them.

SMCA (Gao et al. 2021, section 3.2) and SAP-DETR (Liu et al. 2022, section 3.3) place one a query and head.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

from .tape import note


def log_gaussian(centre: Tensor, scale: Tensor, shape: tuple[int, int], smooth: float = 8.0) -> Tensor:
    """centre [B, Q, M, 2] (x, y) in cells, whole numbers are cell centres; scale [B, Q, M, 1 | 2 | 3] -> [B, M, Q, h * w].

    -(scale_x dx^2 + scale_y dy^2) / smooth; one scale serves both axes, a third weighs dx^2 dy^2.
    """
    height, width = shape
    scale, (x, y) = scale.transpose(1, 2)[..., None, None, :], centre.transpose(1, 2).unbind(-1)              # heads before queries
    across = (x[..., None] - torch.arange(width, device=centre.device)).square()[..., None, :]
    down = (y[..., None] - torch.arange(height, device=centre.device)).square()[..., None]
    distance = scale[..., 0] * across + scale[..., min(1, scale.shape[-1] - 1)] * down
    if scale.shape[-1] == 3:
        distance = distance + scale[..., 2] * across * down
    return distance.flatten(-2) / -smooth


def gaussian_bias(owner: nn.Module, centre: Tensor, scale: Tensor, shape: tuple[int, int], smooth: float = 8.0) -> Tensor:
    """The same, and the tape gets `centre`, `scale` and, as `gaussian_scores`, the result, of `owner`.

    The first two are [B, Q, M, 2], (x, y) in 0..1 of the padded input, scale as one standard deviation.
    """
    size = centre.new_tensor([shape[1], shape[0]])
    deviation = (smooth / 2 / scale[..., :2].expand_as(centre).clamp(min=1e-6)).sqrt()
    scores = log_gaussian(centre, scale, shape, smooth)
    note(owner, centre=(centre + 0.5) / size, scale=deviation / size, gaussian_scores=scores)
    return scores
