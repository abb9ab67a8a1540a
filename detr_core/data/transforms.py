"""Training views of labelled pictures, built from torchvision's v2 transforms.

A view takes (RGB picture, Targets) to (float tensor [3, h, w] normalised for the backbone, Targets). All random numbers
come from torch's global generator, so that a seed fixes a view.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from ..structures import Batch, Targets

DETR_SHORT = 800
"""Short side of the largest pictures in DETR's recipe; other lengths of the recipe are told in proportion to it."""
GREY = (124, 116, 104)


class Preprocess(Protocol):
    """What a detector asks of its pictures: sides in pixels, and the statistics to normalise with."""

    short: int
    long: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


class SizedCrop(v2.Transform):
    """Crop a window of random size and place, its sides between `smallest` and `largest` pixels (DETR, section 4)."""

    def __init__(self, smallest: int, largest: int) -> None:
        super().__init__()
        self.smallest, self.largest = smallest, largest

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the window."""
        height, width = v2.query_size(flat_inputs)
        h, w = (_uniform(min(self.smallest, side), min(side, self.largest)) for side in (height, width))
        return {"top": _uniform(0, height - h), "left": _uniform(0, width - w), "height": h, "width": w}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Crop one part of the sample."""
        return self._call_kernel(F.crop, inpt, **params)

    def extra_repr(self) -> str:
        """The settings, in the transform's printed form."""
        return f"smallest={self.smallest}, largest={self.largest}"


class Zoom(v2.Transform):
    """Cut a square window and show it `side` pixels large: a scale jitter with a fixed size of the result.

    The zoom factor is log-uniform in `scale`, in pixels of the result per pixel of the picture times side / short side.
    A window larger than the picture is filled with grey.
    """

    def __init__(self, side: int, scale: tuple[float, float]) -> None:
        super().__init__()
        self.side, self.scale = side, scale

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the zoom and the place of the window."""
        height, width = v2.query_size(flat_inputs)
        low, high = self.scale
        zoom = low * (high / low) ** float(torch.rand(()))
        window = max(8, round(min(height, width) / zoom))
        top, left = (_uniform(min(0, room), max(0, room)) for room in (height - window, width - window))
        return {"top": top, "left": left, "window": window, "height": height, "width": width}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Pad, crop and resize one part of the sample."""
        top, left, window = params["top"], params["left"], params["window"]
        right, bottom = left + window - params["width"], top + window - params["height"]
        padding = [max(0, -left), max(0, -top), max(0, right), max(0, bottom)]
        if any(padding):
            inpt = self._call_kernel(F.pad, inpt, padding=padding, fill=list(GREY))
        inpt = self._call_kernel(F.crop, inpt, max(0, top), max(0, left), window, window)
        return self._call_kernel(F.resize, inpt, size=[self.side, self.side], antialias=True)

    def extra_repr(self) -> str:
        """The settings, in the transform's printed form."""
        return f"side={self.side}, scale={self.scale}"


