"""The worked example of CONTRIBUTING.md is a real variant: it is registered, built and run as written."""
import re
import types
from pathlib import Path

import torch

import detr_core
from detr_core import Batch

TEXT = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text()


def test_worked_example_holds() -> None:
    source = re.search(r'```python\n(""".*?)```', TEXT, re.DOTALL).group(1)
    module = types.ModuleType("detr_core.variants.boxed")
    module.__package__ = "detr_core.variants"
    try:
        exec(compile(source, "boxed.py", "exec"), module.__dict__)
        detector = detr_core.build("boxed_detr", size="tiny").eval()
        with torch.no_grad():
            output = detector(Batch.of([torch.randn(3, 64, 96)], multiple=32))
        assert output.boxes.shape == (1, detector.recipe.queries, 4)
        assert list(detr_core.VARIANTS["boxed_detr"].recipe.difference()) == ["query_init"]
        assert detr_core.VARIANTS["boxed_detr"].parent == "deformable_detr_refine"
    finally:
        detr_core.VARIANTS.pop("boxed_detr", None)
    assert len(source.splitlines()) < 200
