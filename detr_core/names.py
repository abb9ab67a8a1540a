"""Tables that rename a checkpoint's tensors: rows (their pattern, ours); the first match whose tensor the detector has wins.

`{i}` binds a piece of the name between dots (`{path}` any rest of it); `{n*2}` and `{n+1}` write a bound number times
two and plus one; `{a|b}` on their side stands for either; `{a,b,c}` on our side splits a packed tensor along its first
axis, on theirs joins several into one; `{@decoder_layers}` and `{@decoder_layers+1}` stand for the recipe's own number
and the next; a row with None drops a tensor on purpose; `[:-1]` after one of our names takes these rows of the tensor.
"""
from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import torch
from torch import Tensor

from .recipe import Recipe
from .registry import Row

_PLACE = re.compile(r"\{([^}]*)\}")
_ROWS = re.compile(r"(.+)\[(-?\d*):(-?\d*)\]")
_SUM = re.compile(r"(\w+)([*+])(\d+)")


class Translation:
    """Rows of one recipe, compiled: from the names of somebody's checkpoint to ours."""

    def __init__(self, rows: Iterable[Row], recipe: Recipe, ours: Collection[str] = ()):
        self.rows, self.ours = [(self._pattern(theirs, recipe), ours) for theirs, ours in rows], frozenset(ours)

    @staticmethod
    def _pattern(theirs: str, recipe: Recipe) -> tuple[re.Pattern, list[str]]:
        pieces, seen = [], set()
        for index, piece in enumerate(_PLACE.split(theirs)):
            if index % 2 == 0:
                pieces.append(re.escape(piece))
            elif piece.startswith("@"):
                field, _, more = piece[1:].partition("+")
                pieces.append(str(getattr(recipe, field) + int(more or 0)))
            elif "|" in piece:
                pieces.append(f"(?:{'|'.join(map(re.escape, piece.split('|')))})")
            elif "," in piece:
                pieces.append(f"(?P<join>{'|'.join(map(re.escape, piece.split(',')))})")
            elif piece in seen:
                pieces.append(f"(?P={piece})")
            else:
                seen.add(piece)
                pieces.append(f"(?P<{piece}>{'.+' if piece == 'path' else '[^.]+'})")
        order = next((p.split(",") for p in _PLACE.findall(theirs) if "," in p), [])
        return re.compile("".join(pieces)), order

    @staticmethod
    def _fill(template: str, bound: Mapping[str, str]) -> list[str]:
        """Our names for one of theirs; several where the template splits."""
        names = [template]
        for place in _PLACE.findall(template):
            if "," in place:
                values = place.split(",")
            elif found := _SUM.fullmatch(place):
                number, by = int(bound[found[1]]), int(found[3])
                values = [str(number * by if found[2] == "*" else number + by)]
            else:
                values = [bound[place]]
            names = [n.replace("{" + place + "}", v, 1) for n in names for v in values]
        return names

    def __call__(self, state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
        """Renamed tensors, and the names that no row knows."""
        renamed: dict[str, Tensor] = {}
        joined: dict[str, dict[int, Tensor]] = {}
        unknown = []
        for name, tensor in state.items():
            if (row := self._row(name)) is None:
                unknown.append(name)
                continue
            match, order, targets = row
            if not targets:
                continue
            if order:
                joined.setdefault(targets[0], {})[order.index(match["join"])] = tensor
                continue
            for target, piece in self._pieces(targets, tensor):
                self._put(renamed, target, piece, name)
        for target, parts in joined.items():
            self._put(renamed, target, torch.cat([parts[i] for i in sorted(parts)]), target)
        return renamed, unknown

    def _row(self, name: str) -> tuple[re.Match, list[str], list[str]] | None:
        """The first row that knows the name and means tensors that there are, else the first that knows it."""
        known = None
        for (pattern, order), ours in self.rows:
            if match := pattern.fullmatch(name):
                row = match, order, [] if ours is None else self._fill(ours, match.groupdict())
                if all(target.partition("[")[0] in self.ours for target in row[2]):
                    return row
                known = known or row
        return known

    @staticmethod
    def _pieces(targets: list[str], tensor: Tensor) -> list[tuple[str, Tensor]]:
        """What each of our names gets of one tensor: the rows it asks for, or equal shares."""
        if found := [match for target in targets if (match := _ROWS.fullmatch(target))]:
            return [(m[1], tensor[slice(*(int(n) if n else None for n in m.group(2, 3)))]) for m in found]
        return list(zip(targets, tensor.chunk(len(targets))))

    @staticmethod
    def _put(renamed: dict[str, Tensor], target: str, tensor: Tensor, source: str) -> None:
        if target in renamed and not torch.equal(renamed[target], tensor):
            raise ValueError(f"{source} and another tensor of the file both mean {target} but differ: the file is of another variant.")
        renamed[target] = tensor
