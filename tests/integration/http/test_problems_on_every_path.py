"""Whatever goes wrong, and wherever: a problem document, with the ids that find it in the logs."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from dependency_injector import providers

from conftest import Tenant, TestDatabase
from core.domain.errors import CoreError
from core.domain.idempotency import RequestInProgress
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from entrypoints.http.app import create_app
from integration.http.answers import posted, refused, traceable
from integration.http.money_routes import Shop, fresh_key
from ports.posting import PostingQueueFull, PostingStopping, PostingTooLate, PostingUnconfirmed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nope",
        "/v1",
        "/v1/nope",
        "/v1/wallets/x/y/z",
        "/v2/wallets",
        "/schema/nope",
        "/schema/nope.json",
        "/.env",
        "/v1/wallets%00",
        "/%ff",
        "/v1//..//..//etc/passwd",
    ],
)
async def test_nothing_is_found_at_an_unknown_path(shared_shop: Shop, path: str) -> None:
    refused(await shared_shop.tenant.client.get(path), 404, "route_not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/wallets", "GET, HEAD, OPTIONS, POST"),
        ("PUT", "/v1/wallets/00000000-0000-7000-8000-000000000000", "GET, HEAD, OPTIONS, PATCH"),
        ("GET", "/v1/transfers/batch", "OPTIONS, POST"),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        ("TRACE", "/live", "GET, HEAD, OPTIONS"),
        ("BREW", "/live", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_method_the_path_does_not_take_is_told_which_ones_it_takes(
    anybody: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await anybody.request(method, path)

    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_options_tell_the_methods_of_a_path(anybody: httpx.AsyncClient) -> None:
    for path, allowed in (("/v1/wallets", "GET, HEAD, OPTIONS, POST"), ("/v1/transfers/batch", "OPTIONS, POST")):
        answer = await anybody.options(path)

        assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
        traceable(answer)
    refused(await anybody.options("/nope"), 404, "route_not_found")


async def test_head_says_what_get_says_but_for_the_body(shared_shop: Shop) -> None:
    client = shared_shop.tenant.client
    for path in (
        "/live",
        f"/v1/wallets/{shared_shop.alice}",
        "/nope",
        "/v1/wallets/x",
        "/v1/transfers/batch",
        f"/v1/wallets/{shared_shop.alice}/statement?from=2020-01-01T00:00:00Z&format=csv",
    ):
        get, head = await client.get(path), await client.head(path)

        assert (head.status_code, head.headers["content-type"]) == (get.status_code, get.headers["content-type"])
        assert head.content == b""
        traceable(head)


async def test_a_slash_at_the_end_of_a_path_makes_no_difference(shop: Shop) -> None:
    headers, path = fresh_key(), f"/v1/wallets/{shop.alice}/credit"

    answers = [
        await shop.tenant.client.post(path + suffix, json={"amount": 5}, headers=headers) for suffix in ("", "/", "//")
    ]

    assert len({posted(answer)["id"] for answer in answers}) == 1
    assert ["idempotent-replayed" in answer.headers for answer in answers] == [False, True, True]


async def test_a_request_keeps_its_own_id_when_it_is_a_decent_one(anybody: httpx.AsyncClient) -> None:
    for given in ("my-id", "x" * 128, "!~"):
        for header in ("X-Request-Id", "X-Trace-Id"):
            answer = await anybody.get("/nope", headers={header: given})
            assert answer.headers["x-request-id"] == refused(answer, 404, "route_not_found")["request_id"] == given
    both = await anybody.get("/live", headers={"X-Request-Id": "one", "X-Trace-Id": "two"})
    assert both.headers["x-request-id"] == "one"


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 129, b"\xff"])
async def test_a_request_gets_an_id_of_ours_instead_of_a_bad_one(anybody: httpx.AsyncClient, given: bytes) -> None:
    answer = await anybody.get("/live", headers=[(b"X-Request-Id", given)])

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_callers_do_not_begin_our_traces(anybody: httpx.AsyncClient) -> None:
    theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    ours = {traceable(await anybody.get("/live", headers={"traceparent": theirs})) for _ in range(5)}

    assert len(ours) == 5
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in ours


async def test_a_host_that_is_none_is_refused(api: ApiProcess) -> None:
    address = urlsplit(api.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /live HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n")
    status = (await reader.read()).split(b"\r\n")[0]
    writer.close()

    assert b" 400 " in status


async def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(api: ApiProcess, shared_shop: Shop) -> None:
    address = urlsplit(api.base_url)
    for _ in range(3):
        _reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(
            f"POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared_shop.tenant.api_key}\r\n"
            "Content-Type: application/json\r\nIdempotency-Key: x\r\nContent-Length: 1000\r\n\r\n{".encode()
        )
        await writer.drain()
        writer.close()

    posted(await shared_shop.tenant.client.get("/live"), 200)


class _FailingPosting:
    """A posting that cannot."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def post(self, _request: object) -> Any:
        raise self._error

    post_all = post


