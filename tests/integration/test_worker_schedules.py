"""What a worker's schedules queue and what their jobs do, in this process."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from saq.queue.base import Queue

from concurrency.market import Market, posted_id
from conftest import TestDatabase
from contract.queues_under_test import flushed, own_database
from core.application.integrity.verification import Verification
from core.domain.errors import Unavailable
from core.domain.holds import HoldStatus
from core.domain.identifiers import HoldId, TenantId
from core.domain.job_catalogue import (
    EXPIRE_HOLDS,
    FORGET_OLD_RECORDS,
    RECONCILE_LEDGER,
    RUN_RECONCILIATION,
    timeout_seconds,
)
from core.domain.reconciliation import NO_ATTEMPT_ENDED, TOO_OLD, Reconciliation, ReconciliationStatus
from entrypoints.container import Container
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.settings import Settings
from entrypoints.worker.jobs import Jobs
from entrypoints.worker.schedules import schedules

_PREFIX = "schedules."


@pytest.fixture
async def container(database: TestDatabase, servers: EmbeddedServers) -> AsyncIterator[Container]:
    """A worker's, with nobody else at its queue."""
    url = own_database(servers.redis_url)
    async with flushed(url):
        ours = Container(settings=Settings.from_environment(database.environment() | {"BURSAR_REDIS_URL": url}))
        await ours.posting().start()
        yield ours
        await ours.posting().stop(grace_seconds=5)
        await ours.relay_wake().aclose()
        await ours.streams_queue().disconnect()
        await ours.relay_wake().aclose()
        await ours.database().dispose()


