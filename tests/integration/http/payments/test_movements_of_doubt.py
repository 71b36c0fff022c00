"""What is in doubt and shows in the provider's balance is looked up at once, not when its turn comes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from core.domain.gateways import Movement, MovementPage, MovementType
from integration.http.answers import posted
from integration.http.payments.till import Till

TRACE = "0" * 32


async def in_doubt_for_hours(till: Till, wallet: str) -> dict[str, str]:
    """A payment that was made, and whose answers were lost until only rare look-ups are left."""
    await till.fault("drop_after_effect", times=3)
    payment = posted(await till.pay(wallet), 202)
    for _ in range(2):
        await till.later()
        await till.run(payment["operation_id"])
    await till.fault("drop_before_effect", "/v1/payments*", times=3, match={"method": "GET", "account": till.merchant})
    for interval in ("2 minutes", "6 minutes", "20 minutes"):
        await till.later(interval)
        await till.run(payment["operation_id"])
    return payment


def a_charge(reference: str) -> Movement:
    """A line of five thousand, as a provider writes it that keeps no reference of a capture."""
    return Movement(
        id="line",
        type=MovementType.CHARGE,
        gross=5000,
        fee=0,
        net=5000,
        currency="USD",
        source_ref="charge",
        reference=reference,
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
    )


def balances_of(line: Movement) -> Any:
    """Gateways whose balances have that one line."""

    async def movements(_cursor: str | None, **_how: object) -> MovementPage:
        return MovementPage((line,), "end", has_more=False)

    return SimpleNamespace(open=lambda _account: SimpleNamespace(movements=SimpleNamespace(movements=movements)))


async def put_off(till: Till, subject: str) -> None:
    """As if only rare look-ups were left of what is under way for *subject*."""
    await till.as_owner(
        "UPDATE operations SET next_attempt_at = schedule_now() + interval '1 day' "
        "WHERE subject = $1 AND next_attempt_at IS NOT NULL",
        UUID(subject),
    )


async def test_a_payment_in_doubt_is_found_in_the_balance(till: Till) -> None:
    wallet = await till.wallet()
    payment = await in_doubt_for_hours(till, wallet)
    await till.run(payment["operation_id"])
    assert (await till.read(payment["id"]))["status"] == "created", "it is not its turn"

    assert await till.container.follow_movements()(till.tenant.id, trace_id=TRACE) == 1
    await till.run(payment["operation_id"])

    assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000
    assert await till.truth("captured") == [5000]


async def test_a_capture_in_doubt_is_found_in_the_balance(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, capture="manual"))
    posted(await till.act(payment["id"], "capture", {"amount": 1000, "final": False}), 200)
    await till.fault("drop_after_effect", "/v1/payments/*/capture")
    waiting = posted(await till.act(payment["id"], "capture", {"amount": 2000, "final": False}), 202)
    await put_off(till, payment["id"])

    found = await till.container.follow_movements()(till.tenant.id, trace_id=TRACE)
    await till.run_all_of(payment["id"])

    assert (waiting["captured"], found) == (1000, 1)
    assert (await till.read(payment["id"]))["captured"] == 3000
    assert await till.tenant.available(wallet) == 3000
    assert await till.truth("captured") == [1000, 2000]


async def test_a_line_that_names_only_the_payment_finds_the_capture_in_doubt(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), capture="manual"))
    await till.fault("drop_after_effect", "/v1/payments/*/capture")
    posted(await till.act(payment["id"], "capture"), 202)
    await put_off(till, payment["id"])
    submitted = (await till.operation(payment["operation_id"]))["operation"]

    follow = replace(till.container.follow_movements(), gateways=balances_of(a_charge(submitted["key"])))

    assert await follow(till.tenant.id, trace_id=TRACE) == 1
    await till.run_all_of(payment["id"])
    assert (await till.read(payment["id"]))["captured"] == 5000


async def test_a_balance_is_read_on_from_where_it_was_left(till: Till) -> None:
    follow = till.container.follow_movements()
    payment = await in_doubt_for_hours(till, await till.wallet())

    first = await follow(till.tenant.id, trace_id=TRACE)
    await put_off(till, payment["id"])

    assert (first, await follow(till.tenant.id, trace_id=TRACE)) == (1, 0)


async def test_two_who_read_a_balance_at_once_lose_no_line(till: Till) -> None:
    payment = await in_doubt_for_hours(till, await till.wallet())
    follow = till.container.follow_movements()

    found = await asyncio.gather(*(follow(till.tenant.id, trace_id=TRACE) for _ in range(4)))

    assert sum(found) == 1
    await till.run(payment["operation_id"])
    assert (await till.read(payment["id"]))["status"] == "captured"


async def test_a_balance_that_cannot_be_read_now_is_read_next_time(till: Till) -> None:
    payment = await in_doubt_for_hours(till, await till.wallet())
    follow = till.container.follow_movements()
    await till.fault("html_502", "/v1/movements*", match={"path": "/v1/movements*", "account": till.merchant})

    assert [await follow(till.tenant.id, trace_id=TRACE) for _ in range(2)] == [0, 1]
    await till.run(payment["operation_id"])
    assert (await till.read(payment["id"]))["status"] == "captured"
