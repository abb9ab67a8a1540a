"""Every detector equals the authors' code on the recorded cases (thinned copies of them lie in tests/cases)."""
from pathlib import Path

import pytest
import torch

from detr_core import Detector
from tests.parity import load_case, recipe_for, run

CASES = sorted(p.with_suffix("") for p in (Path(__file__).parent / "cases").glob("*/*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_equals_the_authors_code(case: Path) -> None:
    report = run(case)
    assert report.passed, str(report)


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_learns_as_many_numbers_as_the_authors_detector(case: Path) -> None:
    """Their freezing counts too: the stem and first stage of the backbone and all batch norms never learn."""
    recorded, _ = load_case(case)
    if "n_parameters" not in recorded:
        pytest.skip("their detector holds numbers that it never uses: a row of label contents, a code for other attention")
    with torch.device("meta"):
        detector = Detector(recipe_for(recorded))
    assert sum(p.numel() for p in detector.parameters() if p.requires_grad) == recorded["n_parameters"]
