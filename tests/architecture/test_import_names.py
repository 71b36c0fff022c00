"""
Our four import names are everyday words, so another package may bring one of them along and win.

`entrypoints` and `adapters` are both published packages. With one of those installed, the console command dies while
the type checkers and most tests stay green.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHERE_IS_IT = "import importlib, sys; print(importlib.import_module(sys.argv[1]).__file__)"


@pytest.mark.parametrize("name", ["core", "ports", "adapters", "entrypoints"])
def test_an_import_name_is_ours(name: str, tmp_path: Path) -> None:
    """Asked from elsewhere and in isolation, as the console command is, so that only the installation can answer."""
    answer = subprocess.run(
        [sys.executable, "-I", "-c", WHERE_IS_IT, name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(answer.stdout.strip()).resolve() == ROOT / "src" / name / "__init__.py"


def test_nothing_is_imported_through_src() -> None:
    """`src.core` and `core` would be two modules, with two unequal Money types. The linter does not look at tests."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("src", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == "src" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "src")
    ]
    assert found == []
