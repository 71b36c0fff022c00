"""Workers stopped in the middle of an attempt, at a moment that is chosen."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
from saq.job import Job

from adapters.streams.job_queue import saq_job
from core.domain.job_catalogue import RUN_OPERATION, job
from e2e.conftest import Bank
from e2e.processes import family_of
from e2e.shop import Body, Shop
from entrypoints.development.worker_process import WorkerProcess

PATIENCE_SECONDS = 40.0
"""More than a lease, and time for a slow machine."""

_POLL_SECONDS = 0.02
_NOBODY = "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
_COMMITTING = """
SELECT session.client_port FROM pg_stat_activity AS session JOIN pg_locks ON pg_locks.pid = session.pid
WHERE session.datname = current_database() AND session.wait_event = 'SyncRep'
  AND pg_locks.relation = 'operations'::regclass AND pg_locks.mode = 'RowExclusiveLock'
"""
_IS_DUE = "SELECT next_attempt_at <= schedule_now() FROM operations WHERE tenant_id = $1 AND id = $2"
_HISTORY = """
SELECT attempt, outcome, counted FROM operation_attempts WHERE tenant_id = $1 AND operation_id = $2 ORDER BY attempt
"""


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - other processes have no event to wait for
            await asyncio.sleep(_POLL_SECONDS)


async def unknown_order(bank: Bank) -> Body:
    """An order whose first attempt was answered 500, without any work: a worker tries again in about a second."""
    body = {"wallet_id": bank.wallets[0], "amount": 100, "items": [{"sku": "sku_error_before", "quantity": 1}]}
    answer = await bank.client.post("/v1/orders", json=body, headers={"Idempotency-Key": "the-only-one"})
    assert answer.status_code == 202, answer.text
    placed: Body = answer.json()
    return placed


async def until_due(shop: Shop, bank: Bank, order: Body) -> None:
    """Return when the next attempt may begin."""
    connection = await asyncpg.connect(shop.admin_url)

    async def is_due() -> bool:
        return bool(await connection.fetchval(_IS_DUE, bank.tenant_id, order["operation_id"]))

    try:
        await until(is_due)
    finally:
        await connection.close()


async def is_completed(bank: Bank, order: Body) -> bool:
    """Whether it has been handed over, as far as we know."""
    return (await bank.client.get(f"/v1/orders/{order['id']}")).json()["status"] == "completed"


async def attempts_at(shop: Shop, bank: Bank, order: Body) -> list[tuple[int, str, bool]]:
    """Number, outcome, and whether it counted, of each that was written down."""
    connection = await asyncpg.connect(shop.admin_url)
    try:
        rows = await connection.fetch(_HISTORY, bank.tenant_id, order["operation_id"])
    finally:
        await connection.close()
    return [(row["attempt"], row["outcome"], row["counted"]) for row in rows]


async def is_recorded(shop: Shop, bank: Bank, order: Body, attempt: tuple[int, str, bool]) -> bool:
    """Whether that attempt was written down so."""
    return attempt in await attempts_at(shop, bank, order)


@asynccontextmanager
async def asleep(worker: WorkerProcess) -> AsyncGenerator[None]:
    """SIGSTOP to all of it for the time of a block."""
    family = family_of(worker.pid)
    try:
        for process in family:
            process.send(signal.SIGSTOP)
        yield
    finally:
        for process in family:
            process.send(signal.SIGCONT)


@asynccontextmanager
async def commits_wait(shop: Shop) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """PostgreSQL writes commits down, and does not answer: it waits for a standby that is not there."""
    connection = await asyncpg.connect(shop.admin_url)
    try:
        await connection.execute(_NOBODY)
        await connection.execute("SELECT pg_reload_conf()")
        yield connection
    finally:
        await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()


async def until_one_begins_an_attempt(
    connection: "asyncpg.Connection[asyncpg.Record]", workers: Sequence[WorkerProcess]
) -> WorkerProcess:
    """The one whose fence is written, and who has not heard of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            port = await connection.fetchval(_COMMITTING)
            for worker in workers:
                if port is not None and any(each.connects_from(port) for each in family_of(worker.pid)):
                    return worker
            await asyncio.sleep(_POLL_SECONDS)


def delivered_again(bank: Bank, order: Body, copy: int) -> Job:
    """One more job to run the order's operation, under a key of its own: the queue takes each key once."""
    arguments = {"tenant_id": str(bank.tenant_id), "operation_id": order["operation_id"]}
    return saq_job(job(RUN_OPERATION, f"copy-{copy}:{order['id']}", arguments))


def jobs_taken_away(shop: Shop) -> int:
    """How often a worker found that a job was not its own any more."""
    return shop.installation.log.read_text().count("a job was taken away while it ran")
