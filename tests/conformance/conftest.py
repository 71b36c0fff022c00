"""One run of the kit for the mock adapter, and one for all the broken ones."""

import pytest

from conformance.broken.catalogue import BROKEN
from conformance.kit import run_kit
from entrypoints.conformance.results import Results


@pytest.fixture(scope="session")
async def mock_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Every check, for the mock adapter."""
    return await run_kit(["conformance.mock_harness:harness"], tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="session")
async def broken_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """For each broken adapter, the test that says best what is wrong with it."""
    names = [f"conformance.broken.catalogue:by_name.{each.name}@{each.caught_by}" for each in BROKEN]
    return await run_kit(names, tmp_path_factory.mktemp("broken"))


@pytest.fixture(scope="session")
async def all_broken_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """For each broken adapter, every check."""
    names = [f"conformance.broken.catalogue:by_name.{each.name}" for each in BROKEN]
    return await run_kit(names, tmp_path_factory.mktemp("all_broken"))
