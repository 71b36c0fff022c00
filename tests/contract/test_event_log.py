"""What `ports.event_log` promises."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from adapters.postgres import event_log_statements as sql
from conftest import TestDatabase
from contract.outboxes import Outbox, drained, new_tenant, places, whole
from core.application.outbox.read_events import ReadEventsHandler
from core.domain.identifiers import TenantId

DAY = timedelta(hours=24)
RARE = "webhook_endpoint.disabled"


async def test_events_get_their_places_in_the_order_they_happened(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    third, first, second = await outbox.tell(tenant, 30, 10, 20)

    assert (await log.record(limit=100)).events == 3

    events = await whole(log, tenant)
    assert [event.id for event in events] == [first, second, third]
    assert places(events) == [1, 2, 3]


async def test_what_is_recorded_is_recorded_once(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    await outbox.tell(tenant, 1, 2)

    assert [(await log.record(limit=100)).events for _ in range(3)] == [2, 0, 0]

    assert places(await whole(log, tenant)) == [1, 2]
    assert await outbox.connection.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_call_records_no_more_than_it_was_asked_to(outbox: Outbox) -> None:
    log = outbox.log()
    for _ in range(3):
        await outbox.flood(new_tenant(), 10)

    assert (await log.record(limit=8)).events <= 8
    assert (await log.record(limit=1)).events == 1


async def test_an_earlier_event_that_commits_later_is_late_and_not_lost(
    outbox: Outbox, log_database: TestDatabase
) -> None:
    """A cursor "greater than the last id" skips it for ever."""
    log, tenant = outbox.log(), new_tenant()
    connection = await asyncpg.connect(log_database.admin_url)
    try:
        slow = connection.transaction()
        await slow.start()
        [early] = await Outbox(outbox.container, connection).tell(tenant, 1)
        [quick] = await outbox.tell(tenant, 2)
        await log.record(limit=100)
        assert [event.id for event in await whole(log, tenant)] == [quick]

        await slow.commit()
        await log.record(limit=100)
    finally:
        await connection.close()

    events = await log.page(tenant, after=1, limit=10)
    assert [(event.id, event.position) for event in events] == [(early, 2)]


async def test_several_relays_at_once_leave_no_gap_and_give_no_place_twice(outbox: Outbox) -> None:
    tenants = [new_tenant() for _ in range(3)]
    for tenant in tenants:
        await outbox.flood(tenant, 200)

    await asyncio.gather(*(drained(outbox.log(), limit=40) for _ in range(4)))
    await drained(outbox.log(), limit=1000)

    for tenant in tenants:
        assert places(await whole(outbox.log(), tenant)) == list(range(1, 201))


async def test_a_tenants_flood_leaves_room_for_the_others(outbox: Outbox) -> None:
    log, small = outbox.log(), [new_tenant() for _ in range(3)]
    await outbox.flood(new_tenant(), 500)
    for tenant in small:
        await outbox.tell(tenant, 1)

    await log.record(limit=100)

    assert [len(await whole(log, tenant)) for tenant in small] == [1, 1, 1]


async def test_many_floods_are_served_in_turn(outbox: Outbox) -> None:
    log, tenants = outbox.log(), [new_tenant() for _ in range(8)]
    for tenant in tenants:
        await outbox.flood(tenant, 100)

    for _ in range(4):
        await log.record(limit=40)

    assert {len(await whole(log, tenant)) for tenant in tenants} == {20}


async def test_many_tenants_behind_are_published_in_turn(outbox: Outbox) -> None:
    log, tenants = outbox.log(), [new_tenant() for _ in range(8)]
    for tenant in tenants:
        await outbox.flood(tenant, 100)
    await drained(log, limit=1000)

    told: list[TenantId] = []
    for _ in range(4):
        events = await log.unpublished(limit=40)
        assert len(events) == 40
        told += [event.tenant_id for event in events]

    assert {told.count(tenant) for tenant in tenants} == {20}


async def test_the_stream_is_told_each_tenants_events_in_order_and_once(outbox: Outbox) -> None:
    log, tenants = outbox.log(), sorted(new_tenant() for _ in range(2))
    for tenant in tenants:
        await outbox.flood(tenant, 5)
    await drained(log, limit=100)

    told = await log.unpublished(limit=100)
    assert [(event.tenant_id, event.position) for event in told] == [
        (tenant, position) for tenant in tenants for position in range(1, 6)
    ]
    await log.mark_published({tenants[0]: 5, tenants[1]: 2})
    await log.mark_published({tenants[0]: 3})  # a relay that is behind takes nothing back

    assert [(event.tenant_id, event.position) for event in await log.unpublished(limit=100)] == [
        (tenants[1], position) for position in (3, 4, 5)
    ]


async def test_nothing_counts_as_published_that_was_never_recorded(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    await outbox.flood(tenant, 2)
    await drained(log, limit=100)

    await log.mark_published({tenant: 3})

    assert places(await log.unpublished(limit=100)) == [1, 2]


@pytest.mark.parametrize(("count", "old"), [(1, 0), (1, 1), (9, 0), (9, 4), (9, 8), (9, 9)])
async def test_what_was_recorded_within_a_day_is_published_again(outbox: Outbox, count: int, old: int) -> None:
    log, tenant = outbox.log(), new_tenant()
    await outbox.flood(tenant, count)
    await drained(log, limit=100)
    await log.mark_published({tenant: count})
    await outbox.connection.execute(
        "UPDATE events SET recorded_at = recorded_at - interval '25 hours' WHERE position <= $1", old
    )

    await log.publish_again(since=DAY, at_most=50_000)

    assert places(await log.unpublished(limit=100)) == list(range(old + 1, count + 1))


async def test_publishing_again_forgets_nothing_that_was_never_published(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    await outbox.flood(tenant, 4)
    await drained(log, limit=100)
    await log.mark_published({tenant: 1})
    await outbox.connection.execute("UPDATE events SET recorded_at = recorded_at - interval '25 hours'")

    await log.publish_again(since=DAY, at_most=50_000)

    assert places(await log.unpublished(limit=100)) == [2, 3, 4]


async def test_the_log_is_read_from_any_position(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    await outbox.flood(tenant, 10)
    await outbox.flood(new_tenant(), 3)
    await drained(log, limit=100)

    assert places(await log.page(tenant, after=0, limit=3)) == [1, 2, 3]
    assert places(await log.page(tenant, after=3, limit=3)) == [4, 5, 6]
    assert places(await log.page(tenant, after=9, limit=3)) == [10]
    assert await log.page(tenant, after=10, limit=3) == []
    assert places(await log.at(tenant, [7, 2, 11])) == [2, 7]


async def test_a_page_of_one_type_is_full_however_rare_the_type_is(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    await outbox.flood(tenant, 2500)
    await outbox.tell(tenant, 0.5, 1200.5, 2400.5, 2500.5, event_type=RARE)
    await outbox.tell(new_tenant(), 3, event_type=RARE)
    await drained(log, limit=10_000)

    assert places(await log.page(tenant, after=0, limit=3, event_type=RARE)) == [2, 1203, 2404]
    assert places(await log.page(tenant, after=2404, limit=3, event_type=RARE)) == [2504]
    assert await log.page(tenant, after=2504, limit=3, event_type=RARE) == []
    assert await log.page(tenant, after=0, limit=3, event_type="order.failed") == []


async def test_a_reader_of_one_type_misses_nothing_and_reads_nothing_twice_while_writers_write(
    outbox: Outbox, log_database: TestDatabase
) -> None:
    """Each page goes on behind the last position of the one before, while relays and slow writers go on."""
    tenant, pages = new_tenant(), ReadEventsHandler(outbox.log())
    read: list[int] = []

    async def write(writer: int) -> None:
        connection = await asyncpg.connect(log_database.admin_url)
        try:
            for number in range(40):
                async with connection.transaction():
                    told = Outbox(outbox.container, connection)
                    await told.tell(tenant, number * 10 + writer)
                    await told.tell(tenant, number * 10 + writer + 0.5, event_type=RARE)
        finally:
            await connection.close()

    async def follow(*, until_writers_end: asyncio.Future[list[None]]) -> None:
        after = 0
        while True:
            is_last = until_writers_end.done() and await drained(outbox.log(), limit=1000) == 1
            page = await pages(tenant, after=after, limit=3, event_type=RARE)
            assert len(page.events) == 3 or not page.has_more
            read.extend(event.position for event in page.events)
            after = page.next_after
            if is_last and not page.has_more:
                return

    async def relay(*, until_writers_end: asyncio.Future[list[None]]) -> None:
        log = outbox.log()
        while not until_writers_end.done():
            await log.record(limit=7)

    writing = asyncio.gather(*(write(writer) for writer in range(3)))
    relays = (relay(until_writers_end=writing) for _ in range(2))
    async with asyncio.timeout(60):
        await asyncio.gather(writing, *relays, follow(until_writers_end=writing))

    expected = [event.position for event in await whole(outbox.log(), tenant) if event.type == RARE]
    assert len(expected) == 120
    assert read == expected


async def test_a_page_of_one_type_is_found_by_an_index_of_its_own(outbox: Outbox) -> None:
    """Were it filtered, a type that never happens would read a tenant's whole log at each request."""
    tenant = new_tenant()
    await outbox.flood(tenant, 2000)
    await drained(outbox.log(), limit=10_000)

    plan = await outbox.connection.fetch(f"EXPLAIN {sql.PAGE_OF_TYPE}", tenant, 0, 100, RARE)

    told = "\n".join(row[0] for row in plan)
    assert "Index Scan using events_by_type" in told
    assert "Filter" not in told


async def test_it_is_known_how_long_the_oldest_event_waits(outbox: Outbox) -> None:
    log, tenant = outbox.log(), new_tenant()
    assert await log.waiting_seconds() == 0

    await outbox.tell(tenant, 1)
    await outbox.tell(new_tenant(), 2)
    await outbox.connection.execute("UPDATE outbox SET occurred_at = clock_timestamp() - interval '7 seconds'")
    assert 7 <= await log.waiting_seconds() < 60

    await log.record(limit=10)
    assert await log.waiting_seconds() == 0
