"""What `ports.hold_reader` promises."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.postgres.hold_reader import PostgresHoldReader
from concurrency.market import COINS, Market, posted_id
from core.application.transfers.request import Details
from core.domain.accounts import Purpose
from core.domain.holds import Hold, HoldNotFound, HoldStatus
from core.domain.identifiers import HoldId, WalletId
from entrypoints.container import Container
from ports.hold_reader import HoldReader


def postgres(container: Container) -> HoldReader:
    return PostgresHoldReader(container.sessions())


@pytest.fixture(params=[postgres])
def holds(request: pytest.FixtureRequest, container: Container) -> HoldReader:
    make: Callable[[Container], HoldReader] = request.param
    return make(container)


async def wallet_with_reserve(market: Market) -> WalletId:
    wallet = await market.wallet(1000)
    await market.open_reserve(wallet)
    return wallet


async def placed(
    market: Market, wallet: WalletId, amount: int = 10, *, lifetime: timedelta = timedelta(days=1), **said: str
) -> HoldId:
    answer = await market.posting.post(market.hold(wallet, amount, lifetime=lifetime, details=Details(**said)))
    return HoldId(posted_id(answer))


async def test_a_hold_is_read_as_it_was_placed(holds: HoldReader, market: Market) -> None:
    wallet = await wallet_with_reserve(market)
    metadata = '{"b":1,"a":[1.50,"ü"]}'

    hold_id = await placed(market, wallet, 25, reference="hold 1", description="a room", metadata=metadata)

    hold = await holds.get(market.tenant_id, hold_id)
    assert hold == Hold(
        tenant_id=market.tenant_id,
        id=hold_id,
        wallet_id=wallet,
        asset=COINS,
        amount=25,
        captured=0,
        released=0,
        status=HoldStatus.PENDING,
        expires_at=hold.placed_at + timedelta(days=1),
        placed_at=hold.placed_at,
        reference="hold 1",
        description="a room",
        metadata=metadata,
    )


async def test_a_hold_is_read_as_far_as_it_has_come(holds: HoldReader, market: Market) -> None:
    await market.open_system(Purpose.REVENUE)
    hold = await holds.get(market.tenant_id, await placed(market, await wallet_with_reserve(market), 10))
    await market.posting.post(market.capture(hold, 3, final=False))
    partly = await holds.get(market.tenant_id, hold.id)
    await market.posting.post(market.release(hold))
    released = await holds.get(market.tenant_id, hold.id)

    assert (partly.captured, partly.released, partly.remaining, partly.status) == (3, 0, 7, HoldStatus.PENDING)
    assert (released.captured, released.released, released.status) == (3, 7, HoldStatus.RELEASED)


async def test_an_unknown_hold_and_another_tenants_are_not_found(
    holds: HoldReader, market: Market, neighbours: Market
) -> None:
    theirs = await placed(neighbours, await wallet_with_reserve(neighbours))

    for hold_id in (HoldId(uuid4()), theirs):
        with pytest.raises(HoldNotFound):
            await holds.get(market.tenant_id, hold_id)
    assert await holds.page(market.tenant_id, wallet_id=None, before=None, limit=10) == []


async def test_pages_give_the_newest_first_of_all_wallets_or_of_one(holds: HoldReader, market: Market) -> None:
    alice, bob = await wallet_with_reserve(market), await wallet_with_reserve(market)
    ids = [await placed(market, wallet) for wallet in (alice, bob, alice, bob, alice)]

    first = await holds.page(market.tenant_id, wallet_id=None, before=None, limit=2)
    rest = await holds.page(market.tenant_id, wallet_id=None, before=first[-1].id, limit=10)
    alices = await holds.page(market.tenant_id, wallet_id=alice, before=None, limit=10)

    assert [hold.id for hold in (*first, *rest)] == ids[::-1]
    assert [hold.id for hold in alices] == [ids[4], ids[2], ids[0]]


async def test_due_are_the_pending_ones_whose_time_has_run_out_the_longest_overdue_first(
    holds: HoldReader, market: Market
) -> None:
    wallet = await wallet_with_reserve(market)
    later, sooner, last, gone = [
        await holds.get(market.tenant_id, await placed(market, wallet, lifetime=timedelta(hours=hours)))
        for hours in (2, 1, 3, 1)
    ]
    await market.posting.post(market.release(gone))

    at_its_moment = await holds.due(market.tenant_id, now=later.expires_at, limit=10)
    one_alone = await holds.due(market.tenant_id, now=last.expires_at, limit=1)
    just_before = await holds.due(market.tenant_id, now=sooner.expires_at - timedelta(microseconds=1), limit=10)

    assert [hold.id for hold in at_its_moment] == [sooner.id, later.id]
    assert [hold.id for hold in one_alone] == [sooner.id]
    assert just_before == []
