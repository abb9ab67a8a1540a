"""Features of a frozen backbone, computed once and kept.

A backbone that never learns says the same of the same picture every time, and in a tiny detector it is most of the
work. The cache holds its maps in half precision for a fixed number of views (a picture under one draw of the
augmentation), in files of 64 views that are mapped into memory. It is made in batches, goes on where it stopped, and
is found again by what it was made of: data, transform, seed, backbone.
"""
from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from ..structures import Batch, Targets
from .files import replacing
from .order import Key

CHUNK = 64
Item = tuple[tuple[Tensor, ...], Targets, tuple[int, int]]


def fingerprint(module: nn.Module, *descriptions: Any) -> str:
    """A name for what a module computes from described inputs: a hash of its tensors and of the descriptions."""
    digest = hashlib.sha256(json.dumps(["features 1", *map(str, descriptions)]).encode())
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:20]


class FeatureCache(Dataset):
    """`count` views of a data set as backbone maps. Indexed by (epoch, view); the epoch does not matter, a view is a view.

    `source[(epoch, index)]` gives (Tensor [3, h, w], Targets); view v is picture v % len(source) in epoch v // len(source).
    """

    def __init__(self, folder: Path | str, source: Dataset, count: int, multiple: int = 32):
        self.folder, self.source, self.count, self.multiple = Path(folder), source, count, multiple
        self._open: dict[int, Any] = {}

    def __len__(self) -> int:
        return self.count

    def _file(self, chunk: int) -> Path:
        views = min(CHUNK, self.count - chunk * CHUNK)      # a shorter last file must not be taken for a full one
        return self.folder / f"{chunk:05d}-{views}.safetensors"

    def missing(self) -> list[int]:
        """The chunks that are still to be made."""
        return [chunk for chunk in range(-(-self.count // CHUNK)) if not self._file(chunk).exists()]

    @torch.inference_mode()
    def make(self, backbone: nn.Module, progress: Callable[[int, int], None] = lambda done, total: None, process: int = 0,
             processes: int = 1) -> None:
        """Compute what is missing; `progress(done, total)` counts views. Several processes share the chunks between them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        os.utime(self.folder)                       # used now: whoever makes room throws away what was not
        mine = self.missing()[process::processes]
        for number, chunk in enumerate(mine, 1):
            views = range(chunk * CHUNK, min(self.count, (chunk + 1) * CHUNK))
            with replacing(self._file(chunk)) as unfinished:
                save_file(self._compute(backbone, views), unfinished)
            progress(min(number * CHUNK, self.count), min(len(mine) * CHUNK, self.count))

    def _compute(self, backbone: nn.Module, views: Sequence[int]) -> dict[str, Tensor]:
        items = {view: self.source[divmod(view, len(self.source))] for view in views}
        shapes = defaultdict(list)
        for view, (image, _) in items.items():
            shapes[tuple(-(-side // self.multiple) * self.multiple for side in image.shape[1:])].append(view)
        tensors, device = {}, next(backbone.parameters()).device
        for (height, width), same in shapes.items():
            for start in range(0, len(same), 8):
                group = same[start:start + 8]
                images = torch.stack([F.pad(i, (0, width - i.shape[2], 0, height - i.shape[1])) for i in (items[v][0] for v in group)])
                for level, maps in enumerate(backbone(images.to(device))):
                    tensors |= {f"{view}.map{level}": one for view, one in zip(group, maps.half().cpu().unbind())}
        levels = len(tensors) // len(items)
        for view, (image, targets) in items.items():
            numbers = torch.tensor([*image.shape[1:], *targets.size, targets.image_id, levels])
            tensors |= {f"{view}.labels": targets.labels, f"{view}.boxes": targets.boxes, f"{view}.numbers": numbers}
        return {name: value.contiguous().clone() for name, value in tensors.items()}

    def __getitem__(self, key: Key) -> Item:
        """Maps [channels, h, w] in float32, targets, and the (height, width) of the view without its padding."""
        view = key[1]
        if not 0 <= view < self.count:
            raise IndexError(f"There are {self.count} views, no number {view}.")
        chunk = view // CHUNK
        if chunk not in self._open:
            self._open[chunk] = safe_open(self._file(chunk), "pt")
        file = self._open[chunk]
        height, width, rows, columns, image_id, levels = file.get_tensor(f"{view}.numbers").tolist()
        maps = tuple(file.get_tensor(f"{view}.map{level}").float() for level in range(levels))
        targets = Targets(file.get_tensor(f"{view}.labels"), file.get_tensor(f"{view}.boxes"), image_id, (rows, columns))
        return maps, targets, (height, width)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}       # open files do not travel to worker processes


def collate_features(items: Sequence[Item], multiple: int = 1) -> Batch:
    """Items of a `FeatureCache` -> a Batch that carries maps in place of pictures."""
    maps, targets, sizes = zip(*items)
    height, width = (-(-max(size[d] for size in sizes) // multiple) * multiple for d in (0, 1))
    padding = torch.ones(len(items), height, width, dtype=torch.bool)
    for mask, (h, w) in zip(padding, sizes):
        mask[:h, :w] = False
    levels = []
    for level in zip(*maps):
        h, w = (max(m.shape[d] for m in level) for d in (1, 2))
        levels.append(torch.stack([F.pad(m, (0, w - m.shape[2], 0, h - m.shape[1])) for m in level]))
    padded = any(size != (height, width) for size in sizes)
    return Batch(None, padding, tuple(targets), padded, tuple(levels))
