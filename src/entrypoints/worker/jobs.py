"""What a worker can do, by permanent job names (core.domain.job_catalogue)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import structlog

from core.application.integrity.maintain_ledger import Upkeep
from core.domain.identifiers import OperationId, TenantId, WebhookEndpointId
from core.domain.job_catalogue import (
    DELIVER_WEBHOOKS,
    EXPIRE_HOLDS,
    FORGET_OLD_RECORDS,
    MAINTAIN_LEDGER,
    RECONCILE_LEDGER,
    RUN_OPERATION,
    TAKE_CHECKPOINTS,
)
from core.domain.reconciliation import Reconciliation
from entrypoints.container import Container

_log = structlog.get_logger(__name__)

Job = Callable[..., Awaitable[None]]


def jobs(container: Container) -> Mapping[str, Job]:
    """Handlers that take SAQ's context and the job's ids; each is safe to run twice, and at once."""

    async def run_operation(_context: Any, *, tenant_id: str, operation_id: str) -> None:
        await container.run_operation()(TenantId(UUID(tenant_id)), OperationId(UUID(operation_id)))

    async def deliver_webhooks(_context: Any, *, tenant_id: str, endpoint_id: str) -> None:
        await container.deliver_webhooks()(TenantId(UUID(tenant_id)), WebhookEndpointId(UUID(endpoint_id)))

    async def expire_holds(_context: Any, *, tenant_id: str) -> None:
        await container.expire_holds()(TenantId(UUID(tenant_id)), trace_id=_new_trace_id())

    async def reconcile_ledger(_context: Any, *, tenant_id: str) -> None:
        _tell_breaks(await container.reconcile_ledger()(TenantId(UUID(tenant_id)), trace_id=_new_trace_id()))

    async def maintain_ledger(_context: Any, *, tenant_id: str) -> None:
        _tell_months_ahead(await container.maintain_ledger()(TenantId(UUID(tenant_id))))

    async def take_checkpoint(_context: Any, *, tenant_id: str) -> None:
        if container.settings().checkpoint_key_file is not None:
            await container.take_checkpoint()(TenantId(UUID(tenant_id)))

    async def forget_old_records(_context: Any, *, tenant_id: str) -> None:
        await container.forget_old_records()(TenantId(UUID(tenant_id)))

    return {
        RUN_OPERATION: run_operation,
        DELIVER_WEBHOOKS: deliver_webhooks,
        EXPIRE_HOLDS: expire_holds,
        RECONCILE_LEDGER: reconcile_ledger,
        MAINTAIN_LEDGER: maintain_ledger,
        TAKE_CHECKPOINTS: take_checkpoint,
        FORGET_OLD_RECORDS: forget_old_records,
    }


def _tell_breaks(found: Reconciliation) -> None:
    if found.break_count:
        _log.error(
            "the books do not agree",
            tenant=str(found.tenant_id),
            reconciliation=str(found.id),
            breaks=found.break_count,
        )


def _tell_months_ahead(upkeep: Upkeep) -> None:
    if upkeep.is_alarming:
        _log.error("the journal's partitions end soon", months_ahead=upkeep.months_ahead)


def _new_trace_id() -> str:
    """Work that no request caused begins a trace of its own."""
    return secrets.token_hex(16)
