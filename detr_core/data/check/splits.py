"""Which pictures are for training and which for validation, where nobody said so or where the two overlap."""
from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from .notes import Notes
from .table import Table

SHARE = 0.2
"""Of the pictures that is kept for validation."""
SEEDS = 24
ROBOFLOW = re.compile(r"^(.+?)(?:_(?:jpe?g|png|webp|bmp|tiff?))?\.rf\.[0-9a-zA-Z]{16,40}$")
NUMBER = re.compile(r"[-_. ]*(?:frame|img|image|f|t)?[-_. ]*\d+$", re.IGNORECASE)


def source_of(file: str) -> str:
    """The picture that a file was made of: augmented copies by Roboflow share a name before `.rf.`; else the file itself."""
    found = ROBOFLOW.match(PurePosixPath(file).stem)
    return found[1] if found else file


def series_of(file: str) -> str:
    """The video, scene or folder that a file's name tells: what comes before its last number."""
    path = PurePosixPath(file)
    stem = ROBOFLOW.sub(r"\1", path.stem)
    return f"{path.parent}/{NUMBER.sub('', stem) or stem}"


def groups(files: Sequence[str], digests: Sequence[str], by_series: bool = True) -> tuple[list[str], str]:
    """A group for every picture, and of what kind: "series" where names tell of at least five, else "source" or "picture".

    Copies of one file are in one group whatever their names are.
    """
    names, kind = [series_of(file) for file in files], "series"
    sizes = Counter(names)
    if not by_series or len(sizes) < 5 or not 1 < max(sizes.values()) <= len(files) / 2:
        names = [source_of(file) for file in files]
        kind = "source" if len(set(names)) < len(files) else "picture"
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        while (above := parent.get(name, name)) != name:
            parent[name] = name = parent.get(above, above)
        return name

    first: dict[str, str] = {}
    for name, digest in zip(names, digests):
        known = first.setdefault(digest, name)
        if top(known) != top(name):
            parent[top(name)] = top(known)
    return [top(name) for name in names], kind


def chosen(names: Sequence[str], share: float, seed: int) -> set[str]:
    """Groups for validation in an order that depends on the seed and their names alone, until they hold the share."""
    sizes = Counter(names)
    order = sorted(sizes, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    wanted, held, found = max(1.0, share * len(names)), 0, set()
    for name in order:
        if held < wanted and (not found or held + sizes[name] <= 1.5 * wanted) and held + sizes[name] < len(names):
            found.add(name)
            held += sizes[name]
    return found


def divide(table: Table, pictures: np.ndarray, digests: Sequence[str]) -> tuple[set[int], str]:
    """Which of the pictures to keep for validation, and by which kind of group.

    Of several seeded splits that takes the first with the most classes on both sides. Where groups by series leave a class
    out of training that single pictures would not (names may tell the class, not the video), single pictures are taken.
    """
    files, kept = [table.files[i] for i in pictures], [digests[i] for i in pictures]
    best: tuple[tuple[int, int], set[str], list[str], str] | None = None
    for by_series in (True, False):
        names, kind = groups(files, kept, by_series)
        tries = [chosen(names, SHARE, seed) for seed in range(SEEDS)]
        scores = [_covered(table, pictures, names, found) for found in tries]
        top = max(scores)
        if best is None or top[0] > best[0][0]:
            best = top, tries[scores.index(top)], names, kind
    _, found, names, kind = best
    return {int(picture) for picture, name in zip(pictures, names) if name in found}, kind


def _covered(table: Table, pictures: np.ndarray, names: Sequence[str], found: set[str]) -> tuple[int, int]:
    """Classes with a box in training, and in validation."""
    val = np.zeros(len(table.files), bool)
    val[[picture for picture, name in zip(pictures, names) if name in found]] = True
    ours = np.isin(table.pictures, pictures)
    sides = (np.unique(table.labels[ours & (val[table.pictures] == side)]) for side in (False, True))
    train, validation = (len(labels) for labels in sides)
    return train, validation


def settle(table: Table, digests: Sequence[str], notes: Notes) -> tuple[str, ...]:
    """The final split of every picture; "" for those to be left out."""
    splits = np.array(table.splits, dtype=object)
    train, val = ({digest for split, digest in zip(splits, digests) if split == side} for side in ("train", "val"))
    shared = train & val
    if shared and (2 * len(shared) > len(val) or shared == train):
        keep = _first_of_each(splits, digests, ("train", "val"))
        splits[(splits == "val") | (splits == "train")] = ""
        _divide_into(splits, table, keep, digests, notes, "split_same")
    elif train and val:
        for i, (split, digest) in enumerate(zip(table.splits, digests)):
            if split == "val" and digest in shared:
                notes.add("split_leak", picture=table.files[i], note=table.files[i])
            elif split == "train" and digest in shared:
                splits[i] = ""
            elif not split:
                notes.add("picture_unlisted", picture=table.files[i], note=table.files[i])
    else:
        rest = np.flatnonzero(splits != "test")
        rest = rest if len(rest) else np.arange(len(splits))
        if len(rest) > 1:
            _divide_into(splits, table, rest, digests, notes, "split_val_made" if train else "split_made")
    return tuple(splits)


def _first_of_each(splits: np.ndarray, digests: Sequence[str], which: tuple[str, ...]) -> np.ndarray:
    """Pictures of some splits, one a content."""
    seen: set[str] = set()
    return np.array([i for i in range(len(splits)) if splits[i] in which and not (digests[i] in seen or seen.add(digests[i]))], np.int64)


def _divide_into(splits: np.ndarray, table: Table, pictures: np.ndarray, digests: Sequence[str], notes: Notes, code: str) -> None:
    val, kind = divide(table, pictures, digests)
    splits[pictures] = "train"
    splits[sorted(val)] = "val"
    notes.add(code, count=len(val), kind=kind, train=len(pictures) - len(val), val=len(val))


def related(table: Table, digests: Sequence[str], notes: Notes) -> None:
    """Note validation pictures that were made of a training picture, and copies within a split."""
    sources = {source_of(file) for file, split in zip(table.files, table.splits) if split == "train" and source_of(file) != file}
    seen: dict[tuple[str, str], str] = {}
    for file, split, digest in zip(table.files, table.splits, digests):
        if split == "val" and source_of(file) in sources:
            notes.add("split_related", picture=file, note=file)
        first = seen.setdefault((split, digest), file)
        if first != file:
            notes.add("picture_copies", picture=file, note=f"{file} = {first}")
