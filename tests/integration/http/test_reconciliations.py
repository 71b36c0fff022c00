"""Reconciliations over HTTP: asked for, done by a worker, read with their breaks."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from adapters.streams.queue import StreamsQueue
from conftest import MakeTenant, Tenant
from core.domain.identifiers import ReconciliationId
from core.domain.job_catalogue import QUEUE, RUN_RECONCILIATION
from core.domain.reconciliation import ReconciliationStatus
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from entrypoints.embedded.servers import EmbeddedServers
from integration.http.answers import posted, refused

RECONCILIATIONS = "/v1/admin/reconciliations"


@pytest.fixture
async def operator(api: ApiProcess, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The tenant's operator."""
    headers = {"Authorization": f"Bearer {tenant.operator_key}"}
    async with httpx.AsyncClient(base_url=api.base_url, headers=headers, timeout=30) as client:
        yield client


async def falsify(superuser: "asyncpg.Connection[asyncpg.Record]", *wallets: str) -> None:
    """Add a minor unit to balances, as only somebody past every rule of the database can."""
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        for wallet in wallets:
            assert (
                await superuser.execute("UPDATE accounts SET balance = balance + 1 WHERE id = $1", wallet) == "UPDATE 1"
            )


async def reconciled(container: Container, tenant: Tenant, operator: httpx.AsyncClient) -> dict[str, Any]:
    """Asked for, and done as by a worker."""
    running = posted(await operator.post(RECONCILIATIONS), 202)
    await container.reconcile_ledger()(tenant.id, ReconciliationId(UUID(running["id"])))
    read: dict[str, Any] = posted(await operator.get(f"{RECONCILIATIONS}/{running['id']}"), 200)["reconciliation"]
    return read


async def test_the_request_begins_one_and_a_worker_ends_it_with_its_result(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient
) -> None:
    await tenant.wallet("alice", balance=500)

    running = posted(await operator.post(RECONCILIATIONS), 202)
    assert (running["status"], running["finished_at"], running["entries_checked"]) == ("running", None, 0)
    assert posted(await operator.post(RECONCILIATIONS), 202) == running
    unfinished = posted(await operator.get(f"{RECONCILIATIONS}/{running['id']}"), 200)
    assert unfinished == {"reconciliation": running, "breaks": [], "next_after": None}

    await container.reconcile_ledger()(tenant.id, ReconciliationId(UUID(running["id"])))

    read = posted(await operator.get(f"{RECONCILIATIONS}/{running['id']}"), 200)
    made = read["reconciliation"]
    assert (made["id"], made["kind"], made["status"], made["break_count"]) == (running["id"], "internal", "clean", 0)
    assert made["entries_checked"] == 2
    assert made["started_at"] == running["started_at"] <= made["finished_at"]
    assert (read["breaks"], read["next_after"]) == ([], None)
    assert posted(await operator.get(RECONCILIATIONS), 200)["items"] == [made]
    assert posted(await operator.post(RECONCILIATIONS), 202)["id"] != made["id"]


async def test_what_was_asked_for_is_queued_as_its_one_job(
    tenant: Tenant, operator: httpx.AsyncClient, servers: EmbeddedServers
) -> None:
    queue = StreamsQueue.from_url(servers.redis_url, name=QUEUE)
    try:
        (running,) = {posted(await operator.post(RECONCILIATIONS), 202)["id"] for _ in range(3)}
        job = await queue.job(f"{RUN_RECONCILIATION}:{running}")
    finally:
        await queue.disconnect()

    assert job is not None
    assert job.function == RUN_RECONCILIATION
    assert job.kwargs == {"tenant_id": str(tenant.id), "reconciliation_id": running}


async def test_it_begins_also_while_no_queue_can_be_reached_and_is_left_to_the_sweep(
    container: Container, tenant: Tenant
) -> None:
    """The tests' own container has no Redis."""
    running = await container.request_reconciliation()(tenant.id, trace_id=uuid4().hex)

    assert running.status is ReconciliationStatus.RUNNING
    assert running.id in {each.reconciliation_id for each in await container.due_work().reconciliations(limit=1000)}


async def test_a_wrong_balance_becomes_a_break_and_is_not_corrected(
    container: Container,
    tenant: Tenant,
    operator: httpx.AsyncClient,
    superuser: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    alice = await tenant.wallet("alice", balance=500)
    await falsify(superuser, alice)

    made = await reconciled(container, tenant, operator)

    assert made["status"] == "broken"
    breaks = posted(await operator.get(f"{RECONCILIATIONS}/{made['id']}"), 200)["breaks"]
    assert len(breaks) == made["break_count"]
    assert ("account_changed", alice) in {(each["type"], each["account_id"]) for each in breaks}
    assert await tenant.available(alice) == 501
    assert (await reconciled(container, tenant, operator))["break_count"] == made["break_count"]


async def test_breaks_and_reconciliations_come_in_pages(
    container: Container,
    tenant: Tenant,
    operator: httpx.AsyncClient,
    superuser: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await falsify(superuser, *[await tenant.wallet(f"user-{number}", balance=5) for number in range(3)])
    newest = [await reconciled(container, tenant, operator) for _ in range(2)][1]

    breaks: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = posted(await operator.get(f"{RECONCILIATIONS}/{newest['id']}", params={"limit": 2, "after": after}), 200)
        breaks, after = breaks + page["breaks"], page["next_after"]
    first = posted(await operator.get(RECONCILIATIONS, params={"limit": 1}), 200)
    second = posted(await operator.get(RECONCILIATIONS, params={"limit": 1, "cursor": first["next_cursor"]}), 200)

    assert [each["number"] for each in breaks] == list(range(1, newest["break_count"] + 1))
    assert len(breaks) > 2
    assert first["items"] == [newest]
    assert second["items"] != [newest]
    assert second["next_cursor"] is None
    refused(
        await operator.get(f"{RECONCILIATIONS}/{newest['id']}", params={"after": -1}), 400, "invalid_field", "#/after"
    )


async def test_other_tenants_reconciliations_are_not_there(
    make_tenant: MakeTenant, operator: httpx.AsyncClient
) -> None:
    other = await make_tenant()
    theirs = {"Authorization": f"Bearer {other.operator_key}"}
    made = posted(await operator.post(RECONCILIATIONS, headers=theirs), 202)

    refused(await operator.get(f"{RECONCILIATIONS}/{made['id']}"), 404, "reconciliation_not_found")
    refused(await operator.get(f"{RECONCILIATIONS}/{UUID(int=9)}"), 404, "reconciliation_not_found")
    assert posted(await operator.get(RECONCILIATIONS), 200)["items"] == []


async def test_reconciliations_are_for_operators(tenant: Tenant) -> None:
    for answer in (
        await tenant.client.post(RECONCILIATIONS),
        await tenant.client.get(RECONCILIATIONS),
        await tenant.client.get(f"{RECONCILIATIONS}/{uuid4()}"),
    ):
        refused(answer, 403, "not_permitted")