@pytest.fixture
async def superuser(database: TestDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Who can make things old."""
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def market(container: Container) -> Market:
    """A tenant."""
    return await Market.open(container, container.posting())


def scheduled(container: Container) -> list[str]:
    """The names of the jobs that schedules queue."""
    return [schedule.function.__qualname__.removeprefix(_PREFIX) for schedule in schedules(container)]


async def run(container: Container, name: str, tenant: Market) -> None:
    """Do a schedule's job for one tenant, as the worker calls it."""
    await Jobs(container).by_name()[name](None, tenant_id=str(tenant.tenant_id))


async def run_reconciliation(container: Container, asked: Reconciliation) -> None:
    """Do the job of a reconciliation that was begun, as the worker calls it."""
    job = Jobs(container).by_name()[RUN_RECONCILIATION]
    await job(None, tenant_id=str(asked.tenant_id), reconciliation_id=str(asked.id))


async def reconcile(container: Container, tenant: Market) -> None:
    """What the schedule begins, done."""
    await run(container, RECONCILE_LEDGER, tenant)
    (begun,) = await container.due_work().reconciliations(limit=100)
    await container.reconcile_ledger()(begun.tenant_id, begun.reconciliation_id)


async def test_a_schedule_queues_one_job_for_each_tenant_however_often_it_runs(container: Container) -> None:
    tenants = [await market(container) for _ in range(3)]
    queue: Queue = container.streams_queue()

    for schedule in schedules(container):
        for _ in range(2):
            await schedule.function(None)

    assert await queue.count("queued") == len(scheduled(container)) * len(tenants)
    for name in scheduled(container):
        for tenant in tenants:
            job = await queue.job(f"{name}:{tenant.tenant_id}")
            assert job is not None
            assert (job.function, job.kwargs) == (name, {"tenant_id": str(tenant.tenant_id)})
            assert job.timeout == timeout_seconds(name)


def test_each_schedule_has_a_setting_and_a_job_of_its_own(database: TestDatabase) -> None:
    names = [field.name for field in msgspec.structs.fields(Settings) if field.name.startswith("schedule_")]
    expressions = {f"BURSAR_{name.upper()}": f"{minute} * * * *" for minute, name in enumerate(names)}
    container = Container(settings=Settings.from_environment(database.environment() | expressions))

    assert sorted(schedule.cron for schedule in schedules(container)) == sorted(expressions.values())
    assert len(set(scheduled(container))) == len(expressions)
    assert set(scheduled(container)) <= set(Jobs(container).by_name())


async def test_every_scheduled_job_runs_twice_without_harm(container: Container) -> None:
    tenant = await market(container)
    wallet = await tenant.wallet(100)

    for name in scheduled(container):
        for _ in range(2):
            await run(container, name, tenant)

    assert await tenant.available(wallet) == 100
    assert (await container.verify_ledger()(tenant.tenant_id)).is_clean


async def test_an_overdue_hold_expires_once_and_one_that_is_not_stays(container: Container) -> None:
    tenant = await market(container)
    wallet = await tenant.wallet(100)
    await tenant.open_reserve(wallet)
    overdue, lasting = [
        HoldId(posted_id(await tenant.posting.post(tenant.hold(wallet, amount, lifetime=lifetime))))
        for amount, lifetime in ((30, timedelta(0)), (20, timedelta(days=1)))
    ]
    assert await tenant.available(wallet) == 50

    for _ in range(2):
        await run(container, EXPIRE_HOLDS, tenant)

    assert await tenant.available(wallet) == 80
    holds = [await container.hold_reader().get(tenant.tenant_id, hold) for hold in (overdue, lasting)]
    assert [hold.status for hold in holds] == [HoldStatus.EXPIRED, HoldStatus.PENDING]


async def test_a_reconciliation_of_the_schedule_is_kept_with_its_breaks(
    container: Container, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    tenant = await market(container)
    wallet = await tenant.wallet(100)
    await reconcile(container, tenant)
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE accounts SET balance = balance - 1 WHERE id = $1", wallet)

    await reconcile(container, tenant)

    read = container.read_reconciliations()
    broken, clean = await read.page(tenant.tenant_id, before=None, limit=10)
    assert (clean.status, broken.status) == (ReconciliationStatus.CLEAN, ReconciliationStatus.BROKEN)
    _, breaks = await read.get(tenant.tenant_id, broken.id, after=0, limit=100)
    assert wallet in {found.account_id for found in breaks}


async def test_a_reconciliation_that_a_worker_lost_is_queued_again_and_done_once(container: Container) -> None:
    tenant = await market(container)
    await tenant.wallet(100)
    asked = await container.request_reconciliation()(tenant.tenant_id, trace_id=uuid4().hex)
    queue = container.streams_queue()
    await queue.redis.flushdb()  # neither Redis nor a worker knows of it any more
    key = f"{RUN_RECONCILIATION}:{asked.id}"
    assert await queue.job(key) is None

    await container.queue_due_work()()
    assert await queue.job(key) is not None
    await asyncio.gather(*(run_reconciliation(container, asked) for _ in range(3)))
    await run_reconciliation(container, asked)  # delivered late

    read = container.read_reconciliations()
    (done,) = await read.page(tenant.tenant_id, before=None, limit=10)
    assert (done.id, done.status, done.attempts) == (asked.id, ReconciliationStatus.CLEAN, 1)
    assert await container.due_work().reconciliations(limit=10) == []


async def unavailable(_tenant_id: TenantId) -> Verification:
    """A ledger whose comparison takes longer than a statement may."""
    raise Unavailable("canceling statement due to statement timeout")


async def paused(superuser: "asyncpg.Connection[asyncpg.Record]", asked: Reconciliation) -> None:
    """The pause before its next attempt is over."""
    await superuser.execute("UPDATE reconciliations SET next_attempt_at = started_at WHERE id = $1", asked.id)


async def test_a_ledger_that_cannot_be_compared_has_failed_after_three_attempts_with_pauses(
    container: Container, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    tenant = await market(container)
    ask = container.request_reconciliation()
    asked = await ask(tenant.tenant_id, trace_id=uuid4().hex)
    failing = replace(container.reconcile_ledger(), verify=unavailable)

    for attempt in (1, 2):
        put_off = await failing(tenant.tenant_id, asked.id)
        assert (put_off.attempts, put_off.status) == (attempt, ReconciliationStatus.RUNNING)
        assert await container.due_work().reconciliations(limit=10) == []
        assert (await failing(tenant.tenant_id, asked.id)).attempts == attempt  # it comes too early
        assert (await ask(tenant.tenant_id, trace_id=uuid4().hex)).id == asked.id
        await paused(superuser, asked)
    failed = await failing(tenant.tenant_id, asked.id)

    assert (failed.status, failed.failure) == (
        ReconciliationStatus.FAILED,
        "canceling statement due to statement timeout",
    )
    assert await container.due_work().reconciliations(limit=10) == []
    assert (await ask(tenant.tenant_id, trace_id=uuid4().hex)).id != asked.id


async def test_a_reconciliation_whose_attempts_never_end_has_failed(
    container: Container, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """As of a ledger that takes longer than its job may."""
    tenant = await market(container)
    asked = await container.request_reconciliation()(tenant.tenant_id, trace_id=uuid4().hex)

    async def endless(_tenant_id: TenantId) -> Verification:
        raise asyncio.CancelledError

    cut_off = replace(container.reconcile_ledger(), verify=endless)
    for _ in range(3):
        with pytest.raises(asyncio.CancelledError):
            await cut_off(tenant.tenant_id, asked.id)
        await paused(superuser, asked)

    failed = await cut_off(tenant.tenant_id, asked.id)

    assert (failed.status, failed.failure) == (ReconciliationStatus.FAILED, NO_ATTEMPT_ENDED)


async def test_a_reconciliation_older_than_a_day_makes_room_for_the_next(
    container: Container, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    tenant = await market(container)
    ask = container.request_reconciliation()
    old = await ask(tenant.tenant_id, trace_id=uuid4().hex)
    await superuser.execute(
        "UPDATE reconciliations SET started_at = started_at - interval '25 hours' WHERE id = $1", old.id
    )

    asked = await ask(tenant.tenant_id, trace_id=uuid4().hex)

    newest, oldest = await container.read_reconciliations().page(tenant.tenant_id, before=None, limit=10)
    assert (newest.id, newest.status) == (asked.id, ReconciliationStatus.RUNNING)
    assert (oldest.id, oldest.status, oldest.failure) == (old.id, ReconciliationStatus.FAILED, TOO_OLD)


async def test_two_that_reconcile_at_once_keep_one_result(
    container: Container, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    tenant = await market(container)
    wallet = await tenant.wallet(100)
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE accounts SET balance = balance - 1 WHERE id = $1", wallet)
    both_have_read = asyncio.Barrier(2)
    asked = await container.request_reconciliation()(tenant.tenant_id, trace_id=uuid4().hex)
    reconcile_ledger = container.reconcile_ledger()

    async def verify_together(tenant_id: TenantId) -> Verification:
        verification: Verification = await reconcile_ledger.verify(tenant_id)
        if both_have_read.n_waiting == 0:  # the first: its pause is over before it has done, as with a long ledger
            await paused(superuser, asked)
            beginning.set()
        await both_have_read.wait()
        return verification

    beginning = asyncio.Event()
    together = replace(reconcile_ledger, verify=verify_together)

    async def late() -> Reconciliation:
        await beginning.wait()
        return await together(tenant.tenant_id, asked.id)

    first, second = await asyncio.gather(together(tenant.tenant_id, asked.id), late())

    assert first == second
    read = container.read_reconciliations()
    assert await read.page(tenant.tenant_id, before=None, limit=10) == [first]
    _, breaks = await read.get(tenant.tenant_id, first.id, after=0, limit=100)
    assert len(breaks) == first.break_count > 0


async def test_old_deliveries_and_keys_are_forgotten_and_pending_or_young_ones_kept(
    container: Container, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    tenant = await market(container)
    wallet, other = await tenant.wallet(100), await tenant.wallet()
    for key in ("old", "young"):
        await tenant.posting.post(tenant.transfer(wallet, other, key=key))
    await superuser.execute("SET session_replication_role = replica")  # rows without their endpoint
    await superuser.execute(
        "UPDATE idempotency_keys SET created_at = created_at - interval '31 days' WHERE key = 'old'"
    )
    kept = []
    for status, days in (("succeeded", 31), ("failed", 40), ("pending", 31), ("succeeded", 29), ("canceled", 0)):
        delivery = uuid4()
        kept += [delivery] if days < 30 or status == "pending" else []
        await superuser.execute(
            "INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_position, event_id, event_type, status,"
            " next_attempt_at, created_at) VALUES ($1, $2, $2, 1, $2, 'transfer.posted', $3,"
            " CASE WHEN $3 = 'pending' THEN now() END, now() - make_interval(days => $4))",
            *(tenant.tenant_id, delivery, status, days),
        )

    for _ in range(2):
        await run(container, FORGET_OLD_RECORDS, tenant)

    left = await superuser.fetch("SELECT id FROM webhook_deliveries WHERE tenant_id = $1", tenant.tenant_id)
    assert {row["id"] for row in left} == set(kept)
    keys = await superuser.fetch("SELECT key FROM idempotency_keys WHERE tenant_id = $1", tenant.tenant_id)
    assert "young" in {row["key"] for row in keys}
    assert "old" not in {row["key"] for row in keys}
