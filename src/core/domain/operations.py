"""
Operations: one intent to change something outside, from its reservation to its end (design: orchestration).

An operation is a row, committed together with the money it reserves before anything is called. Its key follows from
its cause; its attempt number fences off whoever slept through a lease.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from core.domain.errors import Conflict as ConflictError
from core.domain.errors import NotFound
from core.domain.identifiers import OperationId, TenantId
from core.domain.outcomes import Failure

DAY = timedelta(hours=24)
LEASE_MARGIN_SECONDS = 10.0
"""How long past an attempt's deadline nobody else begins one: time to write the outcome down."""

_KEYS = UUID("0d5d3f0a-9a0a-5b55-8a53-5e2f6f0f1c84")


class OperationState(StrEnum):
    """Permanent names."""

    RESERVED = "reserved"
    SUBMITTING = "submitting"
    PROVIDER_PENDING = "provider_pending"
    UNKNOWN = "unknown"
    NEEDS_REVIEW = "needs_review"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    REJECTED = "rejected"


TERMINAL_STATES = frozenset({OperationState.SUCCEEDED, OperationState.DECLINED, OperationState.REJECTED})
ACTIVE_STATES = frozenset(OperationState) - TERMINAL_STATES

_OUTCOMES = frozenset(OperationState) - {OperationState.RESERVED, OperationState.SUBMITTING}
TRANSITIONS: dict[OperationState, frozenset[OperationState]] = {
    OperationState.RESERVED: frozenset({OperationState.SUBMITTING}),
    OperationState.SUBMITTING: _OUTCOMES | {OperationState.RESERVED},
    OperationState.PROVIDER_PENDING: _OUTCOMES - {OperationState.PROVIDER_PENDING},
    OperationState.UNKNOWN: (_OUTCOMES - {OperationState.UNKNOWN}) | {OperationState.SUBMITTING},
    OperationState.NEEDS_REVIEW: TERMINAL_STATES,
    OperationState.SUCCEEDED: frozenset(),
    OperationState.DECLINED: frozenset(),
    OperationState.REJECTED: frozenset(),
}
"""Every legal move; the table's trigger states the same (migrations/versions/0002_orchestration.sql)."""


class OperationNotFound(NotFound):
    """There is no such operation."""

    code = "operation_not_found"
    title = "There is no such operation"


class InvalidOperationMove(ConflictError):
    """An operation goes only where its state allows."""

    code = "invalid_operation_move"
    title = "The operation cannot move so"


class OperationLeased(ConflictError):
    """An attempt is under way; wait for it to end."""

    code = "operation_leased"
    title = "An attempt is under way"
    retryable = True


class OperationUnderWay(ConflictError):
    """Another operation on the same thing is not at its end; ask again when it is."""

    code = "operation_under_way"
    title = "Another operation is under way"
    retryable = True


class OperationStale(ConflictError):
    """Somebody else has begun another attempt."""

    code = "operation_stale"
    title = "Another attempt has begun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """
    What is to happen outside, and why.

    Attributes:
        kind: A permanent dotted name that says who runs it, such as ``order.fulfil``.
        subject: The order, payment, refund or payout it is for; one active operation a subject.
        amount: In minor units of *asset*.
        params_digest: SHA-256 over what is asked, so that one key never asks for two things.
        cause: The client's idempotency key, or the id of the event behind it; never an id made for this.
        ordinal: Grows with a new operation of the same cause after a final no.
        key_window: For how long the provider recognises the key; None when it knows no keys at all.
    """

    tenant_id: TenantId
    kind: str
    subject: UUID
    asset: str
    amount: int
    params_digest: bytes
    cause: str
    trace_id: str
    gateway_account: UUID | None = None
    step: str = ""
    ordinal: int = 0
    key_window: timedelta | None = DAY

    @property
    def key(self) -> UUID:
        """
        The provider's idempotency key, from the cause alone.

        A crash, a second worker, or a backup restored to before the row existed all send this same key.
        """
        parts = (self.tenant_id, self.cause, self.kind, self.gateway_account or "", self.step, self.ordinal)
        return uuid5(_KEYS, "\0".join(map(str, parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    One intent, and where it stands.

    Attributes:
        key: What the provider knows this intent by, on every attempt.
        key_window: For how long it recognises the key; None when it knows no keys at all.
        attempt: Grows with every attempt and look-up; the fencing token.
        submissions: How often the request itself may have been sent.
        lookups: How often the provider was asked what happened, since the last submission.
        unknown_since: Since when nobody knows; None while somebody does.
        next_attempt_at: Before it nobody begins another attempt; None when nobody has to.
        provider_ref: What the provider calls it, once it said so.
        last_error: What went wrong last, for people.
        failure: Why it ended in a no, for whoever asked.
    """

    tenant_id: TenantId
    id: OperationId
    kind: str
    subject: UUID
    asset: str
    amount: int
    params_digest: bytes
    gateway_account: UUID | None
    key: UUID
    cause: str
    ordinal: int
    trace_id: str
    created_at: datetime
    state: OperationState
    attempt: int
    submissions: int
    lookups: int
    unknown_since: datetime | None
    next_attempt_at: datetime | None
    provider_ref: str | None
    last_error: str | None
    failure: Failure | None = None
    updated_at: datetime
    key_window: timedelta | None = DAY

    @property
    def is_active(self) -> bool:
        """Whether it may still change anything."""
        return self.state in ACTIVE_STATES

    def move(self, state: OperationState, *, now: datetime, **changes: object) -> "Operation":
        """
        The operation in *state*, with further *changes*; the same state again is no move and always allowed.

        Raises:
            InvalidOperationMove: If the table of transitions does not have it.
        """
        if state is not self.state and state not in TRANSITIONS[self.state]:
            raise InvalidOperationMove(f"an operation in {self.state} cannot become {state}")
        if state in TERMINAL_STATES:
            changes = {"next_attempt_at": None, "unknown_since": None, **changes}
        return replace(self, state=state, updated_at=now, **changes)  # type: ignore[arg-type]  # names are ours


def begin_operation(
    intent: Intent, operation_id: OperationId, *, now: datetime, leased_seconds: float | None = None
) -> Operation:
    """Reserved and due at once; or leased already, for an inline first attempt that may take *leased_seconds*."""
    leased = leased_seconds is not None
    return Operation(
        tenant_id=intent.tenant_id,
        id=operation_id,
        kind=intent.kind,
        subject=intent.subject,
        asset=intent.asset,
        amount=intent.amount,
        params_digest=intent.params_digest,
        gateway_account=intent.gateway_account,
        key=intent.key,
        cause=intent.cause,
        ordinal=intent.ordinal,
        trace_id=intent.trace_id,
        created_at=now,
        state=OperationState.SUBMITTING if leased else OperationState.RESERVED,
        attempt=1 if leased else 0,
        submissions=1 if leased else 0,
        lookups=0,
        unknown_since=None,
        next_attempt_at=now if leased_seconds is None else lease_end(now, leased_seconds),
        provider_ref=None,
        last_error=None,
        updated_at=now,
        key_window=intent.key_window,
    )


def lease_end(now: datetime, deadline_seconds: float) -> datetime:
    """Until when nobody else begins an attempt that has this long to run."""
    return now + timedelta(seconds=deadline_seconds + LEASE_MARGIN_SECONDS)
