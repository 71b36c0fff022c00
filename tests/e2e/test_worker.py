"""`bursar worker` as processes: jobs, the relay, poison, and what becomes of it when a worker is killed or stopped."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from redis.asyncio import Redis

from adapters.streams.event_publisher import STREAM
from concurrency.market import Market, posted_id
from conftest import TestDatabase
from contract.queues_under_test import flushed, own_database
from core.domain.dead_letters import PLATFORM, DeadLetter
from core.domain.holds import HoldStatus
from core.domain.identifiers import HoldId, TenantId, TransferId
from core.domain.job_catalogue import EXPIRE_HOLDS, RUN_OPERATION, tenant_job
from core.domain.jobs import JobArgument, JobRequest
from e2e.bursar_command import clean_environment, run_bursar
from entrypoints.container import Container
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.settings import Settings

EVERY_SECOND = "* * * * * */1"
TAKEOVER_SECONDS = 5.0
WORKED_AROUND_SECONDS = 12.0
"""What a follower waits before it relays beside a leader that stands still, and time for a slow machine."""
PATIENCE_SECONDS = 20.0
GRACE_SECONDS = 10.0
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"
_LEADERS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(slots=True)
class Site:
    """A database and a Redis of a test's own, someone who does business there, and the workers."""

    environment: dict[str, str]
    container: Container
    market: Market
    redis: Redis
    superuser: "asyncpg.Connection[asyncpg.Record]"
    log: Path
    until_the_end: AsyncExitStack

    async def worker(self, **settings: str) -> WorkerProcess:
        """One more, ready."""
        running = WorkerProcess(self.environment | settings, port=free_port(), log=self.log)
        return await self.until_the_end.enter_async_context(running)

    async def leader(self) -> WorkerProcess:
        """A worker that leads the relay."""
        running = await self.worker()

        async def leads() -> bool:
            return bool(await self.superuser.fetchval(_LEADERS))

        await until(leads)
        return running

    async def sell(self) -> TransferId:
        """Something that happens."""
        seller, buyer = await self.market.wallet(), await self.market.wallet(10)
        return posted_id(await self.market.posting.post(self.market.transfer(buyer, seller)))

    async def in_stream(self) -> dict[str, int]:
        """Positions by subject, of what downstream consumers were told."""
        entries: Any = await self.redis.xrange(STREAM)
        told = [json.loads(fields[b"event"]) for _, fields in entries]
        return {event["subject"]: int(event["position"]) for event in told}

    async def is_told(self, *subjects: UUID) -> bool:
        """Whether the stream has them."""
        told = await self.in_stream()
        return all(str(subject) in told for subject in subjects)

    async def positions(self) -> list[int]:
        """The log's, in order."""
        return [
            event.position
            for event in await self.container.event_log().page(self.market.tenant_id, after=0, limit=1000)
        ]

    async def letters(self, tenant_id: TenantId) -> list[DeadLetter]:
        """What was given up."""
        return list(await self.container.read_dead_letters().page(tenant_id, status=None, before=None, limit=100))


