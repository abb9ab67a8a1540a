"""The collecting of findings while a data set is read."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .codes import CODES, LONE
from .report import EXAMPLES, Example, Finding, ordered


def finding(code: str, count: int = 1, examples: Sequence[Example] = (), verdict: str = "", **values: Any) -> Finding:
    """A finding in words; `values` fill its sentence."""
    usual, mended, what, advice = CODES[code]
    number = "" if code in LONE else f": {count:,}"
    return Finding(code, verdict or usual, count, f"{what}{number}. {advice.format(**values)}", tuple(examples[:EXAMPLES]), mended, values)


@dataclass
class Notes:
    """Findings while they are made: counts everything and keeps the first examples."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)
    values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def add(self, code: str, picture: str = "", box: Any = None, note: str = "", count: int = 1, **values: Any) -> None:
        """One more occurrence; values that differ make findings of their own."""
        key = code, repr(sorted(values.items()))
        self.counts[key] = self.counts.get(key, 0) + count
        self.values[key] = values
        kept = self.examples.setdefault(key, [])
        if len(kept) < EXAMPLES and (picture or note):
            kept.append(Example(picture, None if box is None else tuple(round(float(v), 2) for v in box), note[:300]))

    def has(self, code: str) -> bool:
        return any(known == code for known, _ in self.counts)

    def count(self, *codes: str) -> int:
        """Occurrences of some codes together."""
        return sum(count for (code, _), count in self.counts.items() if code in codes)

    def findings(self) -> tuple[Finding, ...]:
        """In the order of severity."""
        return ordered(finding(key[0], count, self.examples[key], **self.values[key]) for key, count in self.counts.items())
