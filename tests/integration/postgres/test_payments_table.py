"""
Whoever has the application's password can still not make a payment forget money, or refund more than was captured.

The rules of core.domain.payments and core.domain.refunds, once more in the tables.
"""

from collections.abc import AsyncIterator
from itertools import product
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from builders import NOON
from conftest import TestDatabase
from core.domain.payments import PAYMENT_TRANSITIONS, PaymentStatus
from core.domain.refunds import REFUND_TRANSITIONS, RefundStatus
from integration.postgres.raw_ledger import Seeded
from integration.postgres.test_operations_table import insert, operation, update

Connection = asyncpg.Connection
Row = dict[str, Any]


@pytest.fixture
async def application(attacked_database: TestDatabase, seeded: Seeded) -> AsyncIterator[Connection]:
    """SQL as the application's login role, taken back afterwards."""
    connection = await asyncpg.connect(attacked_database.login_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture
async def account(application: Connection, seeded: Seeded) -> Row:
    """A gateway account."""
    return await insert(
        application,
        "gateway_accounts",
        {
            "tenant_id": seeded.tenant_id,
            "id": uuid4(),
            "gateway": "mock",
            "name": "one",
            "enabled": True,
            "credentials_secret": "key",
            "webhook_secrets": [],
            "settings": "{}",
            "created_at": NOON,
            "updated_at": NOON,
        },
    )


async def payment(application: Connection, seeded: Seeded, account: Row, **columns: Any) -> Row:
    """A kept payment of Alice's."""
    row = {
        "tenant_id": seeded.tenant_id,
        "id": uuid4(),
        "wallet_id": seeded.alice,
        "user_id": "alice",
        "asset": "COINS",
        "amount": 1000,
        "capture": "manual",
        "gateway_account": account["id"],
        "operation_id": uuid4(),
        "trace_id": "0" * 32,
        "created_at": NOON,
        "expires_at": NOON,
        "status": "created",
        "authorized": 0,
        "captured": 0,
        "refunded": 0,
        "refund_pending": 0,
        "fee": 0,
        "updated_at": NOON,
        **columns,
    }
    return await insert(application, "payments", row)


async def refund(application: Connection, of: Row, status: str = "created", **columns: Any) -> Row:
    """A kept refund of that payment."""
    row = {
        "tenant_id": of["tenant_id"],
        "id": uuid4(),
        "payment_id": of["id"],
        "wallet_id": of["wallet_id"],
        "gateway_account": of["gateway_account"],
        "asset": of["asset"],
        "amount": 100,
        "origin": "api",
        "operation_id": uuid4(),
        "trace_id": "0" * 32,
        "created_at": NOON,
        "status": status,
        "updated_at": NOON,
        **columns,
    }
    return await insert(application, "refunds", row)


def reachable(source: PaymentStatus) -> set[PaymentStatus]:
    """Where legal moves lead, over news that were lost too, but not through a failure."""
    found: set[PaymentStatus] = set()
    waiting = [source]
    while waiting:
        for target in PAYMENT_TRANSITIONS[waiting.pop()]:
            if target not in found:
                found.add(target)
                waiting += [target] if target is not PaymentStatus.FAILED else []
    return found


async def refused(connection: Connection, table: str, row: Row, constraint: str, **changes: Any) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as error:
        await update(connection, table, row, **changes)
    assert error.value.constraint_name == constraint, (row, changes)


async def test_a_payment_goes_where_legal_moves_lead_and_nowhere_else(
    application: Connection, seeded: Seeded, account: Row
) -> None:
    for source, target in product(PaymentStatus, PaymentStatus):
        row = await payment(application, seeded, account, status=source.value)
        if target is source or target in reachable(source):
            await update(application, "payments", row, status=target.value)
        else:
            await refused(application, "payments", row, "payments_move_legally", status=target.value)


async def test_a_refund_goes_where_legal_moves_lead_and_nowhere_else(
    application: Connection, seeded: Seeded, account: Row
) -> None:
    of = await payment(application, seeded, account)
    for source, target in product(RefundStatus, RefundStatus):
        row = await refund(application, of, source.value)
        if target is source or target in REFUND_TRANSITIONS[source]:
            await update(application, "refunds", row, status=target.value)
        else:
            await refused(application, "refunds", row, "refunds_move_legally", status=target.value)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"refunded": 501}, "payments_refunds_never_exceed_the_capture"),
        ({"refunded": 300, "refund_pending": 201}, "payments_refunds_never_exceed_the_capture"),
        ({"refund_pending": -1}, "payments_refunds_never_exceed_the_capture"),
        ({"captured": 1001}, "payments_amounts_fit"),
        ({"authorized": 1001}, "payments_amounts_fit"),
        ({"captured": 499}, "payments_amounts_grow"),
        ({"authorized": 999}, "payments_amounts_grow"),
        ({"fee": 6}, "payments_amounts_grow"),
        ({"amount": 2000}, "payments_keep_their_intent"),
        ({"asset": "GEMS"}, "payments_keep_their_intent"),
        ({"capture": "automatic"}, "payments_keep_their_intent"),
        ({"operation_id": uuid4()}, "payments_keep_their_intent"),
    ],
)
async def test_sums_only_grow_and_what_a_payment_is_for_stays(
    application: Connection, seeded: Seeded, account: Row, changes: Row, constraint: str
) -> None:
    row = await payment(application, seeded, account, status="partially_captured", authorized=1000, captured=500, fee=7)

    await refused(application, "payments", row, constraint, **changes)


async def test_what_a_refund_is_for_stays(application: Connection, seeded: Seeded, account: Row) -> None:
    row = await refund(application, await payment(application, seeded, account))

    for changes in ({"amount": 1}, {"wallet_id": seeded.bob}, {"asset": "GEMS"}, {"payment_id": uuid4()}):
        await refused(application, "refunds", row, "refunds_keep_their_intent", **changes)


@pytest.mark.parametrize("table", ["gateway_accounts", "payments", "refunds", "gateway_events", "captures"])
async def test_nothing_of_payments_is_ever_deleted(application: Connection, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with application.transaction():
            await application.execute(f"DELETE FROM {table}")


async def test_a_payment_waits_for_its_payer_while_its_cancellation_begins_but_has_one_of_each(
    application: Connection, seeded: Seeded
) -> None:

    subject = uuid4()
    for kind, constraint in (
        ("payment.submit", "operations_one_active_per_subject"),
        ("payment.cancel", "operations_one_active_cancellation_per_subject"),
    ):
        await operation(application, seeded, kind=kind, subject=subject)
        with pytest.raises(asyncpg.UniqueViolationError) as error:
            async with application.transaction():
                await operation(application, seeded, kind=kind, subject=subject)
        assert error.value.constraint_name == constraint
