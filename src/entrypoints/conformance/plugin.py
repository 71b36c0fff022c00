r"""
The kit as a plugin of pytest.

    pytest -p entrypoints.conformance.plugin --pyargs entrypoints.conformance.checks \
        --gateway-harness=acme_pay.harness:harness --conformance-results=results.json

Several harnesses may be named; each check then runs for each. `--check=C05,C09` runs some of the checks (or tests, by
their names), and `--gateway-harness=acme_pay.harness:harness@C05,C09` runs some for that harness.
"""

import importlib
import re
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from entrypoints.conformance.fault_proxy import FaultProxy
from entrypoints.conformance.harness import CannotHappen, Harness
from entrypoints.conformance.results import CheckResult, Declared, Results, Verdict, written
from entrypoints.conformance.stage import Stage

_CHECK = re.compile(r"::TestC(\d\d)[^:]*::(\w+)")
_LONGEST_DETAIL = 2_000
_RESULTS = pytest.StashKey[list[CheckResult]]()
_DECLARED = pytest.StashKey[dict[str, Declared]]()


@dataclass(slots=True)
class Providers:
    """What runs, each once."""

    _stack: AsyncExitStack
    _started: set[str] = field(default_factory=set[str])

    async def start(self, harness: Harness) -> None:
        """Start what *harness* needs, unless it runs already."""
        if harness.name not in self._started:
            await self._stack.enter_async_context(harness.running())
            self._started.add(harness.name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the adapter, and where results go."""
    group = parser.getgroup("conformance", "gateway adapters")
    group.addoption("--gateway-harness", action="append", default=[], help="module:object, a Harness; repeatable")
    group.addoption("--conformance-results", type=Path, help="write every check's verdict there, as JSON")
    group.addoption("--check", default="", help="run these checks or tests only, such as C05,C09")


def pytest_configure(config: pytest.Config) -> None:
    """Find the checks by their names."""
    config.addinivalue_line("python_files", "c[0-9][0-9]_*.py")
    config.stash[_RESULTS] = []
    config.stash[_DECLARED] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every check runs once for each harness."""
    if "harness" in metafunc.fixturenames:
        named = cast("Sequence[str]", metafunc.config.getoption("--gateway-harness"))
        if not named:
            raise pytest.UsageError("the checks need --gateway-harness=module:object")
        loaded = [_load(name) for name in named]
        metafunc.parametrize("harness", loaded, ids=[each.name for each in loaded], scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what `--check`, or the harness's own list, names."""
    everywhere = _listed(str(config.getoption("--check")))
    named = cast("Sequence[str]", config.getoption("--gateway-harness"))
    of_harness = {_load(each).name: _listed(each.partition("@")[2]) for each in named}
    kept, dropped = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        (kept if _is_wanted(item, everywhere, of_harness) else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def providers() -> AsyncIterator[Providers]:
    """What the harnesses have started; it runs until all checks are done, as harnesses may share it."""
    async with AsyncExitStack() as stack:
        yield Providers(stack)


@pytest_asyncio.fixture(loop_scope="session")
async def running_harness(harness: Harness, providers: Providers) -> Harness:
    """The harness with its provider; without credentials every check is skipped, and says why."""
    if missing := harness.missing_credentials():
        pytest.skip(f"NOT CHECKED: {harness.name} needs {missing}")
    await providers.start(harness)
    return harness


@pytest_asyncio.fixture(loop_scope="session")
async def stage(running_harness: Harness, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """An account, a proxy and the adapter, for one check."""
    async with running_harness.account() as account, FaultProxy(account.provider_url) as proxy:
        gateway = account.gateway(proxy.url)
        request.config.stash[_DECLARED][running_harness.name] = Declared.of(gateway.capabilities)
        yield Stage(account=account, scenery=running_harness.scenery, proxy=proxy, gateway=gateway)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """What a test provider cannot be made to do is skipped, not failed."""
    try:
        return (yield)
    except CannotHappen as impossible:
        pytest.skip(f"the test provider cannot: {impossible}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note every verdict."""
    report = yield
    found = _CHECK.search(item.nodeid)
    if found is None or (report.when != "call" and report.passed):
        return report
    verdict = Verdict.PASSED if report.passed else Verdict.SKIPPED if report.skipped else Verdict.FAILED
    gateway = _harness_of(item)
    item.config.stash[_RESULTS].append(
        CheckResult(
            gateway="?" if gateway is None else gateway.name,
            check=f"C{found[1]}",
            test=found[2],
            verdict=verdict,
            detail="" if report.passed else _detail(report),
        )
    )
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results, where that was asked for."""
    path = cast("Path | None", session.config.getoption("--conformance-results"))
    if path is not None:
        stash = session.config.stash
        checks, declared = stash[_RESULTS], stash[_DECLARED]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(Results(checks, declared)), encoding="utf-8")


def _load(name: str) -> Harness:
    module, _, attribute = name.partition("@")[0].partition(":")
    loaded: Any = importlib.import_module(module)
    for part in (attribute or "harness").split("."):
        loaded = getattr(loaded, part)
    return cast("Harness", loaded)


def _listed(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(",") if each.strip())


def _is_wanted(item: pytest.Item, everywhere: frozenset[str], of_harness: Mapping[str, frozenset[str]]) -> bool:
    found, harness = _CHECK.search(item.nodeid), _harness_of(item)
    if found is None or harness is None:
        return True
    names = {f"C{found[1]}", found[2]}
    return all(not wanted or wanted & names for wanted in (everywhere, of_harness.get(harness.name, frozenset())))


def _harness_of(item: pytest.Item) -> Harness | None:
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else cast("Harness | None", callspec.params.get("harness"))


def _detail(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])[:_LONGEST_DETAIL]
    return str(report.longrepr)[-_LONGEST_DETAIL:]
