"""Dead letters over HTTP: found, read, redriven, discarded."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from adapters.streams.job_queue import StreamsJobQueue
from adapters.streams.queue import StreamsQueue
from conftest import MakeTenant, Tenant
from core.domain.job_catalogue import ATTEMPTS, QUEUE, RUN_OPERATION, timeout_seconds
from core.domain.jobs import FailedAttempt, PoisonJob
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from entrypoints.embedded.servers import EmbeddedServers
from integration.http.answers import posted, refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTERS = "/v1/admin/dead-letters"


@pytest.fixture
async def operator(api: ApiProcess, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The tenant's operator."""
    headers = {"Authorization": f"Bearer {tenant.operator_key}"}
    async with httpx.AsyncClient(base_url=api.base_url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
async def queue(servers: EmbeddedServers) -> AsyncIterator[StreamsQueue]:
    """The API's, of which nobody takes anything."""
    looked_at = StreamsQueue.from_url(servers.redis_url, name=QUEUE)
    yield looked_at
    await looked_at.disconnect()


async def bury(container: Container, tenant: Tenant, *, name: str = RUN_OPERATION) -> str:
    """A job of the tenant's that was given up; its key."""
    operation = uuid4()
    key = f"{RUN_OPERATION}:{operation}"
    await container.bury_job()(
        PoisonJob(
            queue=QUEUE,
            key=key,
            name=name,
            arguments={"tenant_id": str(tenant.id), "operation_id": str(operation)},
            attempts=2,
            first_enqueued_at=NOW,
            history=(FailedAttempt(1, NOW, "TimeoutError"), FailedAttempt(2, NOW, "TypeError: no")),
        )
    )
    return key


async def only_letter(operator: httpx.AsyncClient) -> str:
    """The id of the one there is."""
    [letter] = posted(await operator.get(LETTERS), 200)["items"]
    return str(letter["id"])


async def test_a_letter_is_listed_and_read_with_its_history(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient
) -> None:
    key = await bury(container, tenant)

    listed = posted(await operator.get(LETTERS), 200)
    [letter] = listed["items"]
    read = posted(await operator.get(f"{LETTERS}/{letter['id']}"), 200)

    assert listed["next_cursor"] is None
    assert read["dead_letter"] == letter
    assert (letter["status"], letter["job_key"], letter["reason"]) == ("open", key, "TypeError: no")
    assert letter["arguments"]["tenant_id"] == str(tenant.id)
    assert [(each["attempt"], each["error"]) for each in read["history"]] == [(1, "TimeoutError"), (2, "TypeError: no")]


async def test_a_redriven_letters_job_is_queued_once_however_often_it_is_redriven(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient, queue: StreamsQueue
) -> None:
    key = await bury(container, tenant)
    letter = await only_letter(operator)
    before = await queue.count("queued")

    answers = [posted(await operator.post(f"{LETTERS}/{letter}/redrive"), 200) for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0]["status"] == "redriven"
    job = await queue.job(key)
    assert job is not None
    assert (job.function, job.retries, job.timeout) == (RUN_OPERATION, ATTEMPTS, timeout_seconds(RUN_OPERATION))
    assert (job.kwargs or {})["tenant_id"] == str(tenant.id)
    assert await queue.count("queued") == before + 1
    refused(await operator.post(f"{LETTERS}/{letter}/discard"), 409, "dead_letter_closed")


async def test_a_discarded_letter_stays_as_it_is(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient, queue: StreamsQueue
) -> None:
    key = await bury(container, tenant)
    letter = await only_letter(operator)

    answers = [posted(await operator.post(f"{LETTERS}/{letter}/discard"), 200) for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0]["status"] == "discarded"
    refused(await operator.post(f"{LETTERS}/{letter}/redrive"), 409, "dead_letter_closed")
    assert await queue.job(key) is None


async def test_a_letter_that_names_no_job_can_only_be_discarded(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient
) -> None:
    await bury(container, tenant, name="")
    letter = await only_letter(operator)

    refused(await operator.post(f"{LETTERS}/{letter}/redrive"), 409, "dead_letter_not_redrivable")

    assert posted(await operator.get(f"{LETTERS}/{letter}"), 200)["dead_letter"]["status"] == "open"
    assert posted(await operator.post(f"{LETTERS}/{letter}/discard"), 200)["status"] == "discarded"


async def test_all_open_letters_are_redriven_at_once(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient, queue: StreamsQueue
) -> None:
    keys = [await bury(container, tenant) for _ in range(3)]
    await bury(container, tenant, name="")

    done = posted(await operator.post(f"{LETTERS}/redrive"), 200)
    again = posted(await operator.post(f"{LETTERS}/redrive"), 200)

    assert done == {"redriven": 3, "skipped": 1, "has_more": False}
    assert again == {"redriven": 0, "skipped": 1, "has_more": False}
    assert all([await queue.job(key) for key in keys])
    assert len(posted(await operator.get(LETTERS, params={"status": "redriven"}), 200)["items"]) == 3


async def test_letters_that_name_no_job_hide_none_behind_them(
    container: Container, tenant: Tenant, queue: StreamsQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.application.dead_letters.redrive_open_dead_letters.MOST_AT_ONCE", 3)
    keys = [await bury(container, tenant) for _ in range(4)]
    for _ in range(7):
        await bury(container, tenant, name="")

    redrive = replace(container.redrive_open_dead_letters(), jobs=StreamsJobQueue(queue))
    done = [await redrive(tenant.id) for _ in range(3)]

    assert [(each.redriven, each.skipped, each.has_more) for each in done] == [
        (3, 7, True),
        (1, 7, False),
        (0, 7, False),
    ]
    assert all([await queue.job(key) for key in keys])


async def test_letters_come_in_pages_by_status(
    container: Container, tenant: Tenant, operator: httpx.AsyncClient
) -> None:
    for _ in range(3):
        await bury(container, tenant)

    first = posted(await operator.get(LETTERS, params={"limit": 2, "status": "open"}), 200)
    second = posted(
        await operator.get(LETTERS, params={"limit": 2, "status": "open", "cursor": first["next_cursor"]}), 200
    )

    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)
    assert len({letter["id"] for letter in first["items"] + second["items"]}) == 3
    assert posted(await operator.get(LETTERS, params={"status": "discarded"}), 200)["items"] == []
    refused(await operator.get(LETTERS, params={"status": "buried"}), 400, "invalid_field", "#/status")


async def test_other_tenants_letters_are_not_there(
    container: Container, make_tenant: MakeTenant, operator: httpx.AsyncClient
) -> None:
    other = await make_tenant()
    await bury(container, other)
    theirs = {"Authorization": f"Bearer {other.operator_key}"}
    [letter] = (await operator.get(LETTERS, headers=theirs)).json()["items"]

    assert posted(await operator.get(LETTERS), 200)["items"] == []
    for path in ("", "/redrive", "/discard"):
        method = operator.post if path else operator.get
        refused(await method(f"{LETTERS}/{letter['id']}{path}"), 404, "dead_letter_not_found")
        refused(await method(f"{LETTERS}/{UUID(int=9)}{path}"), 404, "dead_letter_not_found")


async def test_letters_are_for_operators(tenant: Tenant) -> None:
    for answer in (
        await tenant.client.get(LETTERS),
        await tenant.client.get(f"{LETTERS}/{uuid4()}"),
        await tenant.client.post(f"{LETTERS}/redrive"),
        await tenant.client.post(f"{LETTERS}/{uuid4()}/redrive"),
        await tenant.client.post(f"{LETTERS}/{uuid4()}/discard"),
    ):
        refused(answer, 403, "not_permitted")
