"""What is in doubt and shows in the provider's balance is looked up at once, not when its turn comes."""

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


async def test_a_balance_is_read_on_from_where_it_was_left(till: Till) -> None:
    wallet = await till.wallet()
    follow = till.container.follow_movements()
    payment = await in_doubt_for_hours(till, wallet)

    assert [await follow(till.tenant.id, trace_id=TRACE) for _ in range(2)] == [1, 0]
    await till.run(payment["operation_id"])
    assert await follow(till.tenant.id, trace_id=TRACE) == 0


async def test_a_balance_that_cannot_be_read_now_is_read_next_time(till: Till) -> None:
    payment = await in_doubt_for_hours(till, await till.wallet())
    follow = till.container.follow_movements()
    await till.fault("html_502", "/v1/movements*", match={"path": "/v1/movements*", "account": till.merchant})

    assert [await follow(till.tenant.id, trace_id=TRACE) for _ in range(2)] == [0, 1]
    await till.run(payment["operation_id"])
    assert (await till.read(payment["id"]))["status"] == "captured"
