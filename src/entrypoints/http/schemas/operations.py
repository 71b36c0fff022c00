"""Operations over the wire, and what operators say about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.domain.operations import Operation, OperationState
from entrypoints.http.schemas.fields import PRINTABLE_PATTERN, Amount, AssetCode, MovementRequest, Request, Text
from ports.operation_repository import RecordedAttempt


class AdministeredMovementRequest(MovementRequest, frozen=True, kw_only=True):
    """Money into or out of a user's wallet in one asset, against the tenant's treasury."""

    asset: AssetCode
    amount: Amount


class ResolveOperationRequest(Request, frozen=True, kw_only=True):
    """What happened outside, and how you know."""

    outcome: Literal["succeeded", "declined"]
    reason: Text
    provider_ref: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=255,
                pattern=PRINTABLE_PATTERN,
                description="What the provider calls it; the operation's key stands for it when left out.",
            ),
        ]
        | None
    ) = None


class AttemptResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt saw; `counted` is false for what decided nothing: too late, or not about the outcome."""

    attempt: int
    step: str
    outcome: str
    detail: str | None
    counted: bool
    ended_at: datetime

    @classmethod
    def of(cls, attempt: RecordedAttempt) -> Self:
        """As operators read it."""
        return cls(
            attempt=attempt.attempt,
            step=attempt.step,
            outcome=attempt.outcome,
            detail=attempt.detail,
            counted=attempt.counted,
            ended_at=attempt.ended_at,
        )


class OperationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    One intent to change something outside. `subject` is the order it is for, `key` what the provider knows it by;
    nobody begins another attempt before `next_attempt_at`.
    """

    id: UUID
    kind: str
    subject: UUID
    asset: str
    amount: int
    key: UUID
    state: OperationState
    attempt: int
    submissions: int
    lookups: int
    unknown_since: datetime | None
    next_attempt_at: datetime | None
    provider_ref: str | None
    last_error: str | None
    trace_id: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """As operators read it."""
        return cls(**{name: getattr(operation, name) for name in cls.__struct_fields__})


class OperationHistoryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An operation, and everything its attempts saw, in order."""

    operation: OperationResponse
    attempts: list[AttemptResponse]

    @classmethod
    def of(cls, operation: Operation, attempts: Sequence[RecordedAttempt]) -> Self:
        """As operators read it."""
        return cls(operation=OperationResponse.of(operation), attempts=[AttemptResponse.of(each) for each in attempts])
