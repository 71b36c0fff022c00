"""What `ports.asset_repository` promises."""

from collections.abc import AsyncIterator, Callable

import pytest

from concurrency.market import COINS, Market
from core.domain.assets import Asset, AssetKind, AssetNotFound
from entrypoints.container import Container
from ports.asset_repository import AssetRepository
from ports.unit_of_work import UnitOfWork

GEMS = Asset("GEMS", "Gems", 4, AssetKind.POINTS)
STARS = Asset("STARS", "Stars", 0, AssetKind.POINTS)


def postgres(container: Container) -> UnitOfWork:
    return container.unit_of_work()


@pytest.fixture(params=[postgres])
async def assets(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[AssetRepository]:
    make: Callable[[Container], UnitOfWork] = request.param
    async with make(container) as work:
        yield work.assets


async def test_what_is_added_is_found_as_it_was(assets: AssetRepository, market: Market) -> None:
    assert await assets.add(market.tenant_id, [GEMS, STARS]) == 2

    assert await assets.get(market.tenant_id, "GEMS") == GEMS


async def test_a_code_that_is_taken_keeps_its_asset_and_is_not_counted(assets: AssetRepository, market: Market) -> None:
    await assets.add(market.tenant_id, [GEMS])

    assert await assets.add(market.tenant_id, [Asset("GEMS", "Others", 2, AssetKind.POINTS), STARS]) == 1

    assert await assets.get(market.tenant_id, "GEMS") == GEMS


async def test_an_unknown_code_is_not_found_and_named_as_the_field_at_fault(
    assets: AssetRepository, market: Market
) -> None:
    with pytest.raises(AssetNotFound) as refused:
        await assets.get(market.tenant_id, "NOTHING")

    assert refused.value.pointer == "#/asset"


async def test_another_tenants_asset_is_not_found(assets: AssetRepository, market: Market, neighbours: Market) -> None:
    await assets.add(neighbours.tenant_id, [GEMS])

    with pytest.raises(AssetNotFound):
        await assets.get(market.tenant_id, "GEMS")


async def test_pages_go_through_all_codes_in_order(assets: AssetRepository, market: Market) -> None:
    await assets.add(market.tenant_id, [STARS, GEMS])
    seen: list[str] = []
    while page := await assets.page(market.tenant_id, after=seen[-1] if seen else "", limit=2):
        assert len(page) <= 2
        seen += [asset.code for asset in page]

    assert seen == [COINS, "EUR", "GEMS", "STARS", "USD"]
