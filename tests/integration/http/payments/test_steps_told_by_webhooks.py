"""A capture or cancellation whose answer got lost is over when the provider's webhook shows it, not a look-up later."""

import asyncio
from uuid import UUID

import pytest

from integration.http.answers import posted
from integration.http.payments.till import Body, Till

LONG_AGO = "2020-01-01T00:00:00Z"


async def authorized(till: Till, wallet: str) -> Body:
    """A payment whose money is set aside; all of its news are heard."""
    payment = posted(await till.pay(wallet, capture="manual"))
    await till.hear()
    return payment


async def test_after_its_webhook_a_capture_in_doubt_keeps_no_other_capture_waiting(till: Till) -> None:
    wallet = await till.wallet()
    payment = await authorized(till, wallet)
    await till.fault("drop_after_effect", "/v1/payments/*/capture")
    posted(await till.act(payment["id"], "capture", {"amount": 2000, "final": False}), 202)
    assert (await till.doubt())["coming_in_count"] == 1

    told = [each.detail for each in await till.hear()]

    assert (await till.doubt())["coming_in_count"] == 0, told
    assert posted(await till.act(payment["id"], "capture"), 200)["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000
    assert await till.truth("captured") == [2000, 3000]


async def test_after_its_webhook_a_cancellation_in_doubt_is_over(till: Till) -> None:
    payment = await authorized(till, await till.wallet())
    await till.fault("drop_after_effect", "/v1/payments/*/cancel")
    posted(await till.act(payment["id"], "cancel"), 202)
    assert (await till.doubt())["coming_in_count"] == 1

    await till.hear()

    assert (await till.doubt())["coming_in_count"] == 0
    assert (await till.read(payment["id"]))["status"] == "canceled"
    assert await till.books() == {}


async def test_the_answer_of_a_capture_that_its_webhook_overtook_changes_nothing(till: Till) -> None:
    wallet = await till.wallet()
    payment = await authorized(till, wallet)
    await till.fault("slow_answer", "/v1/payments/*/capture", seconds=1.5)

    capturing = asyncio.create_task(till.act(payment["id"], "capture", {"amount": 2000, "final": False}))
    told: list[str] = []
    async with asyncio.timeout(20):
        while not capturing.done():
            told += [(await till.apply(event["id"])).detail for event in await till.events(status="received")]
            await asyncio.sleep(0.05)
    captured = posted(await capturing, 200)

    [step] = [detail for detail in told if "ended" in detail]
    history = (await till.operation(step.split()[1]))["attempts"]
    assert sorted((each["step"], each["counted"]) for each in history) == [("submit", False), ("webhook", True)]
    assert (captured["status"], captured["captured"]) == ("partially_captured", 2000)
    assert await till.tenant.available(wallet) == 2000


async def test_a_webhook_and_a_look_up_at_once_book_a_capture_once(till: Till) -> None:
    wallet = await till.wallet()
    for _ in range(5):
        payment = await authorized(till, wallet)
        await till.fault("drop_after_effect", "/v1/payments/*/capture")
        posted(await till.act(payment["id"], "capture", {"amount": 100, "final": False}), 202)
        await till.later()
        await till.settle()
        waiting = await till.events(status="received")

        await asyncio.gather(till.run_all_of(payment["id"]), *(till.apply(event["id"]) for event in waiting))

        assert (await till.read(payment["id"]))["captured"] == 100
    assert await till.tenant.available(wallet) == 500
    assert (await till.doubt())["coming_in_count"] == 0


async def test_a_payment_that_ran_out_of_time_is_expired_whoever_says_so_first(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), method="pm_card_3ds"))
    await till.later("24 hours 1 minute")
    await till.container.expire_payments()(till.tenant.id, trace_id="0" * 32)
    await till.fault("drop_after_effect", "/v1/payments/*/cancel")
    await till.run_all_of(payment["id"])

    await till.hear()

    assert (await till.read(payment["id"]))["status"] == "expired"
    assert (await till.operation(payment["operation_id"]))["operation"]["state"] == "declined"
    assert (await till.doubt())["coming_in_count"] == 0


async def test_old_news_end_no_step(till: Till) -> None:
    payment = await authorized(till, await till.wallet())
    await till.fault("drop_before_effect", "/v1/payments/*/capture")
    posted(await till.act(payment["id"], "capture"), 202)

    failed_first = await till.event_of(payment, "payment.failed", status="failed", updated_at=LONG_AGO)
    assert (await till.tell(failed_first)).status_code == 202
    await till.hear()

    assert (await till.doubt())["coming_in_count"] == 1
    assert (await till.read(payment["id"]))["review"] is None


@pytest.mark.parametrize(
    "said",
    [
        {"status": "captured", "amount": 7000, "captured": 5000},
        {"status": "captured", "captured": 6000},
        {"status": "failed"},
    ],
)
async def test_news_that_contradict_what_we_know_end_no_step(till: Till, said: Body) -> None:
    payment = await authorized(till, await till.wallet())
    await till.fault("drop_before_effect", "/v1/payments/*/capture")
    posted(await till.act(payment["id"], "capture"), 202)

    assert (await till.tell(await till.event_of(payment, "payment.updated", **said))).status_code == 202
    await till.hear()

    assert (await till.doubt())["coming_in_count"] == 1
    found = await till.read(payment["id"])
    assert (found["status"], found["captured"]) == ("authorized", 0)
    assert found["review"] is not None


async def test_news_that_waited_are_judged_by_what_was_heard_meanwhile(till: Till) -> None:
    payment = await authorized(till, await till.wallet())
    await till.fault("drop_before_effect", "/v1/payments/*/cancel")
    posted(await till.act(payment["id"], "cancel"), 202)
    canceled = await till.event_of(payment, "payment.canceled", status="canceled")
    assert (await till.tell(canceled)).status_code == 202
    [event] = await till.events(status="received")

    async with till.container.unit_of_work() as work:
        [step] = [
            each for each in await work.operations.of_subject(till.tenant.id, UUID(payment["id"])) if each.is_active
        ]
        await work.operations.lock(till.tenant.id, step.id)
        waiting = asyncio.create_task(till.apply(event["id"]))
        await till.somebody_waits()
        await till.as_owner(
            "UPDATE payments SET provider_updated_at = provider_updated_at + interval '1 hour' WHERE id = $1",
            UUID(payment["id"]),
        )
    told = await waiting

    assert "ended" not in told.detail
    assert (await till.doubt())["coming_in_count"] == 1