@pytest.fixture
async def failing(shared_database: TestDatabase, shared_shop: Shop) -> AsyncIterator[Any]:
    """The application in this process, whose posting fails as it is told to."""
    container = shared_database.container()
    headers = {"Authorization": f"Bearer {shared_shop.tenant.api_key}"}

    def failing_with(error: Exception) -> httpx.AsyncClient:
        container.posting.override(providers.Object(_FailingPosting(error)))
        transport = httpx.ASGITransport(create_app(container))  # type: ignore[arg-type]  # two ASGI types
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    yield failing_with
    await container.database().dispose()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PostingQueueFull, 503),
        (PostingTooLate, 503),
        (PostingStopping, 503),
        (PostingUnconfirmed, 503),
        (RequestInProgress, 409),
    ],
)
async def test_what_can_be_tried_again_says_when(
    failing: Any, shared_shop: Shop, error: type[CoreError], status: int
) -> None:
    async with failing(error("not now")) as client:
        for path, body in (
            ("/v1/transfers", {"from_wallet_id": shared_shop.alice, "to_wallet_id": shared_shop.bob, "amount": 5}),
            (f"/v1/wallets/{shared_shop.alice}/credit", {"amount": 5}),
        ):
            answer = await client.post(path, json=body, headers=fresh_key())
            document = refused(answer, status, error.code)
            assert document["retryable"] is True
            assert answer.headers["retry-after"] == "1"


async def test_a_bug_of_ours_tells_nobody_what_is_inside(failing: Any, shared_shop: Shop) -> None:
    secret = 'SELECT secret FROM api_keys; File "/srv/bursar/secret.py"'
    body = {"from_wallet_id": shared_shop.alice, "to_wallet_id": shared_shop.bob, "amount": 5}
    async with failing(RuntimeError(secret)) as client:
        answer = await client.post("/v1/transfers", json=body, headers=fresh_key())

    document = refused(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert document["retryable"] is False


async def test_without_a_database_readers_are_told_to_come_again(tenant: Tenant, shared_database: TestDatabase) -> None:
    container = shared_database.container()
    gone = Container(settings=container.settings())
    gone.api_key_finder.override(container.api_key_finder())
    gone.address.override(_nowhere(container))
    headers = {"Authorization": f"Bearer {tenant.api_key}"}
    transport = httpx.ASGITransport(create_app(gone))  # type: ignore[arg-type]  # two ASGI types
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        answer = await client.get("/v1/wallets")
        ready, health, live = await client.get("/ready"), await client.get("/health"), await client.get("/live")

    refused(answer, 503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"
    for told in (ready, health):
        assert refused(told, 503, "not_ready")["checks"]["postgresql"] == "unavailable"
        assert told.headers["retry-after"] == "1"
    assert live.json() == {"status": "ok"}
    await container.database().dispose()
    await gone.database().dispose()


def _nowhere(container: Container) -> Any:
    """An address where no server is."""
    return type(container.address())("postgresql://nobody@127.0.0.1:1/nothing")
