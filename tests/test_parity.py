"""Every detector equals the authors' code on the recorded cases (thinned copies of them lie in tests/cases)."""
from pathlib import Path

import pytest

from tests.parity import run

CASES = sorted(p.with_suffix("") for p in (Path(__file__).parent / "cases").glob("*/*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_equals_the_authors_code(case: Path) -> None:
    report = run(case)
    assert report.passed, str(report)
