"""
Whoever has the application's password can still not make an operation forget what it was.

The rules of core.domain.operations, once more in the table.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from builders import NOON
from conftest import TestDatabase
from core.domain.operations import TERMINAL_STATES, TRANSITIONS, OperationState
from core.domain.orders import ORDER_TRANSITIONS, OrderStatus
from integration.postgres.raw_ledger import Seeded

MOVES = [pair for pair in product(OperationState, OperationState) if pair[0] is not pair[1]]
ORDER_MOVES = [pair for pair in product(OrderStatus, OrderStatus) if pair[0] is not pair[1]]


@pytest.fixture
async def application(
    attacked_database: TestDatabase, seeded: Seeded
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """SQL as the application's login role, taken back afterwards."""
    connection = await asyncpg.connect(attacked_database.login_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def insert(connection: "asyncpg.Connection[asyncpg.Record]", table: str, row: dict[str, Any]) -> dict[str, Any]:
    """One row; the row."""
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())
    return row


async def operation(connection: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded, **columns: Any) -> dict[str, Any]:
    """A kept operation, reserved at noon."""
    row = {
        "tenant_id": seeded.tenant_id,
        "id": uuid4(),
        "kind": "order.fulfil",
        "subject": uuid4(),
        "asset": "COINS",
        "amount": 100,
        "params_digest": bytes(32),
        "gateway_account": None,
        "key": uuid4(),
        "cause": "key-1",
        "ordinal": 0,
        "trace_id": "0" * 32,
        "created_at": NOON,
        "state": "reserved",
        "attempt": 3,
        "submissions": 1,
        "lookups": 0,
        "next_attempt_at": None,
        "updated_at": NOON,
        **columns,
    }
    return await insert(connection, "operations", row)


async def order(connection: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded, status: str) -> dict[str, Any]:
    """A kept order of Alice's."""
    row = {
        "tenant_id": seeded.tenant_id,
        "id": uuid4(),
        "wallet_id": seeded.alice,
        "user_id": "alice",
        "asset": "COINS",
        "amount": 100,
        "items": "[]",
        "status": status,
        "round": 0,
        "operation_id": uuid4(),
        "payment_id": uuid4(),
        "settlement_id": uuid4() if status in {"completed", "failed"} else None,
        "failure_code": "no" if status == "failed" else None,
        "trace_id": "0" * 32,
        "placed_at": NOON,
        "updated_at": NOON,
    }
    return await insert(connection, "orders", row)


