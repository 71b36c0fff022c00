"""What `ports.account_opening` promises."""

import asyncio
from collections.abc import Callable

import pytest

from adapters.postgres.account_opening import PostgresAccountOpening
from concurrency.market import COINS, Market, code_of
from core.domain.accounts import Purpose
from core.domain.assets import Asset, AssetKind, AssetNotFound
from core.domain.identifiers import reserve_account_id, system_account_id
from core.domain.transfers import TransferType
from entrypoints.container import Container
from ports.account_opening import AccountOpening


def postgres(container: Container) -> AccountOpening:
    return PostgresAccountOpening(container.sessions())


@pytest.fixture(params=[postgres])
def make(request: pytest.FixtureRequest, container: Container) -> Callable[[], AccountOpening]:
    """As in several processes: each remembers for itself."""
    return lambda: request.param(container)


async def test_an_account_of_the_tenants_own_is_open_after_it_was_asked_for(
    make: Callable[[], AccountOpening], market: Market
) -> None:
    wallet = await market.wallet()
    before = await market.posting.post(market.move(TransferType.BONUS, wallet, 5))

    account_id = await make().ensure_system(market.tenant_id, Purpose.PROMOTIONS, COINS)

    assert account_id == system_account_id(market.tenant_id, Purpose.PROMOTIONS, COINS)
    after = await market.posting.post(market.move(TransferType.BONUS, wallet, 5))
    assert [code_of(before), code_of(after)] == ["wallet_not_found", "posted"]


async def test_a_reserve_is_open_after_it_was_asked_for(make: Callable[[], AccountOpening], market: Market) -> None:
    wallet = await market.wallet(10)
    before = await market.posting.post(market.hold(wallet, 5))

    account_id = await make().ensure_reserve(market.tenant_id, wallet, COINS)

    assert account_id == reserve_account_id(wallet)
    after = await market.posting.post(market.hold(wallet, 5))
    assert [code_of(before), code_of(after)] == ["wallet_not_found", "posted"]


async def test_asking_again_changes_nothing(make: Callable[[], AccountOpening], market: Market) -> None:
    wallet, opening = await market.wallet(10), make()
    await opening.ensure_reserve(market.tenant_id, wallet, COINS)
    await market.posting.post(market.hold(wallet, 5))

    for again in (opening, make()):
        await again.ensure_reserve(market.tenant_id, wallet, COINS)
        await again.ensure_system(market.tenant_id, Purpose.TREASURY, COINS)

    async with market.container.unit_of_work() as work:
        assert (await work.wallets.get(market.tenant_id, wallet)).balance.reserved == 5


async def test_many_who_need_it_first_at_the_same_time_all_get_it(
    make: Callable[[], AccountOpening], market: Market
) -> None:
    wallet = await market.wallet()

    systems = await asyncio.gather(*(make().ensure_system(market.tenant_id, Purpose.REVENUE, COINS) for _ in range(8)))
    reserves = await asyncio.gather(*(make().ensure_reserve(market.tenant_id, wallet, COINS) for _ in range(8)))

    assert (len(set(systems)), len(set(reserves))) == (1, 1)


async def test_without_the_asset_there_is_no_account_until_there_is_the_asset(
    make: Callable[[], AccountOpening], market: Market
) -> None:
    opening = make()
    with pytest.raises(AssetNotFound) as refused:
        await opening.ensure_system(market.tenant_id, Purpose.TREASURY, "GEMS")
    assert refused.value.pointer == "#/asset"
    async with market.container.unit_of_work() as work:
        await work.assets.add(market.tenant_id, [Asset("GEMS", "Gems", 0, AssetKind.POINTS)])
        await work.commit()

    await opening.ensure_system(market.tenant_id, Purpose.TREASURY, "GEMS")
