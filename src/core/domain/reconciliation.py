"""Reconciliation: the books compared with themselves, or with others; every difference is a break with a name."""

from dataclasses import dataclass
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
    """Clean: everything agreed. Broken: at least one break."""

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
    """What was compared, when, and how many breaks were found."""

    tenant_id: TenantId
    id: ReconciliationId
    kind: ReconciliationKind
    status: ReconciliationStatus
    accounts_checked: int
    entries_checked: int
    break_count: int
    started_at: datetime
    finished_at: datetime
