"""Dead letters: jobs nobody could do, kept with their history until a person decides."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from core.domain.errors import Conflict, NotFound
from core.domain.identifiers import DeadLetterId, TenantId
from core.domain.job_catalogue import job
from core.domain.jobs import FailedAttempt, JobArgument, JobRequest, PoisonJob

PLATFORM = TenantId(UUID(int=0))
"""Jobs of no tenant are kept under this id, for the platform's own command line."""

_LARGEST_NUMBER = 2**63 - 1
_LETTERS = UUID("5a6c2c36-7b0e-5e0c-8e1e-0f3c2f6f1d52")


class DeadLetterStatus(StrEnum):
    """Open until a person redrives or discards it."""

    OPEN = "open"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


class DeadLetterNotFound(NotFound):
    """There is no such dead letter."""

    code = "dead_letter_not_found"
    title = "There is no such dead letter"


class DeadLetterClosed(Conflict):
    """It was closed the other way before: discarded, or redriven."""

    code = "dead_letter_closed"
    title = "The dead letter is closed"


class DeadLetterNotRedrivable(Conflict):
    """Its record does not say what there was to do; discard it."""

    code = "dead_letter_not_redrivable"
    title = "The dead letter names no job"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """
    A job that was given up.

    Attributes:
        arguments: As they were queued: ids, never payloads.
        reason: The last error.
        history: The attempts that failed, oldest first.
    """

    tenant_id: TenantId
    id: DeadLetterId
    queue: str
    job_key: str
    name: str
    arguments: Mapping[str, JobArgument]
    attempts: int
    reason: str
    history: tuple[FailedAttempt, ...]
    status: DeadLetterStatus
    first_enqueued_at: datetime | None
    died_at: datetime
    closed_at: datetime | None

    def job(self) -> JobRequest:
        """
        What to do again, with today's limits.

        Raises:
            DeadLetterNotRedrivable: If its record could not be read, or was never one of ours.
        """
        try:
            return job(self.name, self.job_key, self.arguments)
        except ValueError as error:
            raise DeadLetterNotRedrivable(str(error)) from None

    def redrive(self, now: datetime) -> "DeadLetter":
        """
        Back to the queue; once redriven it stays so, and the same again changes nothing.

        Raises:
            DeadLetterClosed: If it was discarded.
        """
        return self._close(DeadLetterStatus.REDRIVEN, now)

    def discard(self, now: datetime) -> "DeadLetter":
        """
        Leave it at that; the same again changes nothing.

        Raises:
            DeadLetterClosed: If it was redriven.
        """
        return self._close(DeadLetterStatus.DISCARDED, now)

    def _close(self, status: DeadLetterStatus, now: datetime) -> "DeadLetter":
        if self.status is status:
            return self
        if self.status is not DeadLetterStatus.OPEN:
            raise DeadLetterClosed(f"the dead letter was {self.status}")
        return replace(self, status=status, closed_at=now)


def dead_letter(poison: PoisonJob, *, now: datetime) -> DeadLetter:
    """A poison job as it is kept; the same job given up at the same attempt has the same id."""
    tenant = poison.arguments.get("tenant_id")
    last = poison.history[-1] if poison.history else None
    identity = f"{poison.queue}\0{poison.key}\0{poison.attempts}\0{last.at if last else ''}"
    return DeadLetter(
        tenant_id=_tenant_of(tenant),
        id=DeadLetterId(uuid5(_LETTERS, identity)),
        queue=poison.queue,
        job_key=_kept(poison.key),
        name=_kept(poison.name),
        arguments={
            _kept(name): kept for name, value in poison.arguments.items() if (kept := _argument(value)) is not None
        },
        attempts=poison.attempts,
        reason=_kept(last.error) if last else "its record cannot be read",
        history=tuple(replace(failed, error=_kept(failed.error)) for failed in poison.history),
        status=DeadLetterStatus.OPEN,
        first_enqueued_at=poison.first_enqueued_at,
        died_at=now,
        closed_at=None,
    )


def _kept(text: str) -> str:
    """As PostgreSQL keeps it: no NUL, no half of a pair; a job that cannot be buried would come back for ever."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _argument(value: object) -> JobArgument | None:
    """What can be handed to a job again; None for anything else, which no job of ours has."""
    if isinstance(value, str):
        return _kept(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_NUMBER:
        return value
    return None


def _tenant_of(tenant: object) -> TenantId:
    try:
        return TenantId(UUID(str(tenant)))
    except ValueError:
        return PLATFORM
