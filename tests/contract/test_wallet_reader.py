"""What `ports.wallet_reader` promises."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from adapters.postgres.wallet_reader import PostgresWalletReader
from concurrency.market import COINS, Market
from core.application.wallets.open_wallet import OpenWallet
from core.domain.identifiers import WalletId
from core.domain.wallets import WalletBalance, WalletNotFound
from entrypoints.container import Container
from ports.wallet_reader import WalletReader


def postgres(container: Container) -> WalletReader:
    return PostgresWalletReader(container.reading_sessions())


@pytest.fixture(params=[postgres])
def wallets(request: pytest.FixtureRequest, container: Container) -> WalletReader:
    make: Callable[[Container], WalletReader] = request.param
    return make(container)


async def opened(market: Market, user_id: str, asset: str = COINS) -> WalletId:
    return (await market.container.open_wallet()(OpenWallet(tenant_id=market.tenant_id, user_id=user_id, asset=asset)))[
        0
    ].id


async def test_a_wallet_is_read_with_its_balance(wallets: WalletReader, market: Market) -> None:
    wallet_id = await market.wallet(100)
    await market.open_reserve(wallet_id)
    await market.posting.post(market.hold(wallet_id, 30))

    wallet = await wallets.get(market.tenant_id, wallet_id)

    assert (wallet.id, wallet.asset, wallet.balance) == (wallet_id, COINS, WalletBalance(70, 30))


async def test_an_unknown_wallet_and_another_tenants_are_not_found(
    wallets: WalletReader, market: Market, neighbours: Market
) -> None:
    for wallet_id in (WalletId(uuid4()), await neighbours.wallet()):
        with pytest.raises(WalletNotFound):
            await wallets.get(market.tenant_id, wallet_id)
    assert await wallets.page(market.tenant_id, user_id=None, after=None, limit=10) == []


async def test_pages_go_through_all_wallets_by_id_or_through_one_users(wallets: WalletReader, market: Market) -> None:
    ids = [await opened(market, user, asset) for user in ("alice", "bob") for asset in (COINS, "USD", "EUR")]

    first = await wallets.page(market.tenant_id, user_id=None, after=None, limit=4)
    rest = await wallets.page(market.tenant_id, user_id=None, after=first[-1].id, limit=4)
    bobs = await wallets.page(market.tenant_id, user_id="bob", after=ids[3], limit=10)

    assert [wallet.id for wallet in (*first, *rest)] == sorted(ids)
    assert [wallet.id for wallet in bobs] == sorted(ids[4:])
