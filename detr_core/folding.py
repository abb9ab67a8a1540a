"""Frozen batch norm inside the convolution before it, so that no map is read and written once more for it."""
from __future__ import annotations

from itertools import pairwise

from timm.layers import FrozenBatchNormAct2d
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

FROZEN = (FrozenBatchNorm2d, FrozenBatchNormAct2d)


class FoldedConvolution(nn.Conv2d):
    """A convolution whose kernel is scaled by the frozen batch norm behind it.

    The norm stays where it was in the module tree and in the state dict. The scaled kernel is made anew in every pass,
    for a small part of what the norm would cost, so it is never out of date and the kernel can learn.
    """

    def __init__(self, convolution: nn.Conv2d, norm: nn.Module):
        super().__init__(convolution.in_channels, convolution.out_channels, convolution.kernel_size, convolution.stride,
                         convolution.padding, convolution.dilation, convolution.groups, bias=False, device="meta")
        self.weight = convolution.weight
        self.norm = (norm,)                                     # a tuple, so that it does not become a child of this module

    def forward(self, x: Tensor) -> Tensor:
        norm, = self.norm
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        return self._conv_forward(x, self.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale)


class FoldedNorm(nn.Module):
    """What a folded norm leaves behind: its four statistics by their names, and its activation where it had one."""

    def __init__(self, norm: nn.Module):
        super().__init__()
        self.eps = norm.eps
        for name, value in norm.named_buffers(recurse=False):
            self.register_buffer(name, value)
        self.activation = nn.Sequential(*(getattr(norm, name) for name in ("drop", "act") if hasattr(norm, name)))

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(x)


def fold(module: nn.Module) -> nn.Module:
    """Fold every frozen batch norm that follows a plain convolution among a module's children; returns the module.

    Convolutions that do more than convolve (TensorFlow's padding) keep their norm.
    """
    children = list(module.named_children())
    for (first, convolution), (second, norm) in pairwise(children):
        if type(convolution) is nn.Conv2d and convolution.bias is None and isinstance(norm, FROZEN):
            folded = FoldedNorm(norm)
            setattr(module, second, folded)
            setattr(module, first, FoldedConvolution(convolution, folded))
    for _, child in children:
        fold(child)
    return module
