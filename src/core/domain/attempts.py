"""What to do next about an operation, and where an outcome takes it: pure rules (design: orchestration)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.operations import (
    InvalidOperationMove,
    Operation,
    OperationLeased,
    OperationStale,
    OperationState,
    lease_end,
)
from core.domain.outcomes import (
    Absent,
    ActionRequired,
    Conflict,
    Declined,
    Failure,
    FailureClass,
    NextStep,
    NotSent,
    Outcome,
    Pending,
    Rejected,
    Sighting,
    Succeeded,
    Unknown,
)

LOOK_UP_AFTER_SECONDS = (60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0)
"""Pauses before the look-ups of an unknown outcome; the last one repeats."""

LONGEST_RETRY_AFTER_SECONDS = 3_600.0
"""How long a provider may ask us to wait before something that it did not begin is asked for again."""

REVIEW_AFTER = timedelta(hours=24)
"""An outcome unknown for this long is shown to an operator, while look-ups go on."""

_MAX_ERROR_LENGTH = 500


class Step(StrEnum):
    """What one run does; permanent names. An operator or a webhook ends an operation without a run."""

    SUBMIT = "submit"
    LOOK_UP = "look_up"
    OPERATOR = "operator"
    WEBHOOK = "webhook"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPolicy:
    """
    How one kind of operation is attempted.

    Attributes:
        deadline_seconds: How long one call may take, connecting included.
        submissions: How often the request is sent, at most, before only look-ups follow.
        key_window: For how long the provider recognises a key; None when it knows no keys at all.
        backoff_seconds: Pause after the first failed submission; doubles, up to *longest_backoff_seconds*.
        poll_seconds: Pause between look-ups of what the provider says is pending, unless it says otherwise.
    """

    deadline_seconds: float = 5.0
    submissions: int = 3
    key_window: timedelta | None = timedelta(hours=24)
    backoff_seconds: float = 1.0
    longest_backoff_seconds: float = 60.0
    poll_seconds: float = 60.0


def next_step(operation: Operation, policy: AttemptPolicy, *, now: datetime) -> Step:
    """
    What a run that begins now does: repeat the request while its key is known there, look up otherwise.

    Without idempotency at the provider a request that may have been sent is never sent again.
    """
    if not operation.is_active:
        return Step.NOTHING
    if operation.state is OperationState.RESERVED:
        return Step.SUBMIT
    if operation.state in {OperationState.PROVIDER_PENDING, OperationState.NEEDS_REVIEW}:
        return Step.LOOK_UP
    if operation.submissions < policy.submissions and _in_window(operation, policy, now=now):
        return Step.SUBMIT
    return Step.LOOK_UP


def fence(operation: Operation, policy: AttemptPolicy, *, now: datetime) -> tuple[Step, Operation]:
    """
    Begin an attempt: what to do, and the operation with a new attempt number and a lease.

    Raises:
        OperationStale: If it is not due, because it is leased or nothing is left to do.
    """
    if operation.next_attempt_at is None or now < operation.next_attempt_at:
        raise OperationStale("this operation is not due")
    step = next_step(operation, policy, now=now)
    if step is Step.NOTHING:
        raise OperationStale("this operation has ended")
    leased: dict[str, object] = {
        "attempt": operation.attempt + 1,
        "next_attempt_at": lease_end(now, policy.deadline_seconds),
    }
    if operation.state is OperationState.SUBMITTING and operation.unknown_since is None:
        leased["unknown_since"] = now  # whoever had the lease is gone, and nobody knows what it did
    if step is Step.SUBMIT:
        counted = replace(operation, submissions=operation.submissions + 1, lookups=0)
        return step, counted.move(OperationState.SUBMITTING, now=now, **leased)
    state = OperationState.UNKNOWN if operation.state is OperationState.SUBMITTING else operation.state
    return step, operation.move(state, now=now, lookups=operation.lookups + 1, **leased)


def after(
    operation: Operation, sighting: Sighting, policy: AttemptPolicy, *, now: datetime, jitter: float
) -> tuple[Operation, Outcome]:
    """
    Where what was seen takes the operation, and the outcome to settle its subject with.

    *jitter* between 0 and 1 spreads the pauses. What is provably not sent is sent again until the submissions are
    used up, and is then a decline without effect; what may have happened once stays reserved until somebody knows.
    """
    outcome = _outcome_of(operation, sighting, policy, now)
    if isinstance(sighting, Absent):  # room for one more submission, which finds out for certain
        operation = replace(operation, submissions=min(operation.submissions, policy.submissions - 1))
    match outcome:
        case Succeeded() | Declined():
            known = outcome.provider_ref or operation.provider_ref
            moved = operation.move(_TERMINAL[type(outcome)], now=now, provider_ref=known)
        case Rejected():
            moved = operation.move(OperationState.REJECTED, now=now)
        case Pending() | ActionRequired():
            moved = _pending(operation, outcome, policy, now=now)
        case NotSent():
            asked = timedelta(seconds=min(outcome.retry_after_seconds or 0, LONGEST_RETRY_AFTER_SECONDS))
            pause = max(_backoff(operation, policy, jitter), asked)
            moved = operation.move(OperationState.RESERVED, now=now, next_attempt_at=now + pause)
        case Unknown():
            moved = _still_unknown(operation, policy, now=now, jitter=jitter)
        case _:
            known = outcome.provider_ref or operation.provider_ref
            moved = operation.move(OperationState.NEEDS_REVIEW, now=now, next_attempt_at=None, provider_ref=known)
    return moved.move(moved.state, now=now, last_error=_error_of(outcome), failure=_failure_of(outcome)), outcome


def hurry(operation: Operation, *, is_leased: bool, now: datetime) -> Operation:
    """
    Due now, on an operator's word; what is due already stays as it is.

    Raises:
        OperationLeased: While an attempt is under way.
        InvalidOperationMove: When there is nothing left to attempt: it has ended, or waits for a person.
    """
    if operation.next_attempt_at is None:
        raise InvalidOperationMove(f"an operation in {operation.state} is not attempted any more")
    if operation.next_attempt_at <= now:
        return operation
    if is_leased:
        raise OperationLeased("an attempt is under way")
    return operation.move(operation.state, now=now, next_attempt_at=now)


def noticed(operation: Operation, *, now: datetime) -> Operation | None:
    """
    Due now, since the provider's balance shows a trace of it; None unless nobody knows what became of it.

    What waits for a person goes on waiting: it was looked up, and did not fit.
    """
    if operation.state not in RESOLVABLE_STATES or operation.next_attempt_at is None:
        return None
    return operation.move(operation.state, now=now, next_attempt_at=now) if operation.next_attempt_at > now else None


def resolve(operation: Operation, outcome: Succeeded | Declined, *, now: datetime) -> Operation:
    """
    Ended by a person who found out; a new attempt number, so that whoever is still at it comes too late.

    Raises:
        InvalidOperationMove: Unless nobody knows what became of it, or it waits for a person.
    """
    if operation.state not in RESOLVABLE_STATES:
        raise InvalidOperationMove(f"an operation in {operation.state} is not resolved by a person")
    return operation.move(
        _TERMINAL[type(outcome)],
        now=now,
        attempt=operation.attempt + 1,
        provider_ref=outcome.provider_ref or operation.provider_ref,
        last_error=_error_of(outcome),
        failure=_failure_of(outcome),
    )


def conclude(
    operation: Operation, outcome: Succeeded | Declined, *, now: datetime
) -> tuple[Operation | None, Operation]:
    """
    Ended by what the provider told us unasked; a new attempt number, so that whoever is still at it comes too late.

    The first of the two is a step that has to be written before: one that we believed not sent was sent after all.

    Raises:
        InvalidOperationMove: If it has ended.
    """
    submitting = None
    if operation.state is OperationState.RESERVED:
        submitting = operation = operation.move(OperationState.SUBMITTING, now=now)
    ended = operation.move(
        _TERMINAL[type(outcome)],
        now=now,
        attempt=operation.attempt + 1,
        provider_ref=outcome.provider_ref or operation.provider_ref,
        last_error=_error_of(outcome),
        failure=_failure_of(outcome),
    )
    return submitting, ended


RESOLVABLE_STATES = frozenset({OperationState.UNKNOWN, OperationState.NEEDS_REVIEW})
"""Where an operator may say what happened."""

_TERMINAL: dict[type, OperationState] = {Succeeded: OperationState.SUCCEEDED, Declined: OperationState.DECLINED}


def _outcome_of(operation: Operation, sighting: Sighting, policy: AttemptPolicy, now: datetime) -> Outcome:
    """What the sighting means, given what was tried before: only what never was in doubt may count as not sent."""
    match sighting:
        case Absent(authoritative=False):
            return Unknown("the provider knows nothing of it, which proves nothing")
        case Absent() if operation.provider_ref is not None:
            return Conflict("the provider had it, and has it no more", operation.provider_ref)
        case Absent() if _in_window(operation, policy, now=now):
            return Unknown("the provider has nothing of it yet: it is sent once more with the same key")
        case Absent():
            return Declined(not_sent("the provider says that it did not happen"))
        case NotSent() if _was_in_doubt(operation):
            return Unknown(sighting.reason)
        case Rejected() if _was_in_doubt(operation):  # a key revoked since then says nothing of the attempt before
            return Unknown(f"refused before it was looked at: {sighting.failure.code}")
        case NotSent() if operation.submissions >= policy.submissions:
            return Declined(not_sent(sighting.reason))
        case _:
            return sighting


def not_sent(reason: str) -> Failure:
    """Why something ended without ever having begun at the provider."""
    return Failure(
        code="provider_unavailable",
        failure_class=FailureClass.PROVIDER_UNAVAILABLE,
        next_step=NextStep.RETRY_LATER,
        failover_ok=True,
        message=reason,
    )


def _was_in_doubt(operation: Operation) -> bool:
    """Whether an attempt before this one may have reached the provider, or did."""
    return operation.unknown_since is not None or operation.state is not OperationState.SUBMITTING


def _in_window(operation: Operation, policy: AttemptPolicy, *, now: datetime) -> bool:
    """Whether the provider still recognises the key until an attempt's deadline, so that it cannot do it twice."""
    if policy.key_window is None or operation.key_window is None:
        return False
    window = min(policy.key_window, operation.key_window)
    return now + timedelta(seconds=policy.deadline_seconds) <= operation.created_at + window


