"""What `ports.unit_of_work` promises: what happens in it is kept by commit, and only by commit."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from concurrency.market import TRACE, Market
from conftest import TestDatabase
from core.domain.assets import Asset, AssetKind, AssetNotFound
from core.domain.errors import Unavailable
from core.domain.identifiers import TenantId
from entrypoints.container import Container
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

GEMS = Asset("GEMS", "Gems", 0, AssetKind.POINTS)


def postgres(container: Container) -> UnitOfWorkFactory:
    def begin(*, trace_id: str | None = None) -> UnitOfWork:
        return container.unit_of_work(trace_id=trace_id)

    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


async def test_what_was_committed_is_there_for_the_next(begin: UnitOfWorkFactory, market: Market) -> None:
    async with begin() as work:
        await work.assets.add(market.tenant_id, [GEMS])
        await work.commit()

    async with begin() as work:
        assert await work.assets.get(market.tenant_id, GEMS.code) == GEMS


async def test_what_was_not_committed_never_happened(begin: UnitOfWorkFactory, market: Market) -> None:
    async with begin() as work:
        await work.assets.add(market.tenant_id, [GEMS])

    async with begin() as work:
        with pytest.raises(AssetNotFound):
            await work.assets.get(market.tenant_id, GEMS.code)


async def test_an_error_takes_everything_back_and_stays_what_it_is(begin: UnitOfWorkFactory, market: Market) -> None:
    with pytest.raises(LookupError):
        await _add_and_fail(begin, market)

    async with begin() as work:
        with pytest.raises(AssetNotFound):
            await work.assets.get(market.tenant_id, GEMS.code)


async def test_a_server_that_goes_away_before_the_beginning_is_unavailable_and_no_connection_is_kept(
    begin: UnitOfWorkFactory, container: Container, shared_database: TestDatabase
) -> None:
    admin = await asyncpg.connect(shared_database.admin_url)
    unavailable = 0

    for _ in range(container.settings().database_pool_size + 1):
        await admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle' AND application_name = 'bursar'"
        )
        try:
            await _begin_and_read(begin)
        except Unavailable:
            unavailable += 1  # not each time: a pool that has heard of it replaces other connections by itself

    assert unavailable
    async with begin(trace_id=TRACE):
        pass
    await admin.close()


async def by_reading_on(work: UnitOfWork, market: Market) -> None:
    await work.assets.get(market.tenant_id, GEMS.code)


async def by_committing(work: UnitOfWork, market: Market) -> None:
    await work.commit()


@pytest.mark.parametrize("notice", [by_reading_on, by_committing])
async def test_a_server_that_goes_away_is_unavailable(
    begin: UnitOfWorkFactory,
    market: Market,
    shared_database: TestDatabase,
    notice: Callable[[UnitOfWork, Market], Awaitable[None]],
) -> None:
    admin = await asyncpg.connect(shared_database.admin_url)

    with pytest.raises(Unavailable):
        await _add_while_the_server_cuts(begin, market, admin, notice)

    async with begin() as work:
        with pytest.raises(AssetNotFound):
            await work.assets.get(market.tenant_id, GEMS.code)
    await admin.close()


async def _begin_and_read(begin: UnitOfWorkFactory) -> None:
    async with begin(trace_id=TRACE) as work:
        await work.assets.page(TenantId(UUID(int=0)), after="", limit=1)


async def _add_and_fail(begin: UnitOfWorkFactory, market: Market) -> None:
    async with begin() as work:
        await work.assets.add(market.tenant_id, [GEMS])
        raise LookupError("a use case stumbles")


async def _add_while_the_server_cuts(
    begin: UnitOfWorkFactory,
    market: Market,
    admin: asyncpg.Connection,
    notice: Callable[[UnitOfWork, Market], Awaitable[None]],
) -> None:
    async with begin() as work:
        await work.assets.add(market.tenant_id, [GEMS])
        await admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle in transaction' AND application_name = 'bursar'"
        )
        await notice(work, market)
