"""
The core knows no technology.

The import contracts say which of our own rooms may be imported. They cannot say "the standard library and nothing
else", and they do not see a call, so the core's source is read here.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"

IMPURE_IN_THE_CORE = frozenset({"importlib"})
IMPURE_IN_THE_DOMAIN = frozenset(
    {"asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "socket"}
    | {"sqlite3", "subprocess", "tempfile", "threading", "time", "urllib"}
)
CLOCK_AND_CHANCE = frozenset(
    {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "uuid.uuid1", "uuid.uuid4", "uuid1", "uuid4"}
)
INPUT_AND_OUTPUT = frozenset({"__import__", "input", "open", "print"})
PURE_PARTS = frozenset({"urllib.parse"})
"""Modules of an impure package that only work on text."""
ASYNCHRONOUS = (ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.Await)


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give the line and the dotted name of everything *tree* imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def foreign_imports(source: str, *, ours: tuple[str, ...], impure: frozenset[str]) -> list[str]:
    """Name the imports that are neither under *ours* nor a pure part of the standard library."""
    found: list[str] = []
    for line, name in imported(ast.parse(source)):
        top = name.partition(".")[0]
        own = any(f"{name}.".startswith(f"{prefix}.") for prefix in ours)
        pure_part = any(f"{name}.".startswith(f"{part}.") for part in PURE_PARTS)
        if not own and not pure_part and (top not in sys.stdlib_module_names or top in impure):
            found.append(f"{line}: imports {name}")
    return found


def impure_code(source: str) -> list[str]:
    """Name the places that wait, read the clock, draw by chance, or talk to the outside."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ASYNCHRONOUS) or (isinstance(node, ast.comprehension) and node.is_async):
            found.append(f"{getattr(node, 'lineno', '?')}: waits for something")
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            dotted = ".".join(called.split(".")[-2:])
            if called in INPUT_AND_OUTPUT or dotted in CLOCK_AND_CHANCE:
                found.append(f"{node.lineno}: calls {called}()")
    return found


def offences_under(folder: str, ours: tuple[str, ...], impure: frozenset[str], *, pure_code: bool) -> list[str]:
    """Collect every offence under *folder*, one line each, with its file."""
    return [
        f"{path.relative_to(SRC)}:{offence}"
        for path in sorted((SRC / folder).rglob("*.py"))
        for source in [path.read_text(encoding="utf-8")]
        for offence in foreign_imports(source, ours=ours, impure=impure) + (impure_code(source) if pure_code else [])
    ]


def test_the_domain_is_values_and_rules_only() -> None:
    """What money may do has to be decidable in a test without a clock, a loop or a database."""
    impure = IMPURE_IN_THE_CORE | IMPURE_IN_THE_DOMAIN
    assert offences_under("core/domain", ("core.domain",), impure, pure_code=True) == []


def test_use_cases_import_the_standard_library_the_core_and_the_ports() -> None:
    """A use case that names a library could not be run with another."""
    assert offences_under("core/application", ("core", "ports"), IMPURE_IN_THE_CORE, pure_code=False) == []


def test_nothing_lies_in_the_core_beside_the_domain_and_the_use_cases() -> None:
    """A third room in the core would escape the two checks above."""
    rooms = {path.relative_to(SRC / "core").parts[0] for path in (SRC / "core").rglob("*.py")}
    assert rooms <= {"__init__.py", "domain", "application"}
    assert foreign_imports((SRC / "core/__init__.py").read_text(encoding="utf-8"), ours=(), impure=frozenset()) == []


def test_ports_speak_the_language_of_the_domain() -> None:
    """A port that mentions a technology, or a use case, is shaped by it, and every other adapter would have to be."""
    assert offences_under("ports", ("core.domain", "ports"), IMPURE_IN_THE_CORE, pure_code=False) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import msgspec",
        "from ports import clock",
        "from core.application import x",
        "import os.path",
        "from . import x",
    ],
)
def test_a_foreign_import_in_the_domain_would_be_seen(planted: str) -> None:
    """A check that cannot fail proves nothing."""
    assert foreign_imports(planted, ours=("core.domain",), impure=IMPURE_IN_THE_DOMAIN)


@pytest.mark.parametrize(
    "planted",
    [
        "async def f() -> None: ...",
        "now = datetime.now(UTC)",
        "now = datetime.datetime.utcnow()",
        "day = date.today()",
        "name = uuid.uuid4()",
        "print(1)",
        "text = open('x').read()",
    ],
)
def test_impure_code_in_the_domain_would_be_seen(planted: str) -> None:
    """A check that cannot fail proves nothing."""
    assert impure_code(planted)


def test_pure_code_is_left_alone() -> None:
    """A check that always fails proves as little."""
    source = "from datetime import datetime\nfrom core.domain.money import Money\nlater = clock.now()\n"
    assert foreign_imports(source, ours=("core.domain",), impure=IMPURE_IN_THE_DOMAIN) == []
    assert impure_code(source) == []
