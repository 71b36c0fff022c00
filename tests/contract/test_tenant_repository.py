"""What `ports.tenant_repository` promises."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from concurrency.market import Market
from core.domain.access import ApiKey, Environment, Role
from core.domain.identifiers import TenantId
from entrypoints.container import Container
from ports.tenant_repository import TenantRepository
from ports.unit_of_work import UnitOfWork


def postgres(container: Container) -> UnitOfWork:
    return container.unit_of_work()


@pytest.fixture(params=[postgres])
async def tenants(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[TenantRepository]:
    make: Callable[[Container], UnitOfWork] = request.param
    async with make(container) as work:
        yield work.tenants


@pytest.fixture
def key(container: Container, market: Market) -> ApiKey:
    """A key nobody has yet."""
    smith = container.api_key_smith()
    made, _shown = smith.make(market.tenant_id, name="till", role=Role.APPLICATION, environment=Environment.TEST)
    return made


async def test_a_tenant_is_added_once(tenants: TenantRepository, container: Container) -> None:
    tenant_id = TenantId(container.ids().new())

    assert [await tenants.add(tenant_id, name) for name in ("Shop", "Another name")] == [True, False]


async def test_a_key_is_added_once(tenants: TenantRepository, key: ApiKey) -> None:
    assert [await tenants.add_key(key) for _ in range(2)] == [True, False]


async def test_a_keys_id_belongs_to_one_tenant_alone(
    tenants: TenantRepository, key: ApiKey, neighbours: Market
) -> None:
    """Whose a key is, is looked up by its id: two of one id would be nobody's."""
    await tenants.add_key(key)

    assert not await tenants.add_key(replace(key, tenant_id=neighbours.tenant_id))
