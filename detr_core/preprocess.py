"""From a decoded picture to the tensor a detector was trained on."""
from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from .recipe import Recipe

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Preprocess:
    """Resize the short side to the recipe's `short` unless the long one would pass `long` pixels; scale to 0..1; normalise.

    `multiple`: pictures are padded up to it, because some backbones shift their grid on other sizes.
    """

    def __init__(self, recipe: Recipe, mean: tuple[float, ...] = IMAGENET[0], std: tuple[float, ...] = IMAGENET[1], multiple: int = 1):
        self.short, self.long = recipe.short, recipe.long
        self.mean, self.std, self.multiple = mean, std, multiple

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) after resizing."""
        scale = min(self.short / min(height, width), self.long / max(height, width))
        return max(1, round(height * scale)), max(1, round(width * scale))

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what the network sees of one picture: resized, and padded to the `multiple`."""
        rows, columns = (-(-side // self.multiple) * self.multiple for side in self.size(height, width))
        return rows, columns

    def __call__(self, image: Image.Image) -> Tensor:
        """An RGB picture -> [3, h, w] float32."""
        size = self.size(image.height, image.width)
        resized = F.resize(image, list(size), antialias=True)
        planes = F.pil_to_tensor(resized).contiguous()          # colour by colour: arithmetic along rows of three numbers is slow
        return self.normalise(F.to_dtype(planes, torch.float32, scale=True), inplace=True)

    def normalise(self, image: Tensor, inplace: bool = False) -> Tensor:
        """[..., 3, h, w] in 0..1 -> zero mean and unit deviation as the backbone expects."""
        return F.normalize(image, list(self.mean), list(self.std), inplace)
