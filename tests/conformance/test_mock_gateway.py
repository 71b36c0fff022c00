"""The mock adapter against the whole conformance kit (the checks themselves: entrypoints.conformance.checks)."""

import pytest

from conformance.kit import CHECKS
from entrypoints.conformance.results import Results, Verdict

pytestmark = pytest.mark.timeout(300)  # the first one waits for the whole run


@pytest.mark.parametrize("check", CHECKS)
async def test_the_mock_adapter_passes(mock_results: Results, check: str) -> None:
    ours = [each for each in mock_results.checks if each.check == check]
    assert ours, "the check was not run"
    problems = [f"{each.test}: {each.verdict} {each.detail}" for each in ours if each.verdict is not Verdict.PASSED]
    assert problems == []
