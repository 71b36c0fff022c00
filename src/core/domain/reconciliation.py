"""Reconciliation: the books compared with themselves, or with others; every difference is a break with a name."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.domain.errors import NotFound
from core.domain.identifiers import ReconciliationId, TenantId


class ReconciliationKind(StrEnum):
    """Permanent names."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class ReconciliationStatus(StrEnum):
    """Running until everything was compared. Clean: everything agreed. Broken: at least one break."""

    RUNNING = "running"
    CLEAN = "clean"
    BROKEN = "broken"


class ReconciliationNotFound(NotFound):
    """There is no such reconciliation."""

    code = "reconciliation_not_found"
    title = "There is no such reconciliation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One thing that does not agree; *sequence* is the first wrong entry of the account, where one is."""

    number: int
    type: str
    account_id: UUID | None
    sequence: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What was compared, when, and how many breaks were found; nothing yet while it is running."""

    tenant_id: TenantId
    id: ReconciliationId
    kind: ReconciliationKind
    status: ReconciliationStatus
    accounts_checked: int = 0
    entries_checked: int = 0
    break_count: int = 0
    started_at: datetime
    finished_at: datetime | None = None

    def finish(self, *, accounts: int, entries: int, breaks: int, now: datetime) -> "Reconciliation":
        """
        With its result.

        Raises:
            ValueError: If it has one, and keeps it: a programmer's mistake.
        """
        if self.status is not ReconciliationStatus.RUNNING:
            raise ValueError(f"the reconciliation is {self.status}")
        return replace(
            self,
            status=ReconciliationStatus.BROKEN if breaks else ReconciliationStatus.CLEAN,
            accounts_checked=accounts,
            entries_checked=entries,
            break_count=breaks,
            finished_at=now,
        )
