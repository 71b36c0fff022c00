"""
Who may import whom is written in pyproject.toml as import contracts.

They run here as well as in `task architecture`, so that nobody can have a green suite over a broken layer.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept() -> None:
    """A layer holds only as long as no single import goes round it."""
    linter = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
