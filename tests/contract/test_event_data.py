"""What the log tells of the ledger's events, made by SQL, is what core.domain.events says it is."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from concurrency.market import Market, posted_id
from conftest import TestDatabase
from core.domain.accounts import Purpose
from core.domain.events import CATALOGUE, Event, TransferEventData
from core.domain.holds import Hold
from core.domain.idempotency import Answer
from core.domain.identifiers import HoldId, TransferId
from core.domain.transfers import TransferType
from entrypoints.container import Container

LEDGER_EVENTS = {name for name, kind in CATALOGUE.items() if kind is TransferEventData}


@pytest.fixture
async def container(database: TestDatabase) -> AsyncIterator[Container]:
    """On a database of the test's own."""
    ours = database.container()
    await ours.posting().start()
    yield ours
    await ours.posting().stop(grace_seconds=5)
    await ours.database().dispose()


@pytest.fixture
async def market(container: Container) -> Market:
    """A tenant there."""
    return await Market.open(container, container.posting())


def strictly(event: Event) -> Any:
    """The event's data as its dataclass, and nothing besides."""
    decoded: Any = msgspec.json.decode(event.data, type=CATALOGUE[event.type])
    assert json.loads(msgspec.json.encode(decoded)) == json.loads(event.data)
    return decoded


async def everything(market: Market) -> list[Event]:
    """What the log holds, after recording what waits."""
    log = market.container.event_log()
    while (await log.record(limit=1000)).events:
        pass
    return list(await log.page(market.tenant_id, after=0, limit=1000))


async def held(market: Market, answer: Answer) -> Hold:
    return await market.container.hold_reader().get(market.tenant_id, HoldId(posted_id(answer)))


async def test_every_kind_of_ledger_event_is_told_as_the_catalogue_says(market: Market) -> None:
    post = market.posting.post
    alice, bob = await market.wallet(1000), await market.wallet(500)
    await market.open_reserve(alice)
    await market.open_system(Purpose.REVENUE)
    sent = await post(market.transfer(alice, bob, 100))
    await post(await market.reverse(posted_id(sent)))
    for step in (market.capture, market.release):
        await post(step(await held(market, await post(market.hold(alice, 50)))))
    short = await held(market, await post(market.hold(alice, 50, lifetime=timedelta(0))))
    await post(market.expire(short))

    events = await everything(market)

    assert {event.type for event in events} == LEDGER_EVENTS
    for event in events:
        data = strictly(event)
        assert data.transfer_id == event.subject
        assert sum(movement.amount for movement in data.movements) == 0


async def test_a_transfer_is_told_with_its_movements_in_order(market: Market) -> None:
    alice, bob = await market.wallet(1000), await market.wallet(500)
    sent = posted_id(await market.posting.post(market.transfer(alice, bob, 100)))

    [event] = [event for event in await everything(market) if event.subject == sent]

    data = strictly(event)
    assert (data.type, data.reversal_of, data.hold_id) == (TransferType.TRANSFER.value, None, None)
    assert [(each.wallet_id, each.amount, each.balance_after) for each in data.movements] == [
        (alice, -100, 900),
        (bob, 100, 600),
    ]


async def test_a_transfer_whose_month_was_detached_leaves_its_place_and_no_data(
    market: Market, database: TestDatabase
) -> None:
    alice, bob = await market.wallet(1000), await market.wallet()
    sent = TransferId(posted_id(await market.posting.post(market.transfer(alice, bob, 100))))
    before = await everything(market)
    superuser = await asyncpg.connect(database.admin_url)
    try:
        await superuser.execute("SET session_replication_role = replica")
        await superuser.execute("DELETE FROM entries WHERE transfer_id = $1", sent)
        await superuser.execute("DELETE FROM transfers WHERE id = $1", sent)
    finally:
        await superuser.close()

    after = await everything(market)

    assert [event.position for event in after] == [event.position for event in before]
    assert [event.data for event in after if event.subject == sent] == [b"null"]
