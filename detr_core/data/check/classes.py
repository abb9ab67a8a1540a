"""Tables of classes: ids and names joined into one list, whatever each file numbers how."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from ..coco_check import is_whole, shown
from .notes import Notes

LONGEST_NAME = 120


class Classes:
    """Joins the tables of several files by name. A class's key is its name; its id is the one of the first file that has it."""

    def __init__(self, notes: Notes):
        self.notes, self.id_of = notes, {}

    def table(self, rows: Iterable[tuple[Any, Any]], where: str) -> dict[int, str]:
        """One file's (id, name) rows -> {id: name}."""
        found: dict[int, str] = {}
        words: set[str] = set()
        for told, name in rows:
            number = int(told) if isinstance(told, str) and told.strip().isdecimal() and len(told) < 10 else told
            if not is_whole(number):
                self.notes.add("class_unnamed", note=f"{where}: class id {shown(told)}")
                continue
            word = " ".join(name.split())[:LONGEST_NAME] if isinstance(name, str) else ""
            if not word:
                word = f"class {number}"
                self.notes.add("class_unnamed", note=f"{where}: class {number}")
            if number in found:
                self.notes.add("class_merged" if found[number] == word else "class_id_twice",
                               note=f"{where}: class {number} is {shown(found[number])} and {shown(word)}")
                continue
            if word in words:
                self.notes.add("class_merged", note=f"{where}: {shown(word)} has several ids, {number} among them")
            elif self.id_of.setdefault(word, number) != number:
                self.notes.add("class_tables", note=f"{where}: {shown(word)} has the id {number}, elsewhere {self.id_of[word]}")
            found[number] = word
            words.add(word)
        return found

    def rows(self, without: Iterable[str] = ()) -> tuple[tuple[str, int, str], ...]:
        """(key, id, name) in the order of the ids; similar names and unusual ids are noted."""
        left_out, alike = set(without), defaultdict(list)
        kept = sorted(((name, number) for name, number in self.id_of.items() if name not in left_out), key=lambda row: row[1])
        for name, _ in kept:
            alike["".join(name.casefold().replace("_", " ").replace("-", " ").split())].append(name)
        for names in alike.values():
            if len(names) > 1:
                self.notes.add("class_similar", note=", ".join(map(shown, names)))
        moved = [(place, name, number) for place, (name, number) in enumerate(kept) if place != number]
        for place, name, number in moved:
            self.notes.add("class_ids", note=f"{number} became {place}: {name}")
        return tuple((name, number, name) for name, number in kept)


def shift(used: set[int], known: set[int]) -> int:
    """By how much the numbers of boxes are off, where one side surely counts from 0 and the other one from 1; else 0."""
    count = len(known)
    if not used or used <= known:
        return 0
    if known == set(range(1, count + 1)) and used <= set(range(count)):
        return 1
    if known == set(range(count)) and used <= set(range(1, count + 1)):
        return -1
    return 0


def numbered(tables: list[tuple[dict[int, str], Counter[int]]], notes: Notes) -> list[dict[int, str]]:
    """For every file, {number that its boxes use: class name}; notes shifted and unknown numbers.

    Files with the same ids are judged together: one of them alone may lack the number that gives a shift away.
    """
    together: dict[frozenset[int], set[int]] = defaultdict(set)
    for known, used in tables:
        together[frozenset(known)] |= set(used)
    maps = []
    for known, used in tables:
        off = shift(together[frozenset(known)], set(known))
        if off and used:
            notes.add("class_shifted", note=f"boxes use {min(used)} to {max(used)}, the table has {min(known)} to {max(known)}")
        maps.append({number - off: name for number, name in known.items()})
        for number, count in sorted(used.items()):
            if number not in maps[-1]:
                notes.add("class_unknown", note=f"class {number}: {count} boxes; the table has {span(set(known))}", count=count)
    return maps


def span(numbers: set[int]) -> str:
    """{1, 2, 3} -> "1 to 3"."""
    return f"{min(numbers)} to {max(numbers)}" if numbers else "none"
