"""What a worker can do, by permanent job names (core.domain.job_catalogue)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from core.application.integrity.maintain_ledger import Upkeep
from core.domain.errors import Unavailable
from core.domain.identifiers import GatewayEventId, OperationId, ReconciliationId, TenantId, WebhookEndpointId
from core.domain.job_catalogue import (
    APPLY_GATEWAY_EVENT,
    DELIVER_WEBHOOKS,
    EXPIRE_HOLDS,
    EXPIRE_PAYMENTS,
    FOLLOW_MOVEMENTS,
    FORGET_OLD_RECORDS,
    LOOK_UP_PAYMENTS,
    MAINTAIN_LEDGER,
    RECONCILE_LEDGER,
    RUN_OPERATION,
    RUN_RECONCILIATION,
    TAKE_CHECKPOINTS,
)
from core.domain.reconciliation import Reconciliation, ReconciliationStatus
from entrypoints.container import Container
from entrypoints.worker.delivery_places import DeliveryPlaces
from entrypoints.worker.reconciliation_places import ReconciliationPlaces

_log = structlog.get_logger(__name__)

DELIVERING_SECONDS = 5.0
"""How long one job goes on beginning further rounds at an endpoint, before others get its place."""

Job = Callable[..., Awaitable[None]]


class Jobs:
    """Handlers that take SAQ's context and the job's ids; each is safe to run twice, and at once."""

    def __init__(self, container: Container) -> None:
        """Work with what *container* has."""
        self._container = container
        self._places = DeliveryPlaces(container.settings().worker_concurrency)
        self._reconciliation_places = ReconciliationPlaces(container.settings().worker_concurrency)

    def by_name(self) -> Mapping[str, Job]:
        """Every handler by its job's name; what PostgreSQL or Redis keep from being done is left to the next sweep."""
        handlers: dict[str, Job] = {
            RUN_OPERATION: self.run_operation,
            DELIVER_WEBHOOKS: self.deliver_webhooks,
            APPLY_GATEWAY_EVENT: self.apply_gateway_event,
            EXPIRE_PAYMENTS: self.expire_payments,
            LOOK_UP_PAYMENTS: self.look_up_payments,
            FOLLOW_MOVEMENTS: self.follow_movements,
            EXPIRE_HOLDS: self.expire_holds,
            RECONCILE_LEDGER: self.reconcile_ledger,
            RUN_RECONCILIATION: self.run_reconciliation,
            MAINTAIN_LEDGER: self.maintain_ledger,
            TAKE_CHECKPOINTS: self.take_checkpoint,
            FORGET_OLD_RECORDS: self.forget_old_records,
        }
        return {name: patient(handler) for name, handler in handlers.items()}

    async def run_operation(self, _context: Any, *, tenant_id: str, operation_id: str) -> None:
        """Attempt an operation."""
        await self._container.run_operation()(TenantId(UUID(tenant_id)), OperationId(UUID(operation_id)))

    async def deliver_webhooks(self, _context: Any, *, tenant_id: str, endpoint_id: str) -> None:
        """Deliver what is due at an endpoint, round after round; a busy one gives its place up after a while."""
        tenant, endpoint = TenantId(UUID(tenant_id)), WebhookEndpointId(UUID(endpoint_id))
        with self._places.one_for(tenant) as has_place:
            if not has_place:
                return  # its deliveries stay due: the next sweep brings them again
            clock = self._container.clock()
            give_up_at = clock.monotonic() + DELIVERING_SECONDS
            while clock.monotonic() < give_up_at:
                delivered = await self._container.deliver_webhooks()(tenant, endpoint)
                _tell_faults(endpoint, delivered.faults)
                if not delivered.may_have_more or delivered.attempts == 0:
                    break

    async def apply_gateway_event(self, _context: Any, *, tenant_id: str, event_id: str) -> None:
        """Apply what a provider said."""
        await self._container.apply_gateway_event()(TenantId(UUID(tenant_id)), GatewayEventId(UUID(event_id)))

    async def expire_payments(self, _context: Any, *, tenant_id: str) -> None:
        """Let go of unpaid payments."""
        await self._container.expire_payments()(TenantId(UUID(tenant_id)), trace_id=_new_trace_id())

    async def look_up_payments(self, _context: Any, *, tenant_id: str) -> None:
        """Ask where payments stand of which nothing was heard for long."""
        await self._container.look_up_quiet_payments()(TenantId(UUID(tenant_id)))

    async def follow_movements(self, _context: Any, *, tenant_id: str) -> None:
        """Look in the providers' balances for what nobody knows."""
        await self._container.follow_movements()(TenantId(UUID(tenant_id)), trace_id=_new_trace_id())

    async def expire_holds(self, _context: Any, *, tenant_id: str) -> None:
        """Give back what holds keep past their time."""
        await self._container.expire_holds()(TenantId(UUID(tenant_id)), trace_id=_new_trace_id())

    async def reconcile_ledger(self, _context: Any, *, tenant_id: str) -> None:
        """Begin to compare the ledger with itself; another job does it."""
        await self._container.request_reconciliation()(TenantId(UUID(tenant_id)), trace_id=_new_trace_id())

    async def run_reconciliation(self, _context: Any, *, tenant_id: str, reconciliation_id: str) -> None:
        """Compare the ledger with itself, where a place is left; else the next sweep brings it again."""
        with self._reconciliation_places.one() as has_place:
            if has_place:
                reconcile = self._container.reconcile_ledger()
                _tell_result(await reconcile(TenantId(UUID(tenant_id)), ReconciliationId(UUID(reconciliation_id))))

    async def maintain_ledger(self, _context: Any, *, tenant_id: str) -> None:
        """Partitions ahead, month snapshots."""
        _tell_months_ahead(await self._container.maintain_ledger()(TenantId(UUID(tenant_id))))

    async def take_checkpoint(self, _context: Any, *, tenant_id: str) -> None:
        """Sign where the accounts stand, where there is a key."""
        if self._container.settings().checkpoint_key_file is not None:
            await self._container.take_checkpoint()(TenantId(UUID(tenant_id)))

    async def forget_old_records(self, _context: Any, *, tenant_id: str) -> None:
        """Forget what is kept for a time only."""
        await self._container.forget_old_records()(TenantId(UUID(tenant_id)))