async def update(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str, row: dict[str, Any], **changes: Any
) -> None:
    """Write over a row, inside a savepoint."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, 3))
    async with connection.transaction():
        await connection.execute(
            f"UPDATE {table} SET {sets} WHERE tenant_id = $1 AND id = $2",
            row["tenant_id"],
            row["id"],
            *changes.values(),
        )


async def test_the_table_allows_the_moves_of_the_core_and_no_other(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded
) -> None:
    for source, target in MOVES:
        row = await operation(application, seeded, state=source.value)
        if target in TRANSITIONS[source]:
            await update(application, "operations", row, state=target.value)
        else:
            with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
                await update(application, "operations", row, state=target.value)
            assert refused.value.constraint_name == "operations_move_legally", (source, target)


@pytest.mark.parametrize("state", sorted(TERMINAL_STATES))
async def test_what_has_ended_stays_as_it_is(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded, state: OperationState
) -> None:
    row = await operation(application, seeded, state=state.value)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await update(application, "operations", row, provider_ref="another")

    assert refused.value.constraint_name == "operations_move_legally"


@pytest.mark.parametrize(
    "change",
    [
        {"id": uuid4()},
        {"kind": "payment.capture"},
        {"subject": uuid4()},
        {"asset": "GEMS"},
        {"amount": 101},
        {"params_digest": b"x" * 32},
        {"gateway_account": uuid4()},
        {"key": uuid4()},
        {"cause": "key-2"},
        {"ordinal": 1},
        {"trace_id": "1" * 32},
        {"created_at": NOON + timedelta(days=1)},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_an_operation_is_for_never_changes(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded, change: dict[str, Any]
) -> None:
    row = await operation(application, seeded, state="unknown")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await update(application, "operations", row, state="submitting", attempt=4, **change)

    assert refused.value.constraint_name == "operations_keep_their_intent"


async def test_the_fence_only_grows(application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded) -> None:
    row = await operation(application, seeded, state="unknown")
    await update(application, "operations", row, attempt=4)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await update(application, "operations", row, attempt=3)

    assert refused.value.constraint_name == "operations_fence_grows"


async def test_a_subject_has_one_active_operation(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded
) -> None:
    row = await operation(application, seeded, state="needs_review")
    for state in set(OperationState) - TERMINAL_STATES:
        with pytest.raises(asyncpg.UniqueViolationError) as refused:
            async with application.transaction():
                await operation(application, seeded, subject=row["subject"], state=state.value)
        assert refused.value.constraint_name == "operations_one_active_per_subject"

    await update(application, "operations", row, state="declined")
    await operation(application, seeded, subject=row["subject"])


async def test_a_key_is_one_operations(application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded) -> None:
    row = await operation(application, seeded, state="declined")

    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await operation(application, seeded, key=row["key"])

    assert refused.value.constraint_name == "operations_one_per_key"


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"amount": 0}, "operations_amount_range"),
        ({"params_digest": b""}, "operations_digest_length"),
        ({"attempt": -1}, "operations_counts"),
        ({"state": "lost"}, "operations_state_known"),
        ({"state": "succeeded", "next_attempt_at": NOON}, "operations_end_has_no_next_attempt"),
        ({"tenant_id": uuid4()}, "operations_tenant_exists"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_operation_that_makes_no_sense_is_refused(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded, columns: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await operation(application, seeded, **columns)

    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM operations",
        "TRUNCATE operations CASCADE",
        "DELETE FROM operation_attempts",
        "UPDATE operation_attempts SET outcome = 'succeeded'",
        "DELETE FROM orders",
        "UPDATE orders SET amount = 1",
        "UPDATE orders SET wallet_id = id",
        "UPDATE schedule_clock SET ahead = interval '1 day'",
        "UPDATE idempotency_keys SET fingerprint = ''",
        "ALTER TABLE operations DISABLE TRIGGER ALL",
    ],
)
async def test_the_history_is_not_the_applications_to_change(
    application: "asyncpg.Connection[asyncpg.Record]", attack: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(attack)


async def test_an_order_moves_as_the_core_says_and_not_otherwise(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded
) -> None:
    for source, target in ORDER_MOVES:
        row = await order(application, seeded, source.value)
        ended = target in {OrderStatus.COMPLETED, OrderStatus.FAILED}
        changes = {
            "status": target.value,
            "settlement_id": uuid4() if ended else None,
            "failure_code": "no" if target is OrderStatus.FAILED else None,
        }
        if target in ORDER_TRANSITIONS[source]:
            await update(application, "orders", row, **changes)
        else:
            with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
                await update(application, "orders", row, **changes)
            assert refused.value.constraint_name == "orders_move_legally", (source, target)


async def test_an_order_that_ended_names_the_transfer_that_ended_it(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded
) -> None:
    row = await order(application, seeded, "fulfilling")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await update(application, "orders", row, status="completed")

    assert refused.value.constraint_name == "orders_settled_when_ended"


async def test_the_operations_of_a_subject_are_found_among_those_that_ended(
    application: "asyncpg.Connection[asyncpg.Record]", seeded: Seeded
) -> None:
    known = await operation(application, seeded, state="succeeded")
    names = "kind, asset, amount, params_digest, cause, ordinal, trace_id, created_at, attempt, submissions, lookups"
    await application.execute(
        f"INSERT INTO operations (tenant_id, id, subject, key, state, updated_at, {names}) "
        "SELECT tenant_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), state, updated_at, "
        f"{names} FROM operations, generate_series(1, 5000) WHERE id = $1",
        known["id"],
    )

    plan = await application.fetch(
        "EXPLAIN SELECT * FROM operations WHERE tenant_id = $1 AND subject = $2 ORDER BY id",
        known["tenant_id"],
        known["subject"],
    )

    assert plan[0][0].startswith("Index Scan using operations_by_subject on operations ")
