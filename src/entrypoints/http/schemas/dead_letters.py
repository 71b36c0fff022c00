"""Dead letters over the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from core.application.dead_letters.redrive_open_dead_letters import RedrivenLetters
from core.domain.dead_letters import DeadLetter, DeadLetterStatus
from core.domain.jobs import FailedAttempt, JobArgument


class DeadLetterResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    A job that was given up after `attempts` attempts. `name` and `arguments` say what there was to do, `reason` the
    last error.
    """

    id: UUID
    status: DeadLetterStatus
    queue: str
    job_key: str
    name: str
    arguments: dict[str, JobArgument]
    attempts: int
    reason: str
    first_enqueued_at: datetime | None
    died_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """As operators read it."""
        return cls(
            id=letter.id,
            status=letter.status,
            queue=letter.queue,
            job_key=letter.job_key,
            name=letter.name,
            arguments=dict(letter.arguments),
            attempts=letter.attempts,
            reason=letter.reason,
            first_enqueued_at=letter.first_enqueued_at,
            died_at=letter.died_at,
            closed_at=letter.closed_at,
        )


class FailedAttemptResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt that failed: which (from 1), when, and why."""

    attempt: int
    at: datetime
    error: str

    @classmethod
    def of(cls, failed: FailedAttempt) -> Self:
        """As operators read it."""
        return cls(attempt=failed.attempt, at=failed.at, error=failed.error)


class DeadLetterHistoryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The letter, and the attempts that failed, oldest first; the last ones only, when there were many."""

    dead_letter: DeadLetterResponse
    history: list[FailedAttemptResponse]

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """As operators read it."""
        return cls(
            dead_letter=DeadLetterResponse.of(letter),
            history=[FailedAttemptResponse.of(each) for each in letter.history],
        )


class RedrivenLettersResponse(msgspec.Struct, frozen=True, kw_only=True):
    """How many are queued again. `skipped` ones name no job, or were closed meanwhile; with `has_more`, ask again."""

    redriven: int
    skipped: int
    has_more: bool

    @classmethod
    def of(cls, redriven: RedrivenLetters) -> Self:
        """As operators read it."""
        return cls(redriven=redriven.redriven, skipped=redriven.skipped, has_more=redriven.has_more)
