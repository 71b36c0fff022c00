"""What `ports.event_publisher` promises, and how the relay uses it, against a real stream."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from adapters.postgres.event_log import PostgresEventLog
from adapters.streams.absent_job_queue import AbsentJobQueue
from adapters.streams.event_publisher import STREAM, StreamEventPublisher
from contract.outboxes import MOMENT, TRACE, Outbox, drained, new_tenant
from contract.queues_under_test import flushed, own_database
from core.application.outbox.relay_events import RelayEventsHandler
from core.domain.errors import Unavailable
from core.domain.events import Event
from core.domain.identifiers import EventId, TenantId
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers

CloudEvent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """A publisher, and what a consumer of its stream sees."""

    publisher: StreamEventPublisher
    redis: Redis

    async def events(self) -> list[CloudEvent]:
        """All that is there, oldest first."""
        entries: Any = await self.redis.xrange(STREAM)
        return [json.loads(fields[b"event"]) for _, fields in entries]

    async def positions(self, tenant_id: TenantId) -> list[int]:
        """Of one tenant's events."""
        return [int(each["position"]) for each in await self.events() if each["tenantid"] == str(tenant_id)]


@pytest.fixture
async def stream(servers: EmbeddedServers) -> AsyncIterator[Stream]:
    """Empty, in a database of its own."""
    url = own_database(servers.redis_url)
    async with flushed(url) as redis:
        publisher = StreamEventPublisher(url)
        yield Stream(publisher, redis)
        await publisher.aclose()


def relay(log: PostgresEventLog, publisher: StreamEventPublisher) -> RelayEventsHandler:
    """One without webhooks to queue."""
    return RelayEventsHandler(log, publisher, AbsentJobQueue())


def event(tenant_id: TenantId, position: int, *, data: bytes = b"{}", moment: datetime = MOMENT) -> Event:
    """The tenant's event of that position."""
    return Event(
        tenant_id=tenant_id,
        position=position,
        id=EventId(new_tenant()),
        type="transfer.posted",
        subject=new_tenant(),
        trace_id=TRACE,
        occurred_at=moment,
        data=data,
    )


async def test_events_stand_in_the_stream_in_the_order_they_were_given(stream: Stream) -> None:
    tenant, other = new_tenant(), new_tenant()

    await stream.publisher.publish([event(tenant, 1), event(tenant, 2), event(other, 1)])
    await stream.publisher.publish([event(tenant, 3)])

    told = [(each["tenantid"], each["position"]) for each in await stream.events()]
    assert told == [(str(tenant), "1"), (str(tenant), "2"), (str(other), "1"), (str(tenant), "3")]


@pytest.mark.parametrize("moment", [MOMENT, MOMENT.replace(microsecond=120)])
async def test_events_are_cloud_events(stream: Stream, moment: datetime) -> None:
    """CloudEvents 1.0: "REQUIRED Attributes", "OPTIONAL Attributes", "Attribute Naming Convention", "Type System"."""
    given = event(new_tenant(), 2**40, data=b'{"message": "hallo"}', moment=moment)
    await stream.publisher.publish([given])

    [told] = await stream.events()

    assert {"id", "source", "specversion", "type"} <= set(told)
    assert told["specversion"] == "1.0"
    assert (told["id"], told["type"], told["subject"]) == (str(given.id), given.type, str(given.subject))
    assert all(told[name] for name in ("id", "source", "type", "subject"))
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in told)
    assert all(isinstance(value, str) for name, value in told.items() if name != "data")
    assert told["position"] == str(2**40)
    assert told["time"].endswith("Z")
    assert datetime.fromisoformat(told["time"]) == moment
    assert urlsplit(told["dataschema"]).scheme, "a URI, not a reference to one"
    assert told["dataschema"].endswith(f"/{given.type}.json")
    assert told["datacontenttype"] == "application/json"
    assert told["data"] == {"message": "hallo"}
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", told["traceparent"])


async def test_a_stream_remembers_from_its_beginning_until_it_is_flushed(stream: Stream) -> None:
    assert not await stream.publisher.remembers()

    await stream.publisher.begin()
    assert await stream.publisher.remembers()

    await stream.redis.flushdb()
    assert not await stream.publisher.remembers()


async def test_after_a_flush_the_last_day_is_published_again_with_the_same_positions(
    stream: Stream, outbox: Outbox
) -> None:
    relaying, tenant = relay(outbox.log(), stream.publisher), new_tenant()
    await relaying.recover()
    await outbox.flood(tenant, 5)
    await relaying.record()
    await relaying.publish()
    before = await stream.events()
    assert await stream.positions(tenant) == [1, 2, 3, 4, 5]
    assert not await relaying.recover()

    await stream.redis.flushdb()
    assert await relaying.recover()
    await relaying.publish()

    assert await stream.events() == before
    assert await relaying.publish() == 0


async def test_without_redis_the_log_goes_on_and_the_stream_is_told_later(stream: Stream, outbox: Outbox) -> None:
    nowhere = StreamEventPublisher(f"redis://127.0.0.1:{free_port()}/0")
    log, tenant = outbox.log(), new_tenant()
    cut_off = relay(log, nowhere)
    await outbox.flood(tenant, 3)

    assert await cut_off.record() == 3
    for step in (cut_off.publish, cut_off.recover, nowhere.begin):
        with pytest.raises(Unavailable) as refusal:
            await step()
        assert refusal.value.code == "event_stream_unavailable"
    await nowhere.aclose()

    assert len(await log.page(tenant, after=0, limit=10)) == 3
    assert await relay(log, stream.publisher).publish() == 3
    assert await stream.positions(tenant) == [1, 2, 3]


async def test_what_one_relay_told_the_stream_another_does_not_tell_again(stream: Stream, outbox: Outbox) -> None:
    tenant = new_tenant()
    await outbox.flood(tenant, 20)
    await drained(outbox.log(), limit=100)
    one, other = (relay(outbox.log(), stream.publisher) for _ in range(2))

    assert await one.publish() == 20
    assert await other.publish() == 0

    assert await stream.positions(tenant) == list(range(1, 21))
