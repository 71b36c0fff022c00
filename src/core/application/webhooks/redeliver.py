"""Send again what has ended: one delivery, or a range of them."""

from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.identifiers import TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import WebhookDeliveryNotFound
from core.domain.webhook_endpoints import EndpointStatus, WebhookEndpointDisabled
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from ports.webhook_delivery_repository import DeliveryRange, StoredDelivery

MAX_REDELIVERED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Redelivered:
    """How many are on their way again, and behind which position there may be more; None: there are none."""

    count: int
    next_after_position: int | None


@dataclass(frozen=True, slots=True)
class RedeliverHandler:
    """Each with the message id it had, so that a receiver that took it before takes it no second time."""

    unit_of_work: UnitOfWorkFactory

    async def one(self, tenant_id: TenantId, delivery_id: WebhookDeliveryId) -> StoredDelivery:
        """
        The delivery, pending again from the start of its schedule.

        Raises:
            WebhookDeliveryNotFound: If the tenant has none of that id.
            WebhookDeliveryPending: If it is on its way already.
            WebhookEndpointNotFound, WebhookEndpointDisabled: If nothing is sent there any more.
        """
        async with self.unit_of_work() as work:
            found = await work.webhook_deliveries.lock(tenant_id, [delivery_id])
            if not found:
                raise WebhookDeliveryNotFound(f"no webhook delivery {delivery_id}")
            await _check_enabled(work, tenant_id, found[0].delivery.endpoint_id)
            again = _again(found[0], now=await work.now())
            await work.webhook_deliveries.save([again])
            await work.commit()
        return again

    async def range(self, tenant_id: TenantId, chosen: DeliveryRange) -> Redelivered:
        """
        Send the first thousand of the range again; the caller goes on behind the position it is given.

        Raises:
            WebhookEndpointNotFound, WebhookEndpointDisabled: If nothing is sent there.
        """
        async with self.unit_of_work() as work:
            await _check_enabled(work, tenant_id, chosen.endpoint_id)
            found = await work.webhook_deliveries.lock_range(tenant_id, chosen, limit=MAX_REDELIVERED_AT_ONCE)
            now = await work.now()
            await work.webhook_deliveries.save([_again(stored, now=now) for stored in found])
            await work.commit()
        more = len(found) == MAX_REDELIVERED_AT_ONCE
        return Redelivered(len(found), found[-1].event_position if more else None)


def _again(stored: StoredDelivery, *, now: datetime) -> StoredDelivery:
    """A new fence too: an attempt of before, still under way, must not count for it."""
    return replace(stored, delivery=stored.delivery.redeliver(now=now), fence=stored.fence + 1)


async def _check_enabled(work: UnitOfWork, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> None:
    endpoint = await work.webhook_endpoints.get(tenant_id, endpoint_id)
    if endpoint.status is EndpointStatus.DISABLED:
        raise WebhookEndpointDisabled("enable it first")
