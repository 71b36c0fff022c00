"""Payments whose last webhook got lost, when no operation is left that would ask the provider."""

import asyncio
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from core.domain.errors import Unavailable
from core.domain.identifiers import PaymentId, TenantId
from integration.http.answers import posted
from integration.http.payments.till import Body, Till

AN_HOUR, SIX_HOURS = "61 minutes", "6 hours 1 minute"


async def orphaned(till: Till, wallet: str) -> Body:
    """A payment that waits for its payer, and whose submission is over, as after a restored backup."""
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    await till.as_owner(
        "UPDATE operations SET state = 'succeeded', next_attempt_at = NULL WHERE subject = $1", UUID(payment["id"])
    )
    return payment


async def look_up(till: Till) -> int:
    return await till.container.look_up_quiet_payments()(till.tenant.id)


async def events_of(till: Till, payment: Body) -> list[str]:
    """What was announced of it; nobody relays events here."""
    owner = await asyncpg.connect(till.owner_url)
    rows = await owner.fetch("SELECT type FROM outbox WHERE subject = $1", UUID(payment["id"]))
    await owner.close()
    return [row["type"] for row in rows]


async def no_answers(till: Till, times: int = 1) -> None:
    """The provider answers no look-up."""
    match = {"method": "GET", "path": "/v1/payments*", "account": till.merchant}
    await till.fault("html_502", times=times, match=match)


async def test_a_payer_who_comes_back_late_is_asked_for_at_the_provider(till: Till) -> None:
    wallet = await till.wallet()
    payment = await orphaned(till, wallet)
    assert posted(await till.act(payment["id"], "confirm"), 200)["status"] == "requires_action"
    await till.visit(payment, "approve")

    confirmed = posted(await till.act(payment["id"], "confirm"), 200)

    assert confirmed["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000


async def test_many_confirmations_at_once_and_the_webhook_capture_once(till: Till) -> None:
    wallet = await till.wallet()
    for _ in range(5):
        payment = await orphaned(till, wallet)
        await till.visit(payment, "approve")
        await till.settle()
        waiting = await till.events(status="received")

        await asyncio.gather(
            *(till.act(payment["id"], "confirm") for _ in range(6)), *(till.apply(event["id"]) for event in waiting)
        )

        assert (await events_of(till, payment)).count("payment.captured") == 1
    assert await till.tenant.available(wallet) == 25_000


async def test_a_provider_that_does_not_answer_changes_nothing(till: Till) -> None:
    payment = await orphaned(till, await till.wallet())
    await till.visit(payment, "approve")
    await no_answers(till)

    assert posted(await till.act(payment["id"], "confirm"), 200)["status"] == "requires_action"
    assert posted(await till.act(payment["id"], "confirm"), 200)["status"] == "captured"


async def test_a_payment_that_ended_while_its_webhook_got_lost_is_looked_up(till: Till) -> None:
    wallet = await till.wallet()
    paid, expired = await orphaned(till, wallet), await orphaned(till, wallet)
    await till.visit(paid, "approve")
    await till.provider.control("POST", f"/payments/{expired['provider_ref']}/expire", {})

    assert await look_up(till) == 0, "it is too early"
    await till.later(AN_HOUR)
    assert await look_up(till) == 2

    assert [(await till.read(each["id"]))["status"] for each in (paid, expired)] == ["captured", "expired"]
    assert await till.tenant.available(wallet) == 5000


async def test_an_authorization_that_ended_while_its_webhook_got_lost_is_looked_up(till: Till) -> None:
    wallet = await till.wallet()
    captured, expired, waiting = [posted(await till.pay(wallet, capture="manual")) for _ in range(3)]
    await till.at_provider("POST", f"/v1/payments/{captured['provider_ref']}/capture", json={"amount": 2000})
    await till.provider.control("POST", f"/payments/{expired['provider_ref']}/expire", {})

    await till.later(AN_HOUR)
    assert await look_up(till) == 0, "what is authorized waits longer"
    await till.later(SIX_HOURS)
    assert await look_up(till) == 3

    found = [(await till.read(each["id"]))["status"] for each in (captured, expired, waiting)]
    assert found == ["captured", "expired", "authorized"]
    assert await till.tenant.available(wallet) == 2000


async def test_an_operation_that_waits_asks_by_itself(till: Till) -> None:
    posted(await till.pay(await till.wallet(), method="pm_card_3ds"))
    await till.later(SIX_HOURS)

    assert await look_up(till) == 0


async def test_several_workers_look_each_payment_up_once(till: Till) -> None:
    wallet = await till.wallet()
    for _ in range(4):
        await orphaned(till, wallet)
    await till.later(AN_HOUR)

    found = await asyncio.gather(*(look_up(till) for _ in range(4)))

    assert sum(found) == 4
    assert await look_up(till) == 0


async def test_what_could_not_be_looked_up_does_not_keep_the_others_waiting(till: Till) -> None:
    wallet = await till.wallet()
    payments = [await orphaned(till, wallet) for _ in range(2)]
    for payment in payments:
        await till.visit(payment, "approve")
    await till.later(AN_HOUR)
    await no_answers(till)

    assert [await look_up(till), await look_up(till)] == [2, 0]
    statuses = sorted([(await till.read(each["id"]))["status"] for each in payments])
    assert statuses == ["captured", "requires_action"]
    await till.later(AN_HOUR)

    assert await look_up(till) == 1
    assert await till.tenant.available(wallet) == 10_000


@pytest.mark.parametrize("failure", [Unavailable("the database is away for a moment"), KeyError("a mistake of ours")])
async def test_a_look_up_that_fails_on_our_side_is_told_after_the_others(till: Till, failure: Exception) -> None:
    wallet = await till.wallet()
    payments = [await orphaned(till, wallet) for _ in range(3)]
    for payment in payments:
        await till.visit(payment, "approve")
    await till.later(AN_HOUR)
    begun: list[PaymentId] = []

    async def failing_first(tenant_id: TenantId, payment_id: PaymentId) -> None:
        begun.append(payment_id)
        if len(begun) == 1:
            raise failure
        await till.container.look_up_payment()(tenant_id, payment_id)

    with pytest.raises(type(failure)):
        await replace(till.container.look_up_quiet_payments(), look_up=failing_first)(till.tenant.id)

    assert len(begun) == 3
    assert await till.tenant.available(wallet) == 10_000


async def test_nobody_looks_up_the_payments_of_another_tenant(till: Till, stranger: Till) -> None:
    await orphaned(till, await till.wallet())
    await till.later(AN_HOUR)

    assert (await look_up(stranger), await look_up(till)) == (0, 1)
