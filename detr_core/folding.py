"""Frozen batch norm inside the convolution before it, so that no map is read and written once more for it."""
from __future__ import annotations

from itertools import pairwise

import torch
from timm.layers import FrozenBatchNormAct2d
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

FROZEN = (FrozenBatchNorm2d, FrozenBatchNormAct2d)


class FoldedConvolution(nn.Conv2d):
    """A convolution whose kernel is scaled by the frozen batch norm behind it.

    The norm stays where it was in the module tree and in the state dict. In training the kernel is scaled in every pass, for a small part
    of what the norm would cost. Otherwise the scaled one is kept, in autocast's precision, until the mode or one of the tensors that it is
    made of changes. PyTorch counts their changes, but not those made through `.data` or by fused optimizers: these belong into training.
    """

    def __init__(self, convolution: nn.Conv2d, norm: nn.Module):
        super().__init__(convolution.in_channels, convolution.out_channels, convolution.kernel_size, convolution.stride,
                         convolution.padding, convolution.dilation, convolution.groups, bias=False, device="meta")
        self.weight = convolution.weight
        self.norm = (norm,)                                     # a tuple, so that it does not become a child of this module
        self._kept: tuple[list[Tensor], tuple, tuple[Tensor, Tensor]] | None = None

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "_kept": None}        # a copy makes its own

    def train(self, mode: bool = True) -> FoldedConvolution:
        self._kept = None
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, *(self.scaled() if self._changing() else self.kept(x.device.type)))

    def _sources(self) -> list[Tensor]:
        norm, = self.norm
        return [self.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var]

    def _changing(self) -> bool:
        """Whether the scaled kernel is of this pass alone: it learns, or what it is made of cannot tell whether it changed."""
        if self.training or torch.compiler.is_compiling() or (torch.is_grad_enabled() and self.weight.requires_grad):
            return True
        return any(source.is_inference() or source.is_meta for source in self._sources())

    def scaled(self) -> tuple[Tensor, Tensor]:
        """The kernel and the bias."""
        weight, factor, bias, mean, variance = self._sources()
        scale = factor * (variance + self.norm[0].eps).rsqrt()
        return weight * scale[:, None, None, None], bias - mean * scale

    def kept(self, device: str) -> tuple[Tensor, Tensor]:
        """The same, made when it is first asked for."""
        sources = self._sources()
        state = (torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None, *(source._version for source in sources))
        if self._kept is None or self._kept[1] != state or any(a.data_ptr() != b.data_ptr() for a, b in zip(self._kept[0], sources)):
            with torch.inference_mode(False), torch.no_grad():  # what predict() made may be needed by training
                made = tuple(tensor.to(state[0] or tensor.dtype) for tensor in self.scaled())
                self._kept = [source.detach() for source in sources], state, made
        return self._kept[2]


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
