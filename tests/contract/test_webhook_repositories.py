"""What `ports.webhook_endpoint_repository`, `webhook_delivery_repository` and `webhook_delivery_reader` promise."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres.record_retention import FORGET_MESSAGES
from adapters.postgres.webhook_fan_out import FannedEvent, fan_out
from builders import NOON
from conftest import TestDatabase, register_tenant
from core.domain.identifiers import EventId, TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus, WebhookDeliveryNotFound
from core.domain.webhook_endpoints import DisabledReason, WebhookEndpoint, WebhookEndpointNotFound
from core.domain.webhook_filters import parse_filters
from core.domain.webhook_secrets import SigningKey, WebhookSecret
from entrypoints.container import Container
from ports.cipher import SealBroken
from ports.webhook_delivery_reader import DeliveryFilter
from ports.webhook_delivery_repository import DeliveryAttempt, DeliveryRange, StoredDelivery

MINUTE = timedelta(minutes=1)
ATTEMPT = DeliveryAttempt(
    attempt=1, attempted_at=NOON, status=500, error="timeout", duration_ms=7, excerpt="well \ufffd"
)


@pytest.fixture
async def tenant_id(container: Container) -> TenantId:
    """A tenant without endpoints."""
    return (await register_tenant(container))[0]


@pytest.fixture
async def stranger_id(container: Container) -> TenantId:
    """Another tenant, who must see nothing."""
    return (await register_tenant(container))[0]


@pytest.fixture
async def admin(shared_database: TestDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Somebody who sees everything."""
    connection = await asyncpg.connect(shared_database.admin_url)
    yield connection
    await connection.close()


async def added(
    container: Container, tenant_id: TenantId, *patterns: str, url: str = "https://a.example/"
) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(
        tenant_id=tenant_id,
        id=WebhookEndpointId(container.ids().new()),
        url=url,
        event_types=parse_filters(patterns or ["*"]),
        secrets=(WebhookSecret(SigningKey(b"n" * 32)), WebhookSecret(SigningKey(b"o" * 24), NOON)),
        created_at=NOON,
        description="ours",
    )
    async with container.unit_of_work() as work:
        await work.webhook_endpoints.add(endpoint)
        await work.commit()
    return endpoint


async def fanned(container: Container, tenant_id: TenantId, *types: str, first: int = 1) -> set[WebhookEndpointId]:
    """Events at these positions, told to endpoints; which of them hear of one."""
    events = [
        FannedEvent(tenant_id, position, EventId(uuid4()), type_, uuid4())
        for position, type_ in enumerate(types, start=first)
    ]
    async with container.sessions()() as session:
        endpoints = await fan_out(session, events, container.ids())
        await session.commit()
    assert {tenant for tenant, _ in endpoints} <= {tenant_id}
    return {endpoint for _, endpoint in endpoints}


async def claimed(container: Container, endpoint: WebhookEndpoint, limit: int = 100) -> list[StoredDelivery]:
    async with container.unit_of_work() as work:
        found = await work.webhook_deliveries.claim(endpoint.tenant_id, endpoint.id, lease=MINUTE, limit=limit)
        await work.commit()
    return list(found)


async def test_an_endpoint_is_read_as_it_was_added_secrets_and_all(container: Container, tenant_id: TenantId) -> None:
    endpoint = await added(container, tenant_id, "transfer.*", "order.failed")

    async with container.unit_of_work() as work:
        assert await work.webhook_endpoints.get(tenant_id, endpoint.id) == endpoint
        assert await work.webhook_endpoints.lock(tenant_id, endpoint.id) == endpoint
        assert await work.webhook_endpoints.page(tenant_id, after=None, limit=5) == [endpoint]


async def test_everything_about_an_endpoint_that_may_change_is_saved(container: Container, tenant_id: TenantId) -> None:
    endpoint = await added(container, tenant_id)
    changed = replace(
        endpoint.disable(DisabledReason.FAILING),
        url="https://b.example/",
        event_types=parse_filters(["hold.*"]),
        secrets=(WebhookSecret(SigningKey(b"x" * 64)),),
        description="",
        failing_since=NOON,
        resume_at=NOON + MINUTE,
    )

    async with container.unit_of_work() as work:
        await work.webhook_endpoints.save(changed)
        await work.commit()

    async with container.unit_of_work() as work:
        assert await work.webhook_endpoints.get(tenant_id, endpoint.id) == changed


