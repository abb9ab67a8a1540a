"""What a check found: findings with a verdict and examples, and the facts of a data set."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

VERDICTS = ("fine", "warning", "blocking")
"""From good to bad. Blocking: no training before it is mended by hand."""
EXAMPLES = 24


@dataclass(frozen=True)
class Example:
    """One place where a finding shows. `picture` is a path inside the data set, `box` pixels (x, y, width, height) of it."""

    picture: str = ""
    box: tuple[float, float, float, float] | None = None
    note: str = ""                                  # what stands there, or which line of which file


@dataclass(frozen=True)
class Finding:
    """One kind of flaw (or of remark), however often it occurs. `values` are the numbers and names in its sentence."""

    code: str
    verdict: str
    count: int
    sentence: str
    examples: tuple[Example, ...] = ()
    mended: bool = False                            # the converted copy no longer has it
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Everything that a check says. `facts` is plain JSON; `detr_core.data.check.facts` describes its keys."""

    layout: str                                     # "coco", "voc" or "yolo"
    findings: tuple[Finding, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The worst of the findings."""
        return worst(self.findings)

    @property
    def mended(self) -> bool:
        """Whether the converted copy differs from what was brought."""
        return any(found.mended for found in self.findings)

    def json(self) -> dict[str, Any]:
        """As plain values, the verdict included; `Report.read` is the way back."""
        return {"verdict": self.verdict, "layout": self.layout, "facts": self.facts, "findings": [asdict(found) for found in self.findings]}

    @classmethod
    def read(cls, values: dict[str, Any]) -> Report:
        """From what `json` gave."""
        def example(row: dict[str, Any]) -> Example:
            return Example(**{**row, "box": tuple(row["box"]) if row["box"] else None})

        findings = (Finding(**{**row, "examples": tuple(example(each) for each in row["examples"])}) for row in values["findings"])
        return cls(values["layout"], tuple(findings), values["facts"])

    def but(self, findings: Iterable[Finding] = (), **facts: Any) -> Report:
        """With more findings and facts."""
        return Report(self.layout, ordered((*self.findings, *findings)), {**self.facts, **facts})

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.facts.get('pictures', 0)} pictures, {self.facts.get('boxes', 0)} boxes, layout {self.layout}"]
        return "\n".join(lines + [f"  {found.verdict}: {found.sentence}" for found in self.findings])


def worst(findings: Iterable[Finding]) -> str:
    """The verdict over several findings."""
    return max((found.verdict for found in findings), key=VERDICTS.index, default="fine")


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, else as they came."""
    return tuple(sorted(findings, key=lambda found: -VERDICTS.index(found.verdict)))
