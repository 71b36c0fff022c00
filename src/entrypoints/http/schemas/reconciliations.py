"""Reconciliations over the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from core.domain.reconciliation import Break, Reconciliation, ReconciliationKind, ReconciliationStatus


class ReconciliationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was compared and when; `clean` when everything agreed. The first 100 breaks are kept. While it is `running`,
    nothing is counted, and `finished_at` is null. `failed` when three attempts came to nothing: `failure` says why,
    and another one may be asked for.
    """

    id: UUID
    kind: ReconciliationKind
    status: ReconciliationStatus
    accounts_checked: int
    entries_checked: int
    break_count: int
    started_at: datetime
    finished_at: datetime | None
    failure: str | None

    @classmethod
    def of(cls, reconciliation: Reconciliation) -> Self:
        """As operators read it."""
        return cls(
            id=reconciliation.id,
            kind=reconciliation.kind,
            status=reconciliation.status,
            accounts_checked=reconciliation.accounts_checked,
            entries_checked=reconciliation.entries_checked,
            break_count=reconciliation.break_count,
            started_at=reconciliation.started_at,
            finished_at=reconciliation.finished_at,
            failure=reconciliation.failure,
        )


class BreakResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not agree; `sequence` is the first wrong entry of the account, where there is one."""

    number: int
    type: str
    account_id: UUID | None
    sequence: int | None
    detail: str

    @classmethod
    def of(cls, found: Break) -> Self:
        """As operators read it."""
        return cls(
            number=found.number,
            type=found.type,
            account_id=found.account_id,
            sequence=found.sequence,
            detail=found.detail,
        )


class ReconciliationBreaksResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The reconciliation and its next breaks; `next_after` is null when these were the last."""

    reconciliation: ReconciliationResponse
    breaks: list[BreakResponse]
    next_after: int | None

    @classmethod
    def of(cls, reconciliation: Reconciliation, breaks: Sequence[Break], *, limit: int) -> Self:
        """As operators read it; one break more than *limit* was asked for, to know whether there is more."""
        kept = breaks[:limit]
        return cls(
            reconciliation=ReconciliationResponse.of(reconciliation),
            breaks=[BreakResponse.of(found) for found in kept],
            next_after=kept[-1].number if len(breaks) > limit else None,
        )
