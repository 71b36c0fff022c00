"""
The kit as a plugin of pytest.

    pytest -p entrypoints.conformance.plugin --pyargs entrypoints.conformance.checks \\
        --gateway-harness=acme_pay.harness:harness --conformance-results=results.json

Several harnesses may be named; each check then runs for each. `--check=C05,C09` runs some of them.
"""

import importlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from entrypoints.conformance.fault_proxy import FaultProxy
from entrypoints.conformance.harness import CannotHappen, Harness
from entrypoints.conformance.results import CheckResult, Verdict, written
from entrypoints.conformance.stage import Stage

_CHECK = re.compile(r"::TestC(\d\d)[^:]*::(\w+)")
_LONGEST_DETAIL = 2_000
_RESULTS = pytest.StashKey[list[CheckResult]]()
_CAPABILITIES = pytest.StashKey[dict[str, list[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the adapter, and where results go."""
    group = parser.getgroup("conformance", "gateway adapters")
    group.addoption("--gateway-harness", action="append", default=[], help="module:object, a Harness; repeatable")
    group.addoption("--conformance-results", type=Path, help="write every check's verdict there, as JSON")
    group.addoption("--check", default="", help="run these checks only, such as C05,C09")


def pytest_configure(config: pytest.Config) -> None:
    """Find the checks by their names."""
    config.addinivalue_line("python_files", "c[0-9][0-9]_*.py")
    config.stash[_RESULTS] = []
    config.stash[_CAPABILITIES] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every check runs once for each harness."""
    if "harness" in metafunc.fixturenames:
        named = cast("Sequence[str]", metafunc.config.getoption("--gateway-harness"))
        if not named:
            raise pytest.UsageError("the checks need --gateway-harness=module:object")
        loaded = [_load(name) for name in named]
        metafunc.parametrize("harness", loaded, ids=[each.name for each in loaded], scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what `--check` names."""
    wanted = {name.strip().upper() for name in config.getoption("--check").split(",") if name.strip()}
    if wanted:
        kept = [item for item in items if _check_of(item.nodeid) in wanted]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_harness(harness: Harness, request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    """The harness with its provider; without credentials every check is skipped, and says why."""
    if missing := harness.missing_credentials():
        pytest.skip(f"NOT CHECKED: {harness.name} needs {missing}")
    async with harness.running():
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def stage(running_harness: Harness, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """An account, a proxy and the adapter, for one check."""
    async with running_harness.account() as account, FaultProxy(account.provider_url) as proxy:
        gateway = account.gateway(proxy.url)
        request.config.stash[_CAPABILITIES][running_harness.name] = sorted(gateway.capabilities.operations)
        yield Stage(account=account, scenery=running_harness.scenery, proxy=proxy, gateway=gateway)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """What a test provider cannot be made to do is skipped, not failed."""
    try:
        return (yield)
    except CannotHappen as impossible:
        pytest.skip(f"the test provider cannot: {impossible}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Note every verdict."""
    report: pytest.TestReport = yield
    found = _CHECK.search(item.nodeid)
    if found is None or (report.when != "call" and report.passed):
        return report
    verdict = Verdict.PASSED if report.passed else Verdict.SKIPPED if report.skipped else Verdict.FAILED
    callspec = getattr(item, "callspec", None)
    gateway: Harness | None = None if callspec is None else callspec.params.get("harness")
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
        path.write_text(
            written(session.config.stash[_RESULTS], session.config.stash[_CAPABILITIES]), encoding="utf-8"
        )


def _load(name: str) -> Harness:
    module, _, attribute = name.partition(":")
    loaded: Any = importlib.import_module(module)
    for part in (attribute or "harness").split("."):
        loaded = getattr(loaded, part)
    return cast("Harness", loaded)


def _check_of(nodeid: str) -> str | None:
    found = _CHECK.search(nodeid)
    return None if found is None else f"C{found[1]}"


def _detail(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])[:_LONGEST_DETAIL]
    return str(report.longrepr)[-_LONGEST_DETAIL:]