async def test_endpoints_are_paged_oldest_first(container: Container, tenant_id: TenantId) -> None:
    endpoints = [await added(container, tenant_id) for _ in range(3)]

    async with container.unit_of_work() as work:
        assert await work.webhook_endpoints.page(tenant_id, after=None, limit=2) == endpoints[:2]
        assert await work.webhook_endpoints.page(tenant_id, after=endpoints[1].id, limit=2) == endpoints[2:]


async def test_a_deleted_endpoint_and_a_strangers_are_not_there(
    container: Container, tenant_id: TenantId, stranger_id: TenantId, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    deleted, ours = await added(container, tenant_id), await added(container, tenant_id)
    async with container.unit_of_work() as work:
        await work.webhook_endpoints.delete(tenant_id, deleted.id)
        await work.commit()

    async with container.unit_of_work() as work:
        for tenant, endpoint_id in ((tenant_id, deleted.id), (stranger_id, ours.id)):
            for read in (work.webhook_endpoints.get, work.webhook_endpoints.lock):
                with pytest.raises(WebhookEndpointNotFound):
                    await read(tenant, endpoint_id)
        assert await work.webhook_endpoints.page(tenant_id, after=None, limit=5) == [ours]
        assert await work.webhook_endpoints.page(stranger_id, after=None, limit=5) == []
    assert await admin.fetchval("SELECT sealed_secrets FROM webhook_endpoints WHERE id = $1", deleted.id) == b""


async def test_secrets_copied_to_another_row_cannot_be_opened_there(
    container: Container, tenant_id: TenantId, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    ours, other = await added(container, tenant_id), await added(container, tenant_id)
    await admin.execute(
        "UPDATE webhook_endpoints SET sealed_secrets = (SELECT sealed_secrets FROM webhook_endpoints WHERE id = $1)"
        " WHERE id = $2",
        ours.id,
        other.id,
    )

    async with container.unit_of_work() as work:
        with pytest.raises(SealBroken):
            await work.webhook_endpoints.get(tenant_id, other.id)
        listed = await work.webhook_endpoints.page(tenant_id, after=None, limit=5)
        assert listed == [ours, replace(other, secrets=())]


async def test_a_filter_that_cannot_be_read_stops_nobody_elses_events(
    container: Container, tenant_id: TenantId, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    broken, other = await added(container, tenant_id), await added(container, tenant_id)
    await admin.execute(
        "UPDATE webhook_endpoints SET event_types = $2 WHERE id = $1", broken.id, ["order..", "hold.*", ""]
    )

    assert await fanned(container, tenant_id, "order.placed", "hold.placed") == {broken.id, other.id}

    assert [stored.event_position for stored in await claimed(container, other)] == [1, 2]
    heard = await admin.fetch("SELECT event_position FROM webhook_deliveries WHERE endpoint_id = $1", broken.id)
    assert [row["event_position"] for row in heard] == [2]


async def test_each_event_is_fanned_out_once_to_enabled_endpoints_that_hear_of_it(
    container: Container, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    orders, everything = await added(container, tenant_id, "order.*"), await added(container, tenant_id)
    disabled, deleted = await added(container, tenant_id), await added(container, tenant_id)
    theirs = await added(container, stranger_id)
    async with container.unit_of_work() as work:
        await work.webhook_endpoints.save(disabled.disable(DisabledReason.REQUESTED))
        await work.webhook_endpoints.delete(tenant_id, deleted.id)
        await work.commit()

    assert await fanned(container, tenant_id, "order.placed", "hold.placed") == {orders.id, everything.id}
    assert await fanned(container, tenant_id, "hold.placed", first=3) == {everything.id}
    await fanned(container, tenant_id, "order.placed", "hold.placed")  # again, as by a second relay

    assert [stored.event_position for stored in await claimed(container, orders)] == [1]
    assert [stored.event_position for stored in await claimed(container, everything)] == [1, 2, 3]
    assert await claimed(container, disabled) == await claimed(container, deleted) == []
    assert await claimed(container, theirs) == []


async def test_a_claim_fences_what_is_due_in_order_and_nobody_claims_it_again(
    container: Container, tenant_id: TenantId
) -> None:
    endpoint = await added(container, tenant_id)
    await fanned(container, tenant_id, *["order.placed"] * 5)

    first, second = await claimed(container, endpoint, limit=3), await claimed(container, endpoint)

    assert [stored.event_position for stored in first] == [1, 2, 3]
    assert [stored.event_position for stored in second] == [4, 5]
    assert {stored.fence for stored in first + second} == {1}
    due = first[0].delivery.next_attempt_at
    assert due is not None
    assert due - first[0].delivery.created_at >= MINUTE
    assert await claimed(container, endpoint) == []


async def test_a_claim_passes_over_what_another_holds(container: Container, tenant_id: TenantId) -> None:
    endpoint = await added(container, tenant_id)
    await fanned(container, tenant_id, "order.placed", "order.placed")

    async with container.unit_of_work() as holding:
        (held,) = await holding.webhook_deliveries.claim(tenant_id, endpoint.id, lease=MINUTE, limit=1)
        (other,) = await claimed(container, endpoint)  # the holder's transaction is open still

    assert held.delivery.id != other.delivery.id
    assert [stored.delivery.id for stored in await claimed(container, endpoint)] == [held.delivery.id]


async def test_where_deliveries_stand_is_saved_and_read(container: Container, tenant_id: TenantId) -> None:
    endpoint = await added(container, tenant_id)
    await fanned(container, tenant_id, "order.placed", "order.placed")
    first, second = await claimed(container, endpoint)
    ended = replace(
        first,
        delivery=replace(
            first.delivery, status=DeliveryStatus.FAILED, attempts=10, next_attempt_at=None, ended_at=NOON
        ),
        fence=11,
        last_status=500,
        last_error="timeout",
    )
    later = replace(second, delivery=replace(second.delivery, attempts=1, next_attempt_at=NOON))

    async with container.unit_of_work() as work:
        found = await work.webhook_deliveries.lock(tenant_id, [second.delivery.id, first.delivery.id])
        assert list(found) == [first, second]
        await work.webhook_deliveries.save([ended, later])
        await work.webhook_deliveries.save([])
        await work.commit()

    reader = container.webhook_delivery_reader()
    assert await reader.get(tenant_id, first.delivery.id) == ended
    assert await reader.get(tenant_id, second.delivery.id) == later


async def test_an_attempt_is_recorded_once(container: Container, tenant_id: TenantId) -> None:
    endpoint = await added(container, tenant_id)
    await fanned(container, tenant_id, "order.placed")
    (stored,) = await claimed(container, endpoint)

    async with container.unit_of_work() as work:
        assert await work.webhook_deliveries.record(stored, ATTEMPT)
        assert not await work.webhook_deliveries.record(stored, replace(ATTEMPT, status=200))
        assert await work.webhook_deliveries.record(stored, replace(ATTEMPT, attempt=2, status=None))
        await work.commit()

    attempts = await container.webhook_delivery_reader().attempts(tenant_id, stored.delivery.id)
    assert list(attempts) == [ATTEMPT, replace(ATTEMPT, attempt=2, status=None)]


async def test_what_is_pending_is_canceled_up_to_the_limit_and_nothing_else(
    container: Container, tenant_id: TenantId
) -> None:
    endpoint, other = await added(container, tenant_id), await added(container, tenant_id)
    await fanned(container, tenant_id, *["order.placed"] * 3)

    async with container.unit_of_work() as work:
        assert await work.webhook_deliveries.cancel_pending(tenant_id, endpoint.id, limit=2) == 2
        assert await work.webhook_deliveries.cancel_pending(tenant_id, endpoint.id, limit=2) == 1
        assert await work.webhook_deliveries.cancel_pending(tenant_id, endpoint.id, limit=2) == 0
        await work.commit()

    reader = container.webhook_delivery_reader()
    canceled = DeliveryFilter(status=DeliveryStatus.CANCELED)
    found = await reader.page(tenant_id, canceled, before=None, limit=10)
    assert {stored.delivery.endpoint_id for stored in found} == {endpoint.id}
    assert all(stored.delivery.ended_at is not None for stored in found)
    assert len(await claimed(container, other)) == 3


async def test_a_range_is_found_by_position_time_and_status(container: Container, tenant_id: TenantId) -> None:
    endpoint, other = await added(container, tenant_id), await added(container, tenant_id)
    await fanned(container, tenant_id, *["order.placed"] * 6)
    async with container.unit_of_work() as work:
        await work.webhook_deliveries.cancel_pending(tenant_id, endpoint.id, limit=5)
        await work.webhook_deliveries.cancel_pending(tenant_id, other.id, limit=5)
        await work.commit()
    everything = DeliveryRange(endpoint_id=endpoint.id, status=DeliveryStatus.CANCELED)

    async def positions(chosen: DeliveryRange, limit: int = 10) -> list[int]:
        async with container.unit_of_work() as work:
            found = await work.webhook_deliveries.lock_range(tenant_id, chosen, limit=limit)
            return [stored.event_position for stored in found]

    assert await positions(everything) == [1, 2, 3, 4, 5]
    assert await positions(everything, limit=2) == [1, 2]
    assert await positions(replace(everything, after_position=2, until_position=4)) == [3, 4]
    assert await positions(replace(everything, status=DeliveryStatus.PENDING)) == [6]
    assert await positions(replace(everything, until=NOON)) == []
    assert await positions(replace(everything, since=NOON + timedelta(days=3650))) == []


async def test_deliveries_are_listed_newest_first_by_filter_and_never_a_strangers(
    container: Container, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    endpoint, other = await added(container, tenant_id), await added(container, tenant_id, "order.*")
    await fanned(container, tenant_id, "order.placed", "hold.placed")
    reader = container.webhook_delivery_reader()

    async def found(limit: int = 10, before: WebhookDeliveryId | None = None, **chosen: object) -> list[StoredDelivery]:
        return list(await reader.page(tenant_id, DeliveryFilter(**chosen), before=before, limit=limit))  # type: ignore[arg-type]  # a filter's own names

    everything = await found()
    ids = [stored.delivery.id for stored in everything]
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)
    assert await found(limit=2) == everything[:2]
    assert await found(before=ids[1]) == everything[2:]
    assert {stored.delivery.endpoint_id for stored in await found(endpoint_id=other.id)} == {other.id}
    assert {stored.delivery.event_type for stored in await found(event_type="hold.placed")} == {"hold.placed"}
    assert len(await found(status=DeliveryStatus.PENDING, endpoint_id=endpoint.id)) == 2
    assert await found(status=DeliveryStatus.SUCCEEDED) == []
    assert await reader.page(stranger_id, DeliveryFilter(), before=None, limit=10) == []
    assert await reader.attempts(stranger_id, ids[0]) == []
    with pytest.raises(WebhookDeliveryNotFound):
        await reader.get(stranger_id, ids[0])


async def test_a_message_is_forgotten_with_the_last_delivery_of_its_event(
    container: Container, tenant_id: TenantId, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    first, second = await added(container, tenant_id), await added(container, tenant_id)
    await fanned(container, tenant_id, "order.placed", "order.placed")
    async with container.unit_of_work() as work:
        await work.webhook_messages.keep(tenant_id, {1: b"one", 2: b"two"})
        await work.commit()
    retention = container.record_retention()

    async def left_when_ended(endpoint: WebhookEndpoint) -> list[int]:
        async with container.unit_of_work() as work:
            await work.webhook_deliveries.cancel_pending(tenant_id, endpoint.id, limit=1)
            await work.commit()
        assert await retention.forget_deliveries(tenant_id, older_than_days=0, limit=10) == 1
        async with container.unit_of_work() as work:
            return sorted(await work.webhook_messages.kept(tenant_id, [1, 2]))

    assert await left_when_ended(first) == [1, 2]
    assert await left_when_ended(second) == [2]
    assert await admin.fetchval("SELECT count(*) FROM webhook_deliveries WHERE tenant_id = $1", tenant_id) == 2


async def test_whether_a_message_is_still_needed_is_found_along_the_index_of_its_event(
    container: Container, tenant_id: TenantId, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """However many endpoints the tenant has, or had."""
    for endpoint in [await added(container, tenant_id) for _ in range(3)]:
        await admin.execute(
            "INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_position, event_id, event_type, status, "
            "created_at) SELECT $1, gen_random_uuid(), $2, position, gen_random_uuid(), 'order.placed', 'succeeded', "
            "now() FROM generate_series(1, 3000) AS position",
            tenant_id,
            endpoint.id,
        )
    await admin.execute(
        "INSERT INTO webhook_messages SELECT $1, position, '{}' FROM generate_series(1, 3000) AS position", tenant_id
    )
    await admin.execute("ANALYZE webhook_deliveries, webhook_messages, webhook_endpoints")
    statement = FORGET_MESSAGES.text.replace(":tenant", "$1").replace(":positions", "$2")

    plan = await admin.fetch(f"EXPLAIN {statement}", tenant_id, [1, 2, 3])

    told = "\n".join(line[0] for line in plan)
    assert "using webhook_deliveries_of_event on webhook_deliveries" in told, told
    assert "webhook_endpoints" not in told
