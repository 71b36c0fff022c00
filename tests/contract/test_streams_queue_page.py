"""SAQ's page as an operator's browser sees it."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide
from saq.job import Status

from adapters.streams.queue import StreamsQueue
from adapters.streams.queue_page import SaqQueuePage
from contract.queues_under_test import flushed, ours, own_database, status_of, taken
from core.domain.access import NotAuthenticated, Principal, Role
from core.domain.identifiers import ApiKeyId, TenantId
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.http.context import RequestContextMiddleware
from entrypoints.http.controllers.queue_page import queue_page_router
from entrypoints.http.exception_handlers import EXCEPTION_HANDLERS
from entrypoints.http.strict_request import StrictRequest

ROOT = "/v1/admin/queues"
KEYS = {"the-operators-key": Role.OPERATOR, "an-applications-key": Role.APPLICATION}


class TwoKeys:
    """An operator's and an application's."""

    async def authenticate(self, credential: str) -> Principal:
        if credential not in KEYS:
            raise NotAuthenticated("the credential is not valid")
        return Principal(TenantId(UUID(int=1)), ApiKeyId("k"), KEYS[credential])


def application(queue: StreamsQueue) -> Any:
    """The page alone, as the API serves it."""
    page = SaqQueuePage([queue])
    return RequestContextMiddleware(
        Litestar(
            route_handlers=[queue_page_router(TwoKeys())],
            dependencies={"queue_page": Provide(lambda: page, sync_to_thread=False)},
            exception_handlers=EXCEPTION_HANDLERS,
            request_class=StrictRequest,
            openapi_config=None,
            logging_config=None,
        )
    )


def browser(queue: StreamsQueue, auth: tuple[str, str] | None = ("anybody", "the-operators-key")) -> httpx.AsyncClient:
    """A browser that was told the key."""
    transport = httpx.ASGITransport(app=application(queue))
    return httpx.AsyncClient(transport=transport, base_url="http://bursar.test", auth=auth)


@pytest.fixture
async def queue(servers: EmbeddedServers) -> AsyncIterator[StreamsQueue]:
    """A queue with something to see."""
    url = own_database(servers.redis_url)
    async with flushed(url):
        made = ours(url, name="jobs")
        await made.enqueue("operations.run", key="operations:1", operation_id="op-1")
        await made.enqueue("operations.run", key="operations:2", operation_id="op-2")
        await (await taken(made)).finish(Status.FAILED, error="it broke")
        yield made
        await made.disconnect()


@pytest.mark.parametrize("auth", [None, ("", ""), ("anybody", "wrong"), ("the-operators-key", "")])
async def test_without_the_key_the_browser_is_asked_for_it(queue: StreamsQueue, auth: tuple[str, str] | None) -> None:
    async with browser(queue, auth) as client:
        for path in ("/", "/static/app.js", "/api/queues", "/api/queues/jobs/jobs/operations:1"):
            answer = await client.get(ROOT + path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic ")
            assert answer.json()["code"] == "not_authenticated"
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("header", ["Basic", "Basic ???", "Basic YWJj", "Bearer the-operators-key", "basic =="])
async def test_a_header_that_is_no_password_is_refused(queue: StreamsQueue, header: str) -> None:
    async with browser(queue, None) as client:
        answer = await client.get(f"{ROOT}/", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_an_applications_key_opens_nothing(queue: StreamsQueue) -> None:
    async with browser(queue, ("anybody", "an-applications-key")) as client:
        answer = await client.get(f"{ROOT}/")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_the_page_and_every_file_it_names_are_there(queue: StreamsQueue) -> None:
    async with browser(queue) as client:
        page = await client.get(f"{ROOT}/")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(named) == 3
        for path in named:
            asset = await client.get(path)
            assert asset.status_code == 200, path
            assert asset.headers["content-type"].startswith(("text/javascript", "text/css"))
            assert len(asset.content) > 1000
        assert (await client.get(f"{ROOT}/static/other.js")).status_code == 404
        for path in ("/queues/jobs", "/queues/jobs/jobs/operations:1"):
            assert (await client.get(ROOT + path)).text == page.text
        short = await client.get(ROOT)
        assert (short.status_code // 100, short.headers["location"]) == (3, f"{ROOT}/")


async def test_the_page_may_run_its_own_scripts_only(queue: StreamsQueue) -> None:
    async with browser(queue) as client:
        page = await client.get(f"{ROOT}/")
    [inline] = re.findall(r"<script>(.*?)</script>", page.text)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"


async def test_the_page_sees_queues_jobs_and_one_job(queue: StreamsQueue) -> None:
    await queue.worker_info("w-1", queue_key="jobs")
    async with browser(queue) as client:
        [seen] = (await client.get(f"{ROOT}/api/queues")).json()["queues"]
        assert (seen["name"], seen["queued"], seen["active"], list(seen["workers"])) == ("jobs", 1, 0, ["w-1"])
        one = (await client.get(f"{ROOT}/api/queues/jobs")).json()["queue"]
        assert [(job["key"], job["kwargs"]) for job in one["jobs"]] == [("operations:2", "{'operation_id': 'op-2'}")]
        job = (await client.get(f"{ROOT}/api/queues/jobs/jobs/operations:1")).json()["job"]
        assert (job["status"], job["error"], job["kwargs"]) == ("failed", "it broke", "{'operation_id': 'op-1'}")
        for path in ("/api/queues/other", "/api/queues/jobs/jobs/nobody", "/api/queues/other/jobs/operations:1"):
            answer = await client.get(ROOT + path)
            assert answer.status_code == 404
            assert answer.json()["error"].startswith("there is no such")


async def test_its_buttons_retry_and_abort(queue: StreamsQueue) -> None:
    as_json = {"Content-Type": "application/json"}
    async with browser(queue) as client:
        assert (await client.post(f"{ROOT}/api/queues/jobs/jobs/operations:1/retry", headers=as_json)).json() == {}
        assert await status_of(queue, "operations:1") is Status.QUEUED
        assert (await client.post(f"{ROOT}/api/queues/jobs/jobs/operations:2/abort", headers=as_json)).json() == {}
        assert await status_of(queue, "operations:2") is Status.ABORTED
        for verb in ("retry", "abort"):
            answer = await client.post(f"{ROOT}/api/queues/jobs/jobs/nobody/{verb}", headers=as_json)
            assert answer.status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({}, 415),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_another_site_cannot_press_them(queue: StreamsQueue, headers: dict[str, str], status: int) -> None:
    async with browser(queue) as client:
        answer = await client.post(f"{ROOT}/api/queues/jobs/jobs/operations:2/abort", headers=headers, content=b"")
    assert answer.status_code == status
    assert await status_of(queue, "operations:2") is Status.QUEUED


async def test_a_redis_that_is_away_is_said_to_be() -> None:
    away = ours(f"redis://127.0.0.1:{free_port()}/0", name="jobs")
    async with browser(away) as client:
        answer = await client.get(f"{ROOT}/api/queues")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    await away.disconnect()
