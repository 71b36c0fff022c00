"""
A clone installs from whichever package index its owner trusts, and runs in whichever folder it stands.

Locks that carry download addresses force one index on everybody, and a path of the machine it was written on works on
that machine only. See docs/decisions/0002-no-lock-file-with-addresses.md.
"""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LOCKS = ("*constraints*.txt", "*requirements*.txt", "*.lock", "*-lock.json", "*-lock.yaml", "pylock*.toml", "go.sum")
ADDRESS = re.compile(r"https?://")
INDEX_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|deb\.debian\.org|archive\.ubuntu\.com"
    r"|proxy\.golang\.org|crates\.io|repo1?\.maven|rubygems\.org"
)
MACHINE_PATH = re.compile(
    r"(?<![\w.$}-])(?:/home/\w|/Users/\w|/root(?!/\.cache)/|/work/\w|/tmp/\w+_jobs|[A-Z]:\\Users\\)"
)
LEFT_BY_A_RUN = frozenset({".bursar", ".git", ".task", ".venv", "__pycache__", "dist", "node_modules"})


def repository_files() -> list[Path]:
    """List what git tracks or is about to; where git does not answer, whatever a run has not left behind."""
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if answer.returncode == 0:
        found = [ROOT / name for name in answer.stdout.decode().split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if LEFT_BY_A_RUN.isdisjoint(path.relative_to(ROOT).parts)]
    return sorted(path for path in found if path.is_file())


def places(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Say where in the text files among *paths* the pattern stands."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in paths
        for content in [path.read_bytes()]
        if b"\0" not in content
        for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_lock_file_carries_an_address() -> None:
    """What pins a version must not also say where to fetch it."""
    locks = [path for path in repository_files() if any(fnmatch(path.name, lock) for lock in LOCKS)]
    assert ROOT / "constraints.txt" in locks
    assert places(ADDRESS, locks) == []


def test_no_file_names_a_package_index() -> None:
    """An index named anywhere (a Dockerfile, a guide, a workflow) is one that a closed network cannot reach."""
    assert places(INDEX_HOST, repository_files()) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    """It would work there only, and it tells strangers where our work lies."""
    assert places(MACHINE_PATH, repository_files()) == []


@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        (INDEX_HOST, "index-url = files.python" + "hosted.org"),
        (MACHINE_PATH, "cd /" + "home/alice/bursar"),
        (MACHINE_PATH, 'data = "/' + 'work/main"'),
    ],
)
def test_a_planted_name_would_be_seen(pattern: re.Pattern[str], planted: str) -> None:
    """A check that cannot fail proves nothing."""
    assert pattern.search(planted)
