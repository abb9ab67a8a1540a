"""What the README says holds: its Python runs as written, and its table names every detector."""
import re
from pathlib import Path

import detr_core

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_python_runs_as_written(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    source = next(block for block in BLOCKS if block.startswith("import detr_core"))
    exec(compile(source, "README.md", "exec"), {})


def test_every_detector_stands_in_the_table() -> None:
    table = TEXT[TEXT.index("## Detectors"):TEXT.index("## Bundled weights")]
    assert re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE) == list(detr_core.VARIANTS)


def test_every_picture_and_page_exists() -> None:
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", TEXT)
    assert links and all((ROOT / link).exists() for link in links), [link for link in links if not (ROOT / link).exists()]
