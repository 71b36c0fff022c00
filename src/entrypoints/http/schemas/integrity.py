"""Verifications over the wire."""

from typing import Self
from uuid import UUID

import msgspec

from core.application.integrity.verify_ledger import Verification
from core.domain.integrity import FindingKind


class FindingResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, as precisely as it can be named."""

    kind: FindingKind
    detail: str
    account_id: UUID | None
    sequence: int | None
    transfer_id: UUID | None


class VerificationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and what is wrong: nothing, if the books are right."""

    is_clean: bool
    accounts: int
    entries: int
    transfers: int
    checkpoints: int
    findings: list[FindingResponse]

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """As operators read it."""
        return cls(
            is_clean=verification.is_clean,
            accounts=verification.accounts,
            entries=verification.entries,
            transfers=verification.transfers,
            checkpoints=verification.checkpoints,
            findings=[
                FindingResponse(
                    kind=finding.kind,
                    detail=finding.detail,
                    account_id=finding.account_id,
                    sequence=finding.sequence,
                    transfer_id=finding.transfer_id,
                )
                for finding in verification.findings
            ],
        )
