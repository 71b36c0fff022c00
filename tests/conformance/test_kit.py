"""The kit itself: what it says when it cannot try anything."""

from pathlib import Path

from conformance.kit import run_kit
from conformance.mock_harness import MockHarness
from entrypoints.conformance.results import Verdict


class NoCredentials(MockHarness):
    """A sandbox of a real provider that nobody gave the key for."""

    def missing_credentials(self) -> str | None:
        return "ACME_SANDBOX_KEY"


sandbox = NoCredentials(name="acme")


async def test_without_credentials_every_check_is_skipped_and_says_so(tmp_path: Path) -> None:
    results = await run_kit(["conformance.test_kit:sandbox@C02,C09"], tmp_path)
    assert {each.check for each in results.checks} == {"C02", "C09"}
    assert {each.verdict for each in results.checks} == {Verdict.SKIPPED}
    assert all("NOT CHECKED: acme needs ACME_SANDBOX_KEY" in each.detail for each in results.checks)
    assert results.declared == {}
