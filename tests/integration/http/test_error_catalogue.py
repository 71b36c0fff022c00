"""docs/errors.md lists every code there is, as the code knows it."""

import re
import subprocess
import sys
from pathlib import Path

KEPT = Path(__file__).parents[3] / "docs" / "errors.md"


def test_the_kept_catalogue_is_that_of_the_code(tmp_path: Path) -> None:
    """Renew it with: python -m entrypoints.http.export_errors docs/errors.md."""
    made = tmp_path / "errors.md"
    # In a process of its own: errors that other tests define must not count.
    subprocess.run([sys.executable, "-m", "entrypoints.http.export_errors", str(made)], check=True, timeout=60)

    assert made.read_text(encoding="utf-8") == KEPT.read_text(encoding="utf-8")


def test_every_code_is_listed_once_with_a_title_and_a_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (yes|no) \| (.+) \|$", KEPT.read_text(encoding="utf-8"), re.MULTILINE)

    codes = [code for code, *_ in rows]
    assert {"insufficient_funds", "invalid_field", "idempotency_key_reused", "internal_error"} <= set(codes)
    assert len(set(codes)) == len(codes)
    assert all(title and meaning for _code, title, _retryable, meaning in rows)
