"""Captures and cancellations that only a look-up can find out about, and refusals that stay refusals."""

from uuid import uuid4

import pytest

from integration.http.answers import posted, refused
from integration.http.payments.till import Body, Till

SUBMISSIONS = 3
"""After as many lost answers, only look-ups follow."""


async def lost(till: Till, payment: Body, step: str) -> None:
    """The step is taken at the provider; every answer to it gets lost, and only a look-up finds out."""
    await till.fault("drop_after_effect", f"/v1/payments/*/{step}", times=SUBMISSIONS)
    posted(await till.act(payment["id"], step), 202)
    for _ in range(SUBMISSIONS):
        await till.later()
        await till.run_all_of(payment["id"])


async def in_doubt(till: Till) -> int:
    doubt = posted(await till.operator.get("/v1/admin/money-in-doubt"), 200)
    count: int = doubt["coming_in_count"] + len(doubt["held"])
    return count


@pytest.mark.parametrize(("step", "status", "left"), [("capture", "captured", 5000), ("cancel", "canceled", 0)])
async def test_a_step_whose_answers_all_got_lost_is_looked_up(till: Till, step: str, status: str, left: int) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, capture="manual"))

    await lost(till, payment, step)

    found = await till.read(payment["id"])
    assert (found["status"], found["review"]) == (status, None)
    assert await in_doubt(till) == 0
    assert await till.tenant.available(wallet) == left


async def test_a_refused_refund_stays_refused_when_there_would_be_enough_for_it(till: Till) -> None:
    payment = await till.paid(await till.wallet(), 5000, "pm_card_refund_fails")
    posted(await till.act(payment["id"], "refunds"), 202)
    key = uuid4().hex
    first = await till.act(payment["id"], "refunds", {"amount": 100}, key=key)
    refused(first, 422, "refund_exceeds_capture")
    await till.provider.advance_clock(2)
    await till.hear()
    assert (await till.read(payment["id"]))["refundable"] == 5000

    again = await till.act(payment["id"], "refunds", {"amount": 100}, key=key)

    assert (again.status_code, again.content) == (422, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert await till.truth("refunded") == [5000]


async def test_a_refused_capture_stays_refused(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), capture="manual"))
    key = uuid4().hex

    first = await till.act(payment["id"], "capture", {"amount": 5001}, key=key)
    again = await till.act(payment["id"], "capture", {"amount": 5001}, key=key)

    refused(first, 422, "capture_exceeds_authorization")
    assert (again.status_code, again.content) == (422, first.content)
    assert again.headers["idempotent-replayed"] == "true"
