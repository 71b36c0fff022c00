"""Payments that contradict themselves are for a person, who says what was found."""

import asyncio
from uuid import uuid4

from integration.http.answers import posted, refused
from integration.http.payments.till import Body, Till

NOTE = "the provider rounded; checked with its support"


async def flagged(till: Till) -> Body:
    """A captured payment of which the provider said another amount."""
    payment = await till.paid(await till.wallet())
    await contradicted(till, payment)
    return await till.read(payment["id"])


async def contradicted(till: Till, payment: Body) -> None:
    """The provider says another amount."""
    said = await till.event_of(payment, "payment.captured", amount=70, captured=70)
    assert (await till.tell(said)).status_code == 202
    await till.hear()


async def asking(till: Till, payment: Body) -> bool:
    """Whether the provider is being asked about it, for a second time."""
    attempt: int = (await till.operation(payment["operation_id"]))["operation"]["attempt"]
    return attempt > 1


async def under_review(till: Till) -> list[str]:
    listed = posted(await till.tenant.client.get("/v1/payments", params={"under_review": "true"}), 200)
    return [each["id"] for each in listed["items"]]


async def test_an_operator_who_looked_at_a_payment_takes_it_off_the_list(till: Till) -> None:
    payment = await flagged(till)
    books = await till.books()
    assert (payment["review"], await under_review(till)) == ("the provider has 70 USD", [payment["id"]])

    cleared = posted(await till.clear_review(payment["id"], NOTE), 200)

    assert await till.read(payment["id"]) == payment | {"review": None, "updated_at": cleared["updated_at"]}
    assert await under_review(till) == []
    assert await till.books() == books
    [audited] = [
        each for each in (await till.operation(payment["operation_id"]))["attempts"] if each["step"] == "operator"
    ]
    assert (audited["outcome"], audited["counted"]) == ("review_cleared", False)
    for part in (NOTE, payment["review"], "by key "):
        assert part in audited["detail"]


async def test_a_review_is_cleared_once_and_answered_byte_for_byte_again(till: Till) -> None:
    payment, key = await flagged(till), uuid4().hex

    answers = await asyncio.gather(*(till.clear_review(payment["id"], NOTE, key=key) for _ in range(8)))
    late = await till.clear_review(payment["id"], NOTE)

    assert {(each.status_code, each.content) for each in answers} == {(200, answers[0].content)}
    refused(late, 409, "payment_not_under_review")
    refused(await till.clear_review(payment["id"], "another note", key=key), 422, "idempotency_key_reused")
    history = (await till.operation(payment["operation_id"]))["attempts"]
    assert [each["step"] for each in history].count("operator") == 1


async def test_of_several_operators_at_once_one_clears_a_review(till: Till) -> None:
    for _ in range(5):
        payment = await flagged(till)

        answers = await asyncio.gather(*(till.clear_review(payment["id"], f"note {number}") for number in range(8)))

        assert sorted(each.status_code for each in answers) == [200, *[409] * 7]
        history = (await till.operation(payment["operation_id"]))["attempts"]
        assert [each["step"] for each in history].count("operator") == 1


async def test_what_contradicts_again_is_flagged_again(till: Till) -> None:
    payment = await flagged(till)
    posted(await till.clear_review(payment["id"], NOTE), 200)

    await contradicted(till, payment)

    assert await under_review(till) == [payment["id"]]


async def test_a_review_is_not_cleared_without_a_note_or_by_just_anybody(till: Till, stranger: Till) -> None:
    payment = await flagged(till)

    refused(await till.clear_review(payment["id"], ""), 400, "invalid_field")
    refused(await stranger.clear_review(payment["id"], NOTE), 404, "payment_not_found")
    refused(
        await till.tenant.post(f"/v1/admin/payments/{payment['id']}/clear-review", {"note": NOTE}), 403, "not_permitted"
    )
    refused(
        await till.operator.post(f"/v1/admin/payments/{payment['id']}/clear-review", json={"note": NOTE}),
        400,
        "idempotency_key_missing",
    )

    assert await under_review(till) == [payment["id"]]


async def test_an_attempt_under_way_still_counts_after_a_review(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    await contradicted(till, payment)
    await till.visit(payment, "approve")
    await till.fault(
        "slow_answer", match={"method": "GET", "path": "/v1/payments*", "account": till.merchant}, seconds=1
    )

    confirming = asyncio.create_task(till.act(payment["id"], "confirm"))
    async with asyncio.timeout(20):
        while not await asking(till, payment):  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.02)
    posted(await till.clear_review(payment["id"], NOTE), 200)

    assert posted(await confirming, 200)["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000