class QuarterTurn(v2.Transform):
    """Turn by a random multiple of 90 degrees: aerial pictures have no up."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the number of quarter turns."""
        return {"turns": _uniform(0, 3)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Turn one part of the sample counter-clockwise."""
        if not isinstance(inpt, tv_tensors.BoundingBoxes):
            return tv_tensors.wrap(torch.rot90(inpt, params["turns"], dims=(-2, -1)), like=inpt)
        boxes, (height, width) = inpt.as_subclass(Tensor), inpt.canvas_size
        for _ in range(params["turns"]):
            x1, y1, x2, y2 = boxes.unbind(1)
            boxes = torch.stack([y1, width - x2, y2, width - x1], 1)
            height, width = width, height
        return tv_tensors.wrap(boxes, like=inpt, canvas_size=(height, width))


def _uniform(low: int, high: int) -> int:
    """A whole number in low..high, both included."""
    return int(torch.randint(low, high + 1, ()))


def detr_recipe(preprocess: Preprocess) -> v2.Compose:
    """DETR's augmentation: flip, 11 short sides, and in half of the cases a crop before (Carion et al. 2020, appendix A.4).

    Its lengths (480 to 800, long side 1333, crop 384 to 600) are for detectors of 800 pixels; others get them in proportion.
    """
    def length(pixels: int) -> int:
        return max(1, round(pixels * preprocess.short / DETR_SHORT))

    resize = v2.RandomShortestSize([length(side) for side in range(480, 801, 32)], max_size=preprocess.long)
    before = v2.RandomShortestSize([length(side) for side in (400, 500, 600)])
    cropped = v2.Compose([before, SizedCrop(length(384), length(600)), resize])
    return v2.Compose([v2.RandomHorizontalFlip(), v2.RandomChoice([resize, cropped])])


def scenes_recipe(preprocess: Preprocess) -> v2.Compose:
    """For generated scenes, which vary enough by themselves: flip, and in half of the cases a closer look and other colours."""
    colours = v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2)
    closer = v2.RandomApply([Zoom(preprocess.short, (1.0, 1.5))], p=0.5)
    return v2.Compose([v2.RandomHorizontalFlip(), v2.RandomApply([colours], p=0.25), closer, _fit(preprocess)])


def aerial_recipe(preprocess: Preprocess) -> v2.Compose:
    """For pictures from above: flips, quarter turns, colours, and zoom from 0.6 to 1.3."""
    colours = v2.ColorJitter(brightness=0.25, contrast=0.25, saturation=0.25, hue=0.02)
    zoom = Zoom(preprocess.short, (0.6, 1.3))
    return v2.Compose([v2.RandomHorizontalFlip(), QuarterTurn(), v2.RandomApply([colours], p=0.5), zoom])


def _fit(preprocess: Preprocess) -> v2.Transform:
    return v2.RandomShortestSize([preprocess.short], max_size=preprocess.long)


RECIPES: dict[str, Callable[[Preprocess], v2.Compose]] = {"scenes": scenes_recipe, "trees": aerial_recipe}
"""Augmentation by the name of a data set; all others get DETR's."""


class TrainingView:
    """A recipe followed by what every recipe needs: boxes clipped, slivers dropped, pixels normalised, boxes relative.

    Of an object that a crop cuts, the visible part counts as long as `keep` of its area remains.
    """

    def __init__(self, recipe: v2.Compose, preprocess: Preprocess, keep: float = 0.0) -> None:
        self.recipe, self.keep = recipe, keep
        self.mean, self.std = list(preprocess.mean), list(preprocess.std)

    def __call__(self, picture: Image.Image, targets: Targets) -> tuple[Tensor, Targets]:
        image = tv_tensors.Image(F.pil_to_tensor(picture.convert("RGB")))
        size = torch.tensor([picture.width, picture.height] * 2)
        corners = F.convert_bounding_box_format(targets.boxes * size, "CXCYWH", "XYXY")
        canvas = (picture.height, picture.width)
        boxes = tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=canvas, clamping_mode=None)
        image, boxes = self.recipe(image, boxes)
        clipped, kept = self._visible(boxes)
        height, width = image.shape[-2:]
        relative = F.convert_bounding_box_format(clipped, "XYXY", "CXCYWH") / torch.tensor([width, height] * 2)
        tensor = F.normalize(F.to_dtype(image.as_subclass(Tensor), torch.float32, scale=True), self.mean, self.std)
        return tensor, targets.but(labels=targets.labels[kept], boxes=relative[kept].float())

    def _visible(self, boxes: tv_tensors.BoundingBoxes) -> tuple[Tensor, Tensor]:
        """Corners clipped to the canvas, and which boxes remain."""
        height, width = boxes.canvas_size
        whole = boxes.as_subclass(Tensor)
        clipped = whole.clone()
        clipped[:, 0::2].clamp_(0, width)
        clipped[:, 1::2].clamp_(0, height)
        sides, full = clipped[:, 2:] - clipped[:, :2], (whole[:, 2:] - whole[:, :2]).prod(1)
        return clipped, (sides > 1).all(1) & (sides.prod(1) >= self.keep * full)

    def __repr__(self) -> str:
        return f"TrainingView({self.recipe}, keep={self.keep}, mean={self.mean}, std={self.std})"


def training_transform(data: str, preprocess: Preprocess) -> TrainingView:
    """The training view of a data set (`scenes`, `trees` or anything else) for a detector's preprocessing."""
    recipe = RECIPES.get(str(data), detr_recipe)
    return TrainingView(recipe(preprocess), preprocess, keep=0.0 if recipe is detr_recipe else 0.35)


def collate(items: Sequence[tuple[Tensor, Targets]], multiple: int = 1) -> Batch:
    """Pad views to one size, rounded up to a multiple of so many pixels."""
    images, targets = zip(*items, strict=True)
    return Batch.of(images, targets, multiple)
