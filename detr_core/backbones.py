"""Backbones from timm: feature maps of chosen strides, with frozen batch norm."""
from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from timm.layers import freeze_batch_norm_2d
from torch import Tensor, nn

from .folding import fold
from .recipe import Recipe

ASSETS = Path(__file__).resolve().parent.parent / "assets"


class Backbone(nn.Module):
    """A timm network cut into feature maps.

    `strides` are the maps it returns, finest first; `dilated` keeps the last stage at stride 16 (DC5). Batch norm is
    frozen in all of them, as in every DETR; `frozen` names the parts that never learn.
    """

    def __init__(self, recipe: Recipe, name: str = "resnet50", strides: tuple[int, ...] = (32,), dilated: bool = False,
                 frozen: tuple[str, ...] = ("conv1", "layer1")):
        super().__init__()
        levels = tuple(s.bit_length() - 2 for s in strides)          # timm counts stride 2 as level 0
        options = {"output_stride": 16} if dilated else {}
        body = timm.create_model(name, features_only=True, out_indices=levels, pretrained=False, **options)
        self.channels = tuple(body.feature_info.channels())
        self.body = fold(freeze_batch_norm_2d(body)).to(memory_format=torch.channels_last)      # the layout that convolves faster
        for path, parameter in self.body.named_parameters():
            parameter.requires_grad_(not path.startswith(frozen))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """[B, 3, H, W] -> one map [B, channels, h, w] a stride."""
        return tuple(self.body(images.contiguous(memory_format=torch.channels_last)))


class BundledBackbone(Backbone):
    """EfficientNet-Lite0 with the ImageNet weights that come with the project, frozen as a whole.

    Every tiny detector shares it, so its maps can be computed once and kept.
    """

    def __init__(self, recipe: Recipe, strides: tuple[int, ...] = (16, 32)):
        super().__init__(recipe, "tf_efficientnet_lite0", strides, frozen=("",))
        wanted = self.body.state_dict()
        self.body.load_state_dict({name: value for name, value in bundled_weights().items() if name in wanted})


@lru_cache(maxsize=1)
def bundled_weights() -> dict[str, Tensor]:
    """The shared backbone's tensors by timm's names, in float32."""
    return {name: value.float() for name, value in load_file(ASSETS / "backbone" / "tf_efficientnet_lite0.safetensors").items()}
