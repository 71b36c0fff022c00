"""SAQ's cron: each schedule queues one job a tenant, so that no tenant waits for another's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from saq import CronJob

from core.domain.errors import Unavailable
from core.domain.job_catalogue import (
    ATTEMPTS,
    EXPIRE_HOLDS,
    EXPIRE_PAYMENTS,
    FOLLOW_MOVEMENTS,
    FORGET_OLD_RECORDS,
    LOOK_UP_PAYMENTS,
    MAINTAIN_LEDGER,
    RECONCILE_LEDGER,
    TAKE_CHECKPOINTS,
    tenant_job,
)
from entrypoints.container import Container
from ports.job_queue import MAX_JOBS_AT_ONCE

_TIMEOUT_SECONDS = 60
_KEPT_SECONDS = 300
_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""While a server is away. SAQ tries a schedule again without any pause: a second's outage would be a dead letter."""


def schedules(container: Container) -> list[CronJob[Any]]:
    """The schedules with the settings' cron expressions (UTC)."""
    settings = container.settings()
    expressions = {
        EXPIRE_PAYMENTS: settings.schedule_payment_expiry,
        LOOK_UP_PAYMENTS: settings.schedule_payment_look_up,
        FOLLOW_MOVEMENTS: settings.schedule_movements,
        EXPIRE_HOLDS: settings.schedule_hold_expiry,
        RECONCILE_LEDGER: settings.schedule_internal_reconciliation,
        MAINTAIN_LEDGER: settings.schedule_maintenance,
        TAKE_CHECKPOINTS: settings.schedule_checkpoints,
        FORGET_OLD_RECORDS: settings.schedule_retention,
    }
    return [
        CronJob(
            _for_every_tenant(container, name),
            cron=expression,
            unique=True,
            timeout=_TIMEOUT_SECONDS,
            heartbeat=0,
            retries=ATTEMPTS,
            ttl=_KEPT_SECONDS,
        )
        for name, expression in expressions.items()
    ]


async def _queue_for_every_tenant(container: Container, name: str) -> None:
    jobs = [tenant_job(name, tenant_id) for tenant_id in await container.due_work().tenants()]
    for first in range(0, len(jobs), MAX_JOBS_AT_ONCE):
        await container.job_queue().enqueue_many(jobs[first : first + MAX_JOBS_AT_ONCE])


def _for_every_tenant(container: Container, name: str) -> Callable[[Any], Awaitable[None]]:
    async def queue_for_every_tenant(_context: Any) -> None:
        for pause_seconds in _PAUSES_SECONDS:
            try:
                return await _queue_for_every_tenant(container, name)
            except Unavailable:
                await asyncio.sleep(pause_seconds)
        return await _queue_for_every_tenant(container, name)

    queue_for_every_tenant.__qualname__ = f"schedules.{name}"  # SAQ's name for it
    return queue_for_every_tenant
