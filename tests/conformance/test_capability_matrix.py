"""The published matrix is what the kit has seen."""

from dataclasses import replace

import pytest

from conformance.kit import CHECKS, ROOT
from core.domain.gateway_capabilities import GatewayOperation
from entrypoints.conformance.report import SPEAKING_OF, TITLES, matrix
from entrypoints.conformance.results import Results, Verdict, read, written

pytestmark = pytest.mark.timeout(300)  # the first one waits for the whole run

PAGE = ROOT / "docs" / "gateways" / "capabilities.md"


async def test_the_committed_matrix_equals_the_results(mock_results: Results) -> None:
    """Renew it with: pytest -p entrypoints.conformance.plugin … --conformance-results=R; then the report of R."""
    assert matrix(mock_results) == PAGE.read_text(encoding="utf-8")


async def test_a_failed_check_takes_back_what_an_adapter_declares(mock_results: Results) -> None:
    worse = [replace(each, verdict=Verdict.FAILED) if each.check == "C17" else each for each in mock_results.checks]
    page = matrix(Results(worse, mock_results.declared))
    assert "| create_payout | declared, but C17 failed" in page
    assert "| create_payment | yes" in page
    assert "| C17 Payouts: made, polled, canceled, failed, returned | FAILED: test_" in page


async def test_a_check_that_was_skipped_proves_nothing(mock_results: Results) -> None:
    skipped = [replace(each, verdict=Verdict.SKIPPED) if each.check == "C16" else each for each in mock_results.checks]
    assert "| list_movements | declared, but C16 not tried |" in matrix(Results(skipped, mock_results.declared))


async def test_results_survive_their_file(mock_results: Results) -> None:
    assert read(written(mock_results)) == mock_results


def test_every_operation_and_check_is_in_the_matrix() -> None:
    assert set(SPEAKING_OF) == set(GatewayOperation)
    assert list(TITLES) == CHECKS
