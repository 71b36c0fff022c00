"""A tenant with endpoints, to whom things happen; delivered in the test's own process, by a clock that can be moved."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

import asyncpg

from conftest import register_tenant
from core.application.webhooks.deliver_webhooks import DeliverWebhooksHandler, DeliveryRound
from core.application.webhooks.register_endpoint import RegisterEndpoint
from core.domain.events import NewEvent, OrderEventData
from core.domain.identifiers import OrderId, TenantId, WalletId
from core.domain.webhook_deliveries import DeliveryStatus
from core.domain.webhook_endpoints import WebhookEndpoint
from entrypoints.container import Container
from integration.webhooks.listener import Heard, Listener
from ports.due_work import DueEndpoint
from ports.webhook_delivery_reader import DeliveryFilter
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery

TRACE = "0123456789abcdef0123456789abcdef"
EVERYTHING = ("*",)


def order_event(tenant_id: TenantId, event_type: str = "order.placed", *, note: str | None = None) -> NewEvent:
    """Something that happened to an order nobody placed."""
    order_id = OrderId(uuid4())
    return NewEvent(
        tenant_id=tenant_id,
        type=event_type,
        subject=order_id,
        trace_id=TRACE,
        data=OrderEventData(
            order_id=order_id,
            wallet_id=WalletId(uuid4()),
            user_id="alice",
            asset="USD",
            amount=1500,
            status="pending",
            round=0,
            reference=None,
            fulfilment_ref=None,
            failure_code=None,
            failure_message=note,
        ),
    )


@dataclass(frozen=True, slots=True)
class Hook:
    """An endpoint and what its receiver sees."""

    endpoint: WebhookEndpoint
    path: str
    secret: str
    listener: Listener

    @property
    def heard(self) -> list[Heard]:
        """Every request that came, in order."""
        return self.listener.heard[self.path]

    @property
    def message_ids(self) -> list[str]:
        """The ids that came, in order."""
        return [heard.message_id for heard in self.heard]

    def says(self, *answers: bytes) -> None:
        """What it answers from now on; the last for ever."""
        self.listener.say(self.path, *answers)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One tenant."""

    id: TenantId
    container: Container
    listener: Listener
    owner: "asyncpg.Connection[asyncpg.Record]"
    positions: list[int] = field(default_factory=list)

    async def hook(self, *event_types: str, secret: str | None = None) -> Hook:
        """A new endpoint on a path of its own."""
        path = f"/{uuid4().hex}"
        endpoint = await self.container.register_webhook_endpoint()(
            RegisterEndpoint(
                tenant_id=self.id,
                url=self.listener.url(path),
                event_types=event_types or EVERYTHING,
                description="",
                secret=secret,
                trace_id=TRACE,
            )
        )
        return Hook(endpoint, path, endpoint.secrets[0].value.reveal(), self.listener)

    async def happens(self, *event_types: str, note: str | None = None) -> list[str]:
        """These events, through outbox and relay; their ids, in the order of their positions."""
        async with self.container.unit_of_work() as work:
            await work.outbox.add([order_event(self.id, event_type, note=note) for event_type in event_types])
            await work.commit()
        return await self.relay()

    async def relay(self) -> list[str]:
        """What waits in the outbox gets its place; the ids of the tenant's events that were not there before."""
        log = self.container.event_log()
        while (await log.record(limit=1000)).events:
            pass
        known = self.positions[-1] if self.positions else 0
        events = await log.page(self.id, after=known, limit=10_000)
        self.positions.extend(event.position for event in events)
        return [str(event.id) for event in events]

    def deliverer(self) -> DeliverWebhooksHandler:
        """Without jitter, so that schedules are as they are written."""
        return replace(self.container.deliver_webhooks(), chance=lambda: 0.5)

    async def deliver(self, hook: Hook) -> DeliveryRound:
        """One job for the endpoint."""
        return await self.deliverer()(self.id, hook.endpoint.id)

    async def deliveries(self, hook: Hook) -> list[StoredDelivery]:
        """All of the endpoint's, in the order of their positions."""
        found = await self.container.webhook_delivery_reader().page(
            self.id, DeliveryFilter(endpoint_id=hook.endpoint.id), before=None, limit=10_000
        )
        return sorted(found, key=lambda stored: stored.event_position)

    async def statuses(self, hook: Hook) -> list[DeliveryStatus]:
        """Where each of them stands."""
        return [stored.delivery.status for stored in await self.deliveries(hook)]

    async def attempts(self, hook: Hook, number: int = 0) -> Sequence[DeliveryAttempt]:
        """The attempts at one of them."""
        delivery = (await self.deliveries(hook))[number].delivery
        return await self.container.webhook_delivery_reader().attempts(self.id, delivery.id)

    async def endpoint(self, hook: Hook) -> WebhookEndpoint:
        """As it stands."""
        return await self.container.read_webhook_endpoints().get(self.id, hook.endpoint.id)

    async def is_due(self, hook: Hook) -> bool:
        """Whether the sweeper would queue the endpoint's job."""
        due = await self.container.due_work().webhook_endpoints(limit=1000)
        return DueEndpoint(self.id, hook.endpoint.id) in due

    async def later(self, **how_much: float) -> None:
        """Move the clock of schedules, as only the tables' owner may."""
        await self.owner.execute("UPDATE schedule_clock SET ahead = ahead + $1", timedelta(**how_much))


async def new_subscriber(
    container: Container, listener: Listener, owner: "asyncpg.Connection[asyncpg.Record]"
) -> Subscriber:
    """A tenant to whom nothing has happened."""
    tenant_id, _, _ = await register_tenant(container)
    return Subscriber(tenant_id, container, listener, owner)
