"""What keeps the code readable: imports run one way, files and functions stay short, arguments few."""
import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kernels", "detr_core", "app", "tests")          # each may import those before it
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LINES = {"kernels": 300}
FUNCTION_LINES = 40


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def imported(tree: ast.AST) -> set[str]:
    """Top-level packages that a file imports anywhere."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module}
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_short_and_imports_one_way(path: Path) -> None:
    text = path.read_text()
    tree, package = ast.parse(text), package_of(path)
    assert len(text.splitlines()) <= LINES.get(package, 200)
    later = PACKAGES[PACKAGES.index(package) + 1:]
    assert imported(tree).isdisjoint(later), f"{package} may not import {later}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


def test_no_file_branches_on_a_variant() -> None:
    """Papers differ by their parts; a comparison with a variant's id anywhere else would undo that."""
    from detr_core import VARIANTS
    for path in (path for path in FILES if package_of(path) != "tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                constants = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
                found = constants & set(VARIANTS)
                assert not found or path.name == "hub.py", f"{path.relative_to(ROOT)}:{node.lineno} compares with {found}"
