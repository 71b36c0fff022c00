"""Operations and orders for tests: valid as they come, so that a test names only what it is about."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from builders import ALICE, NOON, TENANT, TRACE_ID, fresh_id
from core.domain.attempts import AttemptPolicy, after, fence
from core.domain.identifiers import OperationId, OrderId, TransferId
from core.domain.operations import Intent, Operation, OperationState, begin_operation
from core.domain.orders import FULFIL_ORDER, Order, OrderStatus
from core.domain.outcomes import (
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

POLICY = AttemptPolicy()
WITHOUT_KEYS = AttemptPolicy(key_window=None)
"""For a provider that knows no idempotency keys."""

NO = Failure(code="no", failure_class=FailureClass.HARD_DECLINE, next_step=NextStep.NEVER_RETRY, message="no")
SUCCEEDED, PENDING, DECLINED = Succeeded("ref"), Pending("ref"), Declined(NO)
REJECTED, NOT_SENT, UNKNOWN = Rejected(NO), NotSent("refused connection"), Unknown("no answer")
CONFLICT = Conflict("another amount", "ref")


def intent(**changes: Any) -> Intent:
    """To hand an order of ten dollars over."""
    values: dict[str, Any] = {
        "tenant_id": TENANT,
        "kind": FULFIL_ORDER,
        "subject": UUID(int=7),
        "asset": "USD",
        "amount": 1000,
        "params_digest": bytes(32),
        "cause": "key-1",
        "trace_id": TRACE_ID,
    }
    return Intent(**{**values, **changes})


def operation(state: OperationState = OperationState.RESERVED, **changes: Any) -> Operation:
    """One in *state*, made at noon and due then."""
    begun = begin_operation(intent(), OperationId(fresh_id()), now=NOON)
    return replace(begun, **{"state": state, "next_attempt_at": NOON, **changes})


def leased(seconds: float = 5.0) -> Operation:
    """One whose first attempt began at noon, as the API begins it."""
    return begin_operation(intent(), OperationId(fresh_id()), now=NOON, leased_seconds=seconds)


def seen(
    begun: Operation, sighting: Sighting, *, policy: AttemptPolicy = POLICY, now: datetime = NOON, jitter: float = 1.0
) -> tuple[Operation, Outcome]:
    """Where *sighting* takes an operation whose attempt is under way."""
    return after(begun, sighting, policy, now=now, jitter=jitter)


def attempted(
    waiting: Operation, sighting: Sighting, *, policy: AttemptPolicy = POLICY
) -> tuple[datetime, Operation, Outcome]:
    """One whole attempt at the moment it is due: when that was, and where it led."""
    due = waiting.next_attempt_at
    assert due is not None
    _step, begun = fence(waiting, policy, now=due)
    return due, *seen(begun, sighting, policy=policy, now=due)


def order(status: OrderStatus = OrderStatus.PENDING, **changes: Any) -> Order:
    """Alice's order of ten dollars, placed at noon."""
    ended = status in {OrderStatus.COMPLETED, OrderStatus.FAILED}
    values: dict[str, Any] = {
        "tenant_id": TENANT,
        "id": OrderId(fresh_id()),
        "wallet_id": ALICE,
        "user_id": "alice",
        "asset": "USD",
        "amount": 1000,
        "items": '[{"quantity":1,"sku":"book"}]',
        "reference": None,
        "description": None,
        "metadata": None,
        "status": status,
        "round": 0,
        "operation_id": OperationId(fresh_id()),
        "payment_id": TransferId(fresh_id()),
        "settlement_id": TransferId(fresh_id()) if ended else None,
        "fulfilment_ref": None,
        "failure_code": "no" if status is OrderStatus.FAILED else None,
        "failure_message": None,
        "trace_id": TRACE_ID,
        "placed_at": NOON,
        "updated_at": NOON,
    }
    return Order(**{**values, **changes})


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)