def patient(handler: Job) -> Job:
    """
    The job ends when something cannot be reached, and counts no attempt: its row is still due.

    Were it a failure, an outage of some seconds would make a dead letter of every job, and nothing would go on.
    """

    async def run(context: Any, **ids: str) -> None:
        try:
            await handler(context, **ids)
        except Unavailable as error:
            _log.warning("a job waits for what cannot be reached", ids=ids, error=repr(error))

    return run


def _new_trace_id() -> str:
    """Work that no request caused begins a trace of its own."""
    return secrets.token_hex(16)


def _tell_faults(endpoint_id: WebhookEndpointId, faults: Sequence[Exception]) -> None:
    for fault in faults:
        _log.error("a webhook failed by a fault of ours", endpoint=str(endpoint_id), exc_info=fault)


def _tell_result(found: Reconciliation) -> None:
    if found.break_count:
        _log.error(
            "the books do not agree",
            tenant=str(found.tenant_id),
            reconciliation=str(found.id),
            breaks=found.break_count,
        )
    if found.status is ReconciliationStatus.FAILED:
        _log.error(
            "the books could not be compared",
            tenant=str(found.tenant_id),
            reconciliation=str(found.id),
            failure=found.failure,
        )


def _tell_months_ahead(upkeep: Upkeep) -> None:
    if upkeep.is_alarming:
        _log.error("the journal's partitions end soon", months_ahead=upkeep.months_ahead)
