"""What `ports.webhook_message_repository` and, for messages, `ports.record_retention` promise."""

import asyncio
from collections.abc import Mapping

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from conftest import register_tenant
from core.domain.identifiers import TenantId
from entrypoints.container import Container


@pytest.fixture
async def tenant_id(container: Container) -> TenantId:
    """A tenant to whom nothing was told."""
    return (await register_tenant(container))[0]


async def keep(container: Container, tenant_id: TenantId, bodies: Mapping[int, bytes]) -> Mapping[int, bytes]:
    async with container.unit_of_work() as work:
        found = await work.webhook_messages.keep(tenant_id, bodies)
        await work.commit()
    return found


async def test_the_first_body_of_an_event_stays_its_body(container: Container, tenant_id: TenantId) -> None:
    assert await keep(container, tenant_id, {1: b"one", 2: b"two"}) == {1: b"one", 2: b"two"}

    assert await keep(container, tenant_id, {2: b"otherwise", 3: b"three"}) == {2: b"two", 3: b"three"}
    assert await keep(container, tenant_id, {}) == {}

    async with container.unit_of_work() as work:
        assert await work.webhook_messages.kept(tenant_id, [1, 2, 4]) == {1: b"one", 2: b"two"}


async def test_workers_that_tell_the_same_events_at_once_tell_them_alike(
    container: Container, tenant_id: TenantId
) -> None:
    positions = range(1, 9)

    found = await asyncio.gather(
        *(keep(container, tenant_id, dict.fromkeys(positions, f"by {worker}".encode())) for worker in range(6))
    )

    assert all(seen == found[0] for seen in found)
    assert sorted(found[0]) == list(positions)


async def test_a_strangers_messages_are_not_there(container: Container, tenant_id: TenantId) -> None:
    stranger_id = (await register_tenant(container))[0]
    await keep(container, stranger_id, {1: b"theirs"})

    assert await keep(container, tenant_id, {1: b"ours"}) == {1: b"ours"}


async def test_the_application_may_not_change_what_was_sent(container: Container, tenant_id: TenantId) -> None:
    await keep(container, tenant_id, {1: b"one"})

    async with container.sessions()() as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text("UPDATE webhook_messages SET body = 'otherwise'"))
