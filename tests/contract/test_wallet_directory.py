"""What `ports.wallet_directory` promises."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from adapters.postgres.wallet_directory import PostgresWalletDirectory
from concurrency.market import COINS, Market
from core.application.wallets.open_wallet import OpenWallet
from core.domain.identifiers import WalletId
from core.domain.wallets import WalletNotFound
from entrypoints.container import Container
from ports.wallet_directory import WalletDirectory


def postgres(container: Container) -> WalletDirectory:
    return PostgresWalletDirectory(container.sessions())


@pytest.fixture(params=[postgres])
def directory(request: pytest.FixtureRequest, container: Container) -> WalletDirectory:
    make: Callable[[Container], WalletDirectory] = request.param
    return make(container)


async def opened(market: Market, user_id: str, asset: str = COINS) -> WalletId:
    return (await market.container.open_wallet()(OpenWallet(tenant_id=market.tenant_id, user_id=user_id, asset=asset)))[
        0
    ].id


async def test_a_wallet_is_known_by_its_id_and_by_its_user_and_asset(
    directory: WalletDirectory, market: Market
) -> None:
    coins, dollars = await opened(market, "alice"), await opened(market, "alice", "USD")

    for _ in range(2):  # the second time perhaps from memory
        assert await directory.asset_of(market.tenant_id, dollars) == "USD"
        assert await directory.find(market.tenant_id, "alice", COINS) == coins


async def test_an_unknown_wallet_is_not_found(directory: WalletDirectory, market: Market) -> None:
    await opened(market, "alice")

    with pytest.raises(WalletNotFound):
        await directory.asset_of(market.tenant_id, WalletId(uuid4()))
    with pytest.raises(WalletNotFound):
        await directory.find(market.tenant_id, "alice", "USD")
    with pytest.raises(WalletNotFound):
        await directory.find(market.tenant_id, "bob", COINS)


async def test_a_wallet_that_was_missing_is_found_once_it_is_open(directory: WalletDirectory, market: Market) -> None:
    with pytest.raises(WalletNotFound):
        await directory.find(market.tenant_id, "alice", COINS)

    wallet = await opened(market, "alice")

    assert await directory.find(market.tenant_id, "alice", COINS) == wallet


async def test_another_tenants_wallet_is_not_found_even_when_it_was_looked_up_before(
    directory: WalletDirectory, market: Market, neighbours: Market
) -> None:
    theirs = await opened(neighbours, "alice")
    await directory.asset_of(neighbours.tenant_id, theirs)
    await directory.find(neighbours.tenant_id, "alice", COINS)

    with pytest.raises(WalletNotFound):
        await directory.asset_of(market.tenant_id, theirs)
    with pytest.raises(WalletNotFound):
        await directory.find(market.tenant_id, "alice", COINS)
