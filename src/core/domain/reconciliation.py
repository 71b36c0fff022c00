"""Reconciliation: the books compared with themselves, or with others; every difference is a break with a name."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.domain.errors import NotFound
from core.domain.identifiers import ReconciliationId, TenantId

MOST_ATTEMPTS = 3
"""Fewer than a job has, so that the row has its end before its job is a dead letter."""

FIRST_PAUSE, PAUSE_FACTOR = timedelta(minutes=1), 5.0
LONGEST_AGE = timedelta(days=1)
"""What is older makes room for the next one, whatever keeps it from being attempted."""

NO_ATTEMPT_ENDED = "no attempt came to its end within its time"
TOO_OLD = "it was not finished within a day"


class ReconciliationKind(StrEnum):
    """Permanent names."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class ReconciliationStatus(StrEnum):
    """
    Running until everything was compared. Clean: everything agreed. Broken: at least one break. Failed: it could not
    be compared, and is not tried again.
    """

    RUNNING = "running"
    CLEAN = "clean"
    BROKEN = "broken"
    FAILED = "failed"


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
    """
    What was compared, when, and how many breaks were found; nothing yet while it is running.

    Attributes:
        attempts: How many were begun.
        next_attempt_at: When the next may begin; None once it has its result.
        failure: Why the last attempt came to nothing.
    """

    tenant_id: TenantId
    id: ReconciliationId
    kind: ReconciliationKind
    status: ReconciliationStatus
    accounts_checked: int = 0
    entries_checked: int = 0
    break_count: int = 0
    started_at: datetime
    finished_at: datetime | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    failure: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether an attempt may begin: it runs, and the pause after the one before is over."""
        return self.next_attempt_at is not None and self.next_attempt_at <= now

    def attempt(self, now: datetime) -> "Reconciliation":
        """With one attempt more begun; failed when it has had all of them, and none came to an end."""
        self._check_running()
        if self.attempts >= MOST_ATTEMPTS:
            return self.fail(self.failure or NO_ATTEMPT_ENDED, now)
        return replace(self, attempts=self.attempts + 1, next_attempt_at=now + _pause(self.attempts + 1))

    def put_off(self, failure: str, now: datetime) -> "Reconciliation":
        """After an attempt that came to nothing: until its pause is over, or failed if it was the last."""
        self._check_running()
        if self.attempts >= MOST_ATTEMPTS:
            return self.fail(failure, now)
        return replace(self, next_attempt_at=now + _pause(self.attempts), failure=failure)

    def fail(self, failure: str, now: datetime) -> "Reconciliation":
        """Without a result, for good."""
        self._check_running()
        return replace(self, status=ReconciliationStatus.FAILED, failure=failure, next_attempt_at=None, finished_at=now)

    def finish(self, *, accounts: int, entries: int, breaks: int, now: datetime) -> "Reconciliation":
        """
        With its result.

        Raises:
            ValueError: If it has one, and keeps it: a programmer's mistake.
        """
        self._check_running()
        return replace(
            self,
            status=ReconciliationStatus.BROKEN if breaks else ReconciliationStatus.CLEAN,
            accounts_checked=accounts,
            entries_checked=entries,
            break_count=breaks,
            finished_at=now,
            next_attempt_at=None,
            failure=None,
        )

    def _check_running(self) -> None:
        if self.status is not ReconciliationStatus.RUNNING:
            raise ValueError(f"the reconciliation is {self.status}")


def _pause(attempts: int) -> timedelta:
    """From the beginning of an attempt, so that a lost worker's is made again, and from its failure."""
    return FIRST_PAUSE * PAUSE_FACTOR ** max(0, attempts - 1)
