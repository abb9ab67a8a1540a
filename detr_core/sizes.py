"""Tiny recipes: the same parts, small enough to train and to look into on a laptop without a GPU."""
from __future__ import annotations

from .backbones import BundledBackbone
from .necks import FusedLevel, Pyramid
from .preprocess import Preprocess
from .recipe import Recipe, part

HALF = (0.5, 0.5, 0.5)
TINY_PREPROCESS = part(Preprocess, mean=HALF, std=HALF, multiple=32)
TINY = dict(preprocess=TINY_PREPROCESS, short=320, long=320, width=64, heads=4, hidden=256, dropout=0.0, queries=100,
            encoder_layers=3, decoder_layers=3)


def tiny_single(recipe: Recipe) -> Recipe:
    """One level of stride 16 that fuses the backbone's last two maps."""
    return recipe.but(backbone=part(BundledBackbone, strides=(16, 32)), neck=FusedLevel, **TINY)


def tiny_pyramid(recipe: Recipe) -> Recipe:
    """Three levels of strides 16, 32 and 64; a stride of 8 would quadruple the tokens, and the training time with them."""
    return recipe.but(backbone=part(BundledBackbone, strides=(16, 32)), neck=part(Pyramid, groups=8), levels=3, **TINY)
