"""Rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"

LONGEST_MODULE_LINES = 400
EMPTY_WORDS = frozenset({"helper", "helpers", "manager", "managers", "misc", "util", "utils"})
UNFINISHED = re.compile(r"\b(?:TODO|FIXME)\b")


def modules() -> list[Path]:
    """List every module under src."""
    return sorted(SRC.rglob("*.py"))


def says_nothing(name: str) -> bool:
    """Tell whether *name*, of a file or a folder, leaves open what lies in it."""
    return name == "data" or not EMPTY_WORDS.isdisjoint(name.strip("_").split("_"))


def handlers_imported(source: str) -> Iterator[str]:
    """Give the use-case handlers that *source* imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.application"):
            yield from (alias.name for alias in node.names if alias.name.endswith("Handler"))


def test_a_module_is_named_after_what_it_holds() -> None:
    """A room called "utils" takes anything, so in the end it holds everything."""
    assert [str(path.relative_to(SRC)) for path in SRC.rglob("*") if says_nothing(path.stem)] == []


def test_nothing_is_left_for_later_in_the_code() -> None:
    """Work that is still to do has an issue, where somebody will look for it."""
    texts = {path: path.read_text(encoding="utf-8") for pattern in ("*.py", "*.sql") for path in SRC.rglob(pattern)}
    assert [str(path.relative_to(SRC)) for path, text in sorted(texts.items()) if UNFINISHED.search(text)] == []


def test_no_module_outgrows_its_purpose() -> None:
    """Half of this length is the habit. At this length there is certainly a second purpose to move out."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    too_long = {str(path.relative_to(SRC)): length for path, length in lengths.items() if length > LONGEST_MODULE_LINES}
    assert too_long == {}


def test_use_cases_do_not_call_use_cases() -> None:
    """Each is one unit of work with one outcome. One inside another would commit half of the outer one."""
    found = [
        f"{path.relative_to(SRC)}: {handler}"
        for path in sorted((SRC / "core" / "application").rglob("*.py"))
        for handler in handlers_imported(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("name", ["utils", "_helpers", "data", "wallet_manager", "misc"])
def test_an_empty_name_would_be_seen(name: str) -> None:
    """A check that cannot fail proves nothing."""
    assert says_nothing(name)


@pytest.mark.parametrize("name", ["wallets", "data_retention", "mapping", "utilisation"])
def test_a_speaking_name_is_left_alone(name: str) -> None:
    """A check that always fails proves as little."""
    assert not says_nothing(name)
