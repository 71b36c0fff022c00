"""What `ports.wallet_repository` promises."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from concurrency.market import COINS, Market, code_of
from core.domain.accounts import AccountStatus
from core.domain.assets import AssetNotFound
from core.domain.identifiers import WalletId
from core.domain.wallets import WalletBalance, WalletNotFound
from entrypoints.container import Container
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


def postgres(container: Container) -> UnitOfWorkFactory:
    def begin(*, trace_id: str | None = None) -> UnitOfWork:
        return container.unit_of_work(trace_id=trace_id)

    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


async def opened(
    begin: UnitOfWorkFactory, market: Market, user_id: str, asset: str = COINS, *, metadata: str | None = None
) -> tuple[WalletId, bool]:
    wallet_id = WalletId(market.container.ids().new())
    async with begin() as work:
        new = await work.wallets.open(market.tenant_id, wallet_id, user_id=user_id, asset=asset, metadata=metadata)
        await work.commit()
    return wallet_id, new


async def test_a_wallet_is_found_as_it_was_opened(begin: UnitOfWorkFactory, market: Market) -> None:
    metadata = '{"tier":"gold","b":1.50,"a":"ü"}'

    wallet_id, new = await opened(begin, market, "alice", metadata=metadata)

    assert new
    async with begin() as work:
        wallet = await work.wallets.get(market.tenant_id, wallet_id)
        assert await work.wallets.of_user(market.tenant_id, "alice", COINS) == wallet
    assert (wallet.tenant_id, wallet.id, wallet.user_id, wallet.asset) == (
        market.tenant_id,
        wallet_id,
        "alice",
        COINS,
    )
    assert (wallet.status, wallet.balance, wallet.metadata) == (AccountStatus.ACTIVE, WalletBalance(0, 0), metadata)


async def test_a_user_has_one_wallet_an_asset(begin: UnitOfWorkFactory, market: Market) -> None:
    first, _ = await opened(begin, market, "alice")

    _second, new = await opened(begin, market, "alice")
    _dollars, new_in_dollars = await opened(begin, market, "alice", "USD")

    assert (new, new_in_dollars) == (False, True)
    async with begin() as work:
        assert (await work.wallets.of_user(market.tenant_id, "alice", COINS)).id == first


async def test_of_two_who_open_it_at_the_same_time_the_slower_leaves_nothing_behind(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    winner = WalletId(market.container.ids().new())
    async with begin() as faster:
        assert await faster.wallets.open(market.tenant_id, winner, user_id="alice", asset=COINS, metadata=None)
        slower = asyncio.create_task(opened(begin, market, "alice"))
        await asyncio.sleep(0.05)
        assert not slower.done()
        await faster.commit()

    loser, new = await slower

    assert not new
    assert code_of(await market.posting.post(market.transfer(winner, loser))) == "wallet_not_found"
    async with begin() as work:
        assert (await work.wallets.of_user(market.tenant_id, "alice", COINS)).id == winner


async def test_there_is_no_wallet_in_an_asset_the_tenant_does_not_have(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    with pytest.raises(AssetNotFound) as refused:
        await opened(begin, market, "alice", "GEMS")

    assert refused.value.pointer == "#/asset"


async def test_an_unknown_wallet_and_another_tenants_are_not_found(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    theirs, _ = await opened(begin, neighbours, "alice")

    for wallet_id in (WalletId(uuid4()), theirs):
        async with begin() as work:
            with pytest.raises(WalletNotFound):
                await work.wallets.get(market.tenant_id, wallet_id)
            with pytest.raises(WalletNotFound):
                await work.wallets.lock(market.tenant_id, wallet_id)
            with pytest.raises(WalletNotFound):
                await work.wallets.of_user(market.tenant_id, "alice", COINS)


async def test_its_balance_is_what_can_be_spent_and_what_is_held(begin: UnitOfWorkFactory, market: Market) -> None:
    wallet_id = await market.wallet(100)
    await market.open_reserve(wallet_id)
    await market.posting.post(market.hold(wallet_id, 30))

    async with begin() as work:
        balance = (await work.wallets.get(market.tenant_id, wallet_id)).balance

    assert (balance.available, balance.reserved, balance.total) == (70, 30, 100)


async def test_while_it_is_locked_no_money_moves_and_no_other_lock_is_had(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    wallet_id, other = await market.wallet(100), await market.wallet()
    async with begin() as work:
        locked = await work.wallets.lock(market.tenant_id, wallet_id)
        posting = asyncio.create_task(market.posting.post(market.transfer(wallet_id, other)))
        await asyncio.sleep(0.1)
        assert not posting.done()
        assert (await work.wallets.get(market.tenant_id, wallet_id)) == locked

    assert code_of(await posting) == "posted"


async def test_a_status_holds_for_all_of_the_wallet(begin: UnitOfWorkFactory, market: Market) -> None:
    wallet_id, other = await market.wallet(100), await market.wallet(100)
    await market.open_reserve(wallet_id)

    async with begin() as work:
        await work.wallets.set_status(market.tenant_id, wallet_id, AccountStatus.FROZEN)
        await work.commit()

    requests = [market.transfer(wallet_id, other), market.transfer(other, wallet_id), market.hold(wallet_id, 5)]
    answers = [code_of(await market.posting.post(request)) for request in requests]
    assert answers == ["wallet_frozen"] * 3
    async with begin() as work:
        assert (await work.wallets.get(market.tenant_id, wallet_id)).status is AccountStatus.FROZEN
        assert (await work.wallets.get(market.tenant_id, other)).status is AccountStatus.ACTIVE


async def test_metadata_is_replaced_and_cleared(begin: UnitOfWorkFactory, market: Market) -> None:
    wallet_id, _ = await opened(begin, market, "alice", metadata='{"a":1}')
    bystander, _ = await opened(begin, market, "bob", metadata='{"b":1}')

    kept = []
    for metadata in ('{"a":  2}', None):
        async with begin() as work:
            await work.wallets.set_metadata(market.tenant_id, wallet_id, metadata)
            await work.commit()
        async with begin() as work:
            kept.append((await work.wallets.get(market.tenant_id, wallet_id)).metadata)

    assert kept == ['{"a":  2}', None]
    async with begin() as work:
        assert (await work.wallets.get(market.tenant_id, bystander)).metadata == '{"b":1}'