@pytest.fixture
async def site(database: TestDatabase, servers: EmbeddedServers, tmp_path: Path) -> AsyncIterator[Site]:
    """Empty, without a worker."""
    url = own_database(servers.redis_url)
    environment = database.environment() | {
        "BURSAR_REDIS_URL": url,
        "BURSAR_RELAY_POLL_SECONDS": "0.05",
        "BURSAR_SWEEP_SECONDS": "0.5",
        "BURSAR_SHUTDOWN_GRACE_SECONDS": f"{GRACE_SECONDS:.0f}",
    }
    container = Container(settings=Settings.from_environment(environment))
    superuser = await asyncpg.connect(database.admin_url)
    await container.posting().start()
    async with AsyncExitStack() as until_the_end, flushed(url) as redis:
        market = await Market.open(container, container.posting())
        yield Site(environment, container, market, redis, superuser, tmp_path / "worker.log", until_the_end)
        await until_the_end.aclose()
    await container.posting().stop(grace_seconds=5)
    await container.relay_wake().aclose()
    await container.streams_queue().disconnect()
    await superuser.close()
    await container.relay_wake().aclose()
    await container.database().dispose()


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait for it; how long that took."""
    begun = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - other processes have no event to wait for
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


def request(name: str, key: str, **arguments: JobArgument) -> JobRequest:
    """A job that is given up soon."""
    return JobRequest(
        name=name,
        arguments=arguments,
        key=key,
        timeout_seconds=10,
        attempts=2,
        retry_delay_seconds=0.1,
        max_retry_delay_seconds=0.1,
    )


async def test_what_is_posted_is_told_in_order_and_an_overdue_hold_expires(site: Site) -> None:
    wallet = await site.market.wallet(100)
    await site.market.open_reserve(wallet)
    placed = await site.market.posting.post(site.market.hold(wallet, 30, lifetime=timedelta(0)))
    sold = await site.sell()
    worker = await site.worker(BURSAR_SCHEDULE_HOLD_EXPIRY=EVERY_SECOND)

    async def is_expired() -> bool:
        hold = await site.container.hold_reader().get(site.market.tenant_id, HoldId(posted_id(placed)))
        return hold.status is HoldStatus.EXPIRED

    await until(is_expired)
    await until(lambda: site.is_told(posted_id(placed), sold))
    told = await site.in_stream()
    assert told[str(posted_id(placed))] < told[str(sold)]
    assert await site.market.available(wallet) == 100
    positions = await site.positions()  # once: the relay goes on
    assert positions == list(range(1, len(positions) + 1))
    assert not worker.has_ended()


async def test_poison_is_kept_with_its_history_while_other_jobs_go_on(site: Site) -> None:
    tenant_id, missing = site.market.tenant_id, uuid4()
    queue = site.container.job_queue()
    raising = request(RUN_OPERATION, f"{RUN_OPERATION}:{missing}", tenant_id=str(tenant_id), operation_id=str(missing))
    await queue.enqueue_many([request("nobody.knows", "nobody.knows:1"), raising, tenant_job(EXPIRE_HOLDS, tenant_id)])
    await site.worker()

    async def both_are_buried() -> bool:
        return len(await site.letters(tenant_id)) == len(await site.letters(PLATFORM)) == 1

    await until(both_are_buried)

    [letter], [unknown] = await site.letters(tenant_id), await site.letters(PLATFORM)
    assert (letter.job_key, letter.name, letter.attempts) == (raising.key, RUN_OPERATION, 2)
    assert letter.arguments == {"tenant_id": str(tenant_id), "operation_id": str(missing)}
    assert [failed.attempt for failed in letter.history] == [1, 2]
    assert "OperationNotFound" in letter.reason
    assert (unknown.name, unknown.attempts) == ("nobody.knows", 2)
    done = await site.container.streams_queue().job(f"{EXPIRE_HOLDS}:{tenant_id}")
    assert done is not None
    assert done.status == "complete"

    bursar = ["dead-letters", "redrive", str(letter.id), "--tenant", str(tenant_id)]
    environment = clean_environment(**site.environment)
    answers = [await run_bursar(*bursar, environment=environment) for _ in range(2)]
    assert [status for status, _ in answers] == [0, 0], answers
    # By then it may be poison again, with a letter of its own.
    assert [each.status for each in await site.letters(tenant_id) if each.id == letter.id] == ["redriven"]

    async def runs_again() -> bool:
        job = await site.container.streams_queue().job(raising.key)
        return (job is not None and job.attempts > 0) or len(await site.letters(tenant_id)) > 1

    await until(runs_again)


async def test_probes_answer_whoever_else_keeps_a_connection_open(site: Site) -> None:
    worker = await site.worker()
    with socket.create_connection(("127.0.0.1", worker.port)):  # says nothing
        async with httpx.AsyncClient(base_url=worker.base_url, timeout=3) as client:
            answers = {path: await client.get(path) for path in ("/live", "/ready", "/metrics", "/elsewhere")}

    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/live": 200,
        "/ready": 200,
        "/metrics": 200,
        "/elsewhere": 404,
    }
    assert "bursar_outbox_oldest_seconds 0.0" in answers["/metrics"].text


async def test_sigterm_ends_a_worker_within_its_grace(site: Site) -> None:
    port = free_port()
    environment = clean_environment(**site.environment, BURSAR_WORKER_PORT=str(port))
    with site.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "entrypoints.cli.main", "worker"), env=environment, stdout=log, stderr=log
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=3) as client:

            async def is_ready() -> bool:
                try:
                    return (await client.get("/ready")).is_success
                except httpx.TransportError:
                    return False

            await until(is_ready)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(GRACE_SECONDS + 5):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.faults
async def test_when_the_leading_relay_is_killed_another_goes_on(site: Site) -> None:
    leader = await site.leader()
    follower = await site.worker()

    leader.kill()
    sold = await site.sell()

    assert await until(lambda: site.is_told(sold)) < TAKEOVER_SECONDS
    assert not follower.has_ended()
    assert await site.positions() == list(range(1, len(await site.in_stream()) + 1))


@pytest.mark.faults
async def test_a_leading_relay_that_stands_still_is_worked_around(site: Site) -> None:
    """Its connection, and with it the lead, stay."""
    leader = await site.leader()
    await site.worker()
    os.kill(leader.pid, signal.SIGSTOP)
    try:
        sold = await site.sell()
        await until(lambda: site.is_told(sold), seconds=WORKED_AROUND_SECONDS)
    finally:
        os.kill(leader.pid, signal.SIGCONT)
    later = await site.sell()

    await until(lambda: site.is_told(later))
    assert await site.positions() == list(range(1, len(await site.in_stream()) + 1))


@pytest.mark.faults
async def test_without_an_answering_redis_a_worker_stays_and_the_log_goes_on(site: Site) -> None:
    worker = await site.worker(BURSAR_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    await site.sell()

    async def is_logged() -> bool:
        return await site.superuser.fetchval("SELECT count(*) FROM outbox") == 0 and bool(await site.positions())

    async def has_missed_redis_often() -> bool:
        return site.log.read_text().count("events are not published") >= 3

    await until(is_logged)
    await until(has_missed_redis_often)
    async with httpx.AsyncClient(base_url=worker.base_url, timeout=3) as client:
        assert (await client.get("/ready")).is_success
    assert not worker.has_ended()


async def test_after_a_flush_of_redis_everything_is_told_again(site: Site) -> None:
    await site.worker()
    sold = await site.sell()
    await until(lambda: site.is_told(sold))
    before = await site.in_stream()

    await site.redis.flushdb()
    later = await site.sell()

    await until(lambda: site.is_told(sold, later))
    after = await site.in_stream()
    assert {subject: after[subject] for subject in before} == before


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BURSAR_SCHEDULE_RETENTION": "whenever"}, "BURSAR_SCHEDULE_"),
        ({"BURSAR_REDIS_URL": "http://elsewhere"}, "BURSAR_REDIS_URL"),
    ],
)
async def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(settings: dict[str, str], told: str) -> None:
    usual = {"BURSAR_DATABASE_URL": NOWHERE, "BURSAR_REDIS_URL": "redis://127.0.0.1:1/0", "BURSAR_WORKER_PORT": "0"}

    status, output = await run_bursar("worker", environment=clean_environment(**(usual | settings)))

    assert status == 1
    assert told in output
    assert "Traceback" not in output


async def test_a_taken_port_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = clean_environment(
            BURSAR_DATABASE_URL=NOWHERE, BURSAR_REDIS_URL="redis://127.0.0.1:1/0", BURSAR_WORKER_PORT=str(port)
        )
        status, output = await run_bursar("worker", environment=environment)

    assert status == 1
    assert f"127.0.0.1:{port}" in output
    assert "Traceback" not in output
