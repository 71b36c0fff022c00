"""What waits to be done, over all tenants: asked of PostgreSQL, whatever Redis remembers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.identifiers import GatewayEventId, OperationId, ReconciliationId, TenantId, WebhookEndpointId


@dataclass(frozen=True, slots=True)
class DueOperation:
    """An operation whose lease or pause has ended; *attempt* tells one occasion from the next."""

    tenant_id: TenantId
    operation_id: OperationId
    attempt: int


@dataclass(frozen=True, slots=True)
class DueEndpoint:
    """An endpoint with deliveries to make."""

    tenant_id: TenantId
    endpoint_id: WebhookEndpointId


@dataclass(frozen=True, slots=True)
class DueGatewayEvent:
    """What a provider said, received and not applied."""

    tenant_id: TenantId
    event_id: GatewayEventId


@dataclass(frozen=True, slots=True)
class DueReconciliation:
    """A reconciliation that may be attempted now."""

    tenant_id: TenantId
    reconciliation_id: ReconciliationId


class DueWork(Protocol):
    """The only look-ups across tenants that a worker makes (design: architecture)."""

    async def operations(self, *, limit: int) -> Sequence[DueOperation]:
        """Those longest overdue, without those an open dead letter stands for."""
        ...

    async def webhook_endpoints(self, *, limit: int) -> Sequence[DueEndpoint]:
        """
        Those longest overdue, unless paused or stood for by an open dead letter.

        Also disabled and deleted ones that something is still on its way to: the same job cancels it.
        """
        ...

    async def gateway_events(self, *, limit: int) -> Sequence[DueGatewayEvent]:
        """Those that wait longest, without those an open dead letter stands for."""
        ...

    async def reconciliations(self, *, limit: int) -> Sequence[DueReconciliation]:
        """Those longest overdue, without those an open dead letter stands for."""
        ...

    async def tenants(self) -> Sequence[TenantId]:
        """Everybody, for the schedules that go through all."""
        ...
