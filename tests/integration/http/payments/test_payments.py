"""Payments by card: taken, declined, authenticated, captured, canceled; the books follow the provider's word alone."""

from integration.http.answers import posted
from integration.http.payments.till import Till


async def test_a_payment_is_captured_at_once_and_the_books_know_it(till: Till) -> None:
    wallet = await till.wallet()

    payment = posted(await till.pay(wallet, 5000, reference="deposit-1", metadata={"b": 1}))

    assert (payment["status"], payment["captured"], payment["refundable"]) == ("captured", 5000, 5000)
    assert payment["payment_method"] == {"kind": "card", "brand": "visa", "last_four": "4242"}
    assert (await till.read(payment["id"])) == payment | {"refunds": []}
    assert await till.tenant.available(wallet) == 5000
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}
