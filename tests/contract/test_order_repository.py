"""What `ports.order_repository` promises."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from concurrency.market import Market
from contract.orders_under_test import an_order
from core.domain.identifiers import OrderId, TransferId, WalletId
from core.domain.orders import OrderNotFound, OrderStatus
from entrypoints.container import Container
from operation_builders import NO
from ports.unit_of_work import UnitOfWorkFactory


def postgres(container: Container) -> UnitOfWorkFactory:
    begin: UnitOfWorkFactory = container.unit_of_work
    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


async def test_an_order_is_read_as_it_was_kept(begin: UnitOfWorkFactory, market: Market) -> None:
    items = '[{"metadata":{"a":1.50,"z":"ä"},"quantity":2,"sku":"x"}]'
    placed = await an_order(
        market, await market.wallet(), items=items, metadata='{"b":2}', reference="r", description="two of them"
    )

    async with begin() as work:
        assert await work.orders.get(market.tenant_id, placed.id) == placed
        assert await work.orders.lock(market.tenant_id, placed.id) == placed


async def test_what_was_saved_is_read_in_the_same_work_and_in_the_next(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    placed = await an_order(market, await market.wallet())
    failed = placed.fail(NO, settlement_id=TransferId(uuid4()), now=placed.placed_at)

    async with begin() as work:
        await work.orders.lock(market.tenant_id, placed.id)
        await work.orders.save(failed)
        assert await work.orders.get(market.tenant_id, placed.id) == failed
        await work.commit()
    async with begin() as work:
        assert await work.orders.lock(market.tenant_id, placed.id) == failed


async def test_what_an_order_is_for_is_not_saved_again(begin: UnitOfWorkFactory, market: Market) -> None:
    placed = await an_order(market, await market.wallet())

    async with begin() as work:
        await work.orders.save(replace(placed, amount=1, items="[]"))
        assert await work.orders.get(market.tenant_id, placed.id) == placed


async def test_orders_are_listed_newest_first_by_wallet_and_status(begin: UnitOfWorkFactory, market: Market) -> None:
    wallet, other = await market.wallet(), await market.wallet()
    made = [
        await an_order(market, wallet),
        await an_order(market, other),
        await an_order(market, wallet, OrderStatus.COMPLETED),
        await an_order(market, wallet, OrderStatus.FAILED),
    ]
    places = {order.id: place for place, order in enumerate(made)}

    async with begin() as work:

        async def page(
            of: WalletId | None = None,
            status: OrderStatus | None = None,
            before: OrderId | None = None,
            limit: int = 10,
        ) -> list[int]:
            found = await work.orders.page(market.tenant_id, wallet_id=of, status=status, before=before, limit=limit)
            return [places[order.id] for order in found]

        assert await page() == [3, 2, 1, 0]
        assert await page(wallet) == [3, 2, 0]
        assert await page(wallet, OrderStatus.FAILED) == [3]
        assert await page(status=OrderStatus.FULFILLING) == [1, 0]
        assert await page(limit=2) == [3, 2]
        assert await page(before=made[2].id) == [1, 0]


async def test_money_in_fulfilment_is_that_of_orders_that_have_not_ended(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    wallet, other = await market.wallet(), await market.wallet()
    for status in OrderStatus:
        await an_order(market, wallet, status, amount=10)
    await an_order(market, wallet, amount=5)

    async with begin() as work:
        assert await work.orders.in_fulfilment(market.tenant_id, wallet) == 35
        assert await work.orders.in_fulfilment(market.tenant_id, other) == 0


async def test_another_tenants_order_does_not_exist(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    wallet = await market.wallet()
    placed = await an_order(market, wallet)

    async with begin() as work:
        for read in (work.orders.get, work.orders.lock):
            with pytest.raises(OrderNotFound):
                await read(neighbours.tenant_id, placed.id)
        assert await work.orders.in_fulfilment(neighbours.tenant_id, wallet) == 0
        assert not await work.orders.page(neighbours.tenant_id, wallet_id=wallet, status=None, before=None, limit=10)
