"""Signs of life, without a key."""

import httpx

from entrypoints.version import VERSION
from integration.http.answers import posted
from integration.http.money_routes import Shop


async def test_the_process_says_that_it_lives(anybody: httpx.AsyncClient) -> None:
    assert posted(await anybody.get("/live"), 200) == {"status": "ok"}


async def test_the_process_says_that_it_is_ready_and_on_what(anybody: httpx.AsyncClient) -> None:
    told = posted(await anybody.get("/ready"), 200)

    assert told == {"status": "ok", "version": VERSION, "checks": {"postgresql": "ok", "redis": "ok"}}


async def test_the_summary_counts_what_was_posted(anybody: httpx.AsyncClient, shop: Shop) -> None:
    before = posted(await anybody.get("/health"), 200)["posting"]
    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 5}))
    after = posted(await anybody.get("/health"), 200)["posting"]

    assert after["instructions"] > before["instructions"]
    assert after["batches"] > before["batches"]
