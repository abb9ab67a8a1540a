"""SMCA (2021): each query guesses where its object is, and every head attends through a Gaussian around that place."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..attention import MLP, CrossAttention, attend, xavier
from ..gaussian import gaussian_bias
from ..geometry import FreeBoxes
from ..heads import SigmoidHead
from ..position import LearnedPosition
from ..postprocess import SigmoidPostprocess
from ..recipe import Recipe, part
from ..registry import Paper, variant
from ..sizes import tiny_single
from ..structures import Features, Queries
from ..training.objective import FocalObjective
from .detr import DECODER, DETR


class CentreLogits(FreeBoxes):
    """The anchor is a point in logits: it moves the centre, the size stands for itself."""

    def refine(self, anchor: Tensor, offset: Tensor) -> Tensor:
        return torch.cat([offset[..., :2] + anchor, offset[..., 2:]], -1).sigmoid()

    def place(self, anchor: Tensor) -> Tensor:
        return anchor.sigmoid()


class GaussianPosition(LearnedPosition):
    """Where each query and each head looks, told from the content before self-attention (section 3.2).

    The first layer finds a centre that serves all layers; every layer adds an offset a head, in cells of `stride` pixels
    (32 in the authors' code, dilated backbone or not), and how narrow the Gaussian is: `scales` numbers a head, squared.
    0 is a fixed width, 1 a round Gaussian, 2 one number along x and one along y, 3 also one for the product of both
    distances (the authors' types 1 to 4). `spatial` carries them on: [B, Q, M, 2 + scales].
    """

    def __init__(self, recipe: Recipe, scales: int = 2, stride: int = 32):
        super().__init__(recipe)
        layers, self.heads, self.stride = recipe.decoder_layers, recipe.heads, stride
        self.norms = nn.ModuleList(nn.LayerNorm(recipe.width) for _ in range(layers))
        self.centre = MLP(recipe.width, recipe.width, recipe.width, 2)
        self.offsets = nn.ModuleList(nn.Linear(recipe.width, recipe.heads * 2) for _ in range(layers))
        self.scales = nn.ModuleList(nn.Linear(recipe.width, recipe.heads * scales) for _ in range(layers if scales else 0))
        xavier(self.centre, self.offsets)
        for scale in self.scales:
            nn.init.zeros_(scale.weight)
            nn.init.ones_(scale.bias)

    def forward(self, queries: Queries, layer: int, memory: Features) -> Queries:
        content = self.norms[layer](queries.content + queries.position)
        anchor = queries.anchor if layer else self.centre(content)
        cells = anchor.sigmoid() * memory.extent[:, None] / self.stride
        parts = [cells[:, :, None] + self.offsets[layer](content).unflatten(-1, (self.heads, 2))]
        if self.scales:
            parts.append(self.scales[layer](content).unflatten(-1, (self.heads, -1)).square())
        return queries.but(anchor=anchor, spatial=torch.cat(parts, -1))


class GaussianCross(CrossAttention):
    """Dense attention through the Gaussians (equation 4)."""

    def __init__(self, recipe: Recipe, layer: int = 0, smooth: float = 8.0):
        super().__init__(recipe, layer)
        self.smooth = smooth

    def bias(self, queries: Queries, memory: Features) -> Tensor:
        """[B, M, Q, N], at most zero; distances count from the corners of the tokens' cells."""
        centre, scale = queries.spatial.split([2, queries.spatial.shape[-1] - 2], -1)
        return gaussian_bias(self, centre, scale if scale.shape[-1] else torch.ones_like(centre), memory.shapes[0], self.smooth)

    def forward(self, queries: Queries, memory: Features) -> Tensor:
        query, key = self.query(queries.content + queries.position), self.key(memory.tokens + memory.position)
        value = self.value(memory.tokens)
        return self.out(attend(self, query, key, value, self.heads, memory.key_padding, self.bias(queries, memory)))


class SpareHead(SigmoidHead):
    """One output more than classes; it is trained as background everywhere (so in the authors' code)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe.but(classes=recipe.classes + 1))


class SparePostprocess(SigmoidPostprocess):
    """Leaves the spare output out."""

    def scores(self, logits: Tensor) -> Tensor:
        return logits[..., :-1].sigmoid()


SMCA = DETR.but(
    "smca", queries=300, position=GaussianPosition, cross_attention=GaussianCross, geometry=CentreLogits, class_head=SpareHead,
    objective=FocalObjective, postprocess=SparePostprocess)

OFFICIAL = (
    (DECODER + "norm4.{p}", "position.norms.{i}.{p}"),
    (DECODER + "point1.layers.{n}.{p}", "position.centre.{n*2}.{p}"),
    (DECODER + "point2.{p}", "position.offsets.{i}.{p}"),
    (DECODER + "point3.{p}", "position.scales.{i}.{p}"),
)
variant(
    SMCA, tiny_single(SMCA).but(position=part(GaussianPosition, stride=16)), names=OFFICIAL,
    paper=Paper("Fast Convergence of DETR with Spatially Modulated Co-Attention", "Gao et al.", "ICCV", 2021, "2101.07448",
                "gaopengcuhk/SMCA-DETR"),
    idea="Each query first guesses where its object is, and its attention is weighted by a Gaussian around the guess.")