def _pending(
    operation: Operation, outcome: Pending | ActionRequired, policy: AttemptPolicy, *, now: datetime
) -> Operation:
    poll = outcome.poll_after_seconds if isinstance(outcome, Pending) else None
    under_review = operation.state is OperationState.NEEDS_REVIEW
    return operation.move(
        OperationState.NEEDS_REVIEW if under_review else OperationState.PROVIDER_PENDING,
        now=now,
        provider_ref=outcome.provider_ref,
        unknown_since=None,
        next_attempt_at=now + timedelta(seconds=poll or policy.poll_seconds),
    )


def _still_unknown(operation: Operation, policy: AttemptPolicy, *, now: datetime, jitter: float) -> Operation:
    since = operation.unknown_since or now
    state = OperationState.UNKNOWN
    if now - since >= REVIEW_AFTER or operation.state is OperationState.NEEDS_REVIEW:
        state = OperationState.NEEDS_REVIEW
    waiting = operation.move(state, now=now, unknown_since=since)
    if next_step(waiting, policy, now=now) is Step.SUBMIT:
        pause = _backoff(operation, policy, jitter)
    else:
        pause = timedelta(seconds=LOOK_UP_AFTER_SECONDS[min(operation.lookups, len(LOOK_UP_AFTER_SECONDS) - 1)])
    if state is OperationState.UNKNOWN:  # an operator hears of it in time, not with the next daily look-up
        pause = min(pause, since + REVIEW_AFTER - now)
    return waiting.move(state, now=now, next_attempt_at=now + pause)


def _backoff(operation: Operation, policy: AttemptPolicy, jitter: float) -> timedelta:
    """Doubles with every submission, capped; half of it by chance, so that a crowd does not come back as one."""
    full = min(policy.longest_backoff_seconds, policy.backoff_seconds * 2 ** max(0, operation.submissions - 1))
    return timedelta(seconds=full * (0.5 + jitter / 2))


def _failure_of(outcome: Outcome) -> Failure | None:
    return outcome.failure if isinstance(outcome, Declined | Rejected) else None


def _error_of(outcome: Outcome) -> str | None:
    match outcome:
        case Declined() | Rejected():
            text = f"{outcome.failure.code}: {outcome.failure.message or ''}".rstrip(": ")
        case NotSent() | Unknown():
            text = outcome.reason
        case Conflict():
            text = outcome.detail
        case _:
            return None
    return text[:_MAX_ERROR_LENGTH]
