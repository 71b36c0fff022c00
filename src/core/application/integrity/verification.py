"""What a verification found, as it goes along."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.domain.identifiers import TenantId
from core.domain.integrity import Finding

MAX_FINDINGS = 100


@dataclass(slots=True)
class Verification:
    """
    What was looked at, and what is wrong: nothing, if the books are right. At most 100 findings are kept.

    Attributes:
        expected_entries: How many entries there should be; 0 when nobody knows before.
        snapshots: How many accounts were begun at a snapshot, because older entries were detached.
    """

    tenant_id: TenantId
    expected_entries: int
    accounts: int = 0
    entries: int = 0
    transfers: int = 0
    checkpoints: int = 0
    snapshots: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def found(self, finding: Finding | None) -> None:
        """Keep what is wrong."""
        if finding is not None and len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)


Progress = Callable[[Verification], None]
"""Told now and then how far a verification has come."""


def silent(_verification: Verification) -> None:
    """Nobody watches."""
