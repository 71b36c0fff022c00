"""What each answer of a fulfilment service proves: `ports.fulfilment.Fulfilment` over real HTTP."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from adapters.fulfilment.http import HttpFulfilment
from adapters.http.provider_http import HttpcoreProviderHttp
from adapters.system.clock import SystemClock
from contract.scripted_server import answering, json_answer, scripted_server
from core.domain.outcomes import (
    Absent,
    Conflict,
    Declined,
    FailureClass,
    NotSent,
    Outcome,
    Pending,
    Rejected,
    Sighting,
    Succeeded,
    Unknown,
)
from entrypoints.development.fulfilment_process import FulfilmentProcess
from entrypoints.embedded.free_port import free_port
from ports.fulfilment import Fulfilment, FulfilmentRequest

TOKEN = "token-of-the-tests"
SOON = 0.5
TLS = ssl.create_default_context()  # one for all, as it takes longer to make than any test
KEY = UUID("7b0e1f6a-52c3-5c6f-9d8b-6b1f3b1b7f11")

_ANOTHER_KEY = "d5d78603-ad52-449b-a52f-35355f677082"


def request(*skus: str, key: UUID | None = None, amount: int = 1_250) -> FulfilmentRequest:
    """An order's fulfilment."""
    items = json.dumps([{"sku": sku, "quantity": 1} for sku in skus])
    return FulfilmentRequest(
        key=key or uuid4(), user_id="user-1", asset="EUR", amount=amount, items=items, reference="order-1"
    )


async def submit(fulfilment: Fulfilment, asked: FulfilmentRequest, *, seconds: float = 5.0) -> Outcome:
    return await fulfilment.submit(asked, deadline_at=time.monotonic() + seconds)


async def find(fulfilment: Fulfilment, key: UUID, *, seconds: float = 5.0) -> Sighting:
    return await fulfilment.find(key, deadline_at=time.monotonic() + seconds)


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FulfilmentProcess]:
    """The development service, in its own process."""
    home = tmp_path_factory.mktemp("fulfilment")
    process = FulfilmentProcess(port=free_port(), journal=home / "journal.db", log=home / "log", token=TOKEN)
    async with process:
        yield process


@pytest.fixture
async def http() -> AsyncIterator[HttpcoreProviderHttp]:
    ours = HttpcoreProviderHttp(SystemClock(), tls=TLS)
    yield ours
    await ours.aclose()


@pytest.fixture
def fulfilment(service: FulfilmentProcess, http: HttpcoreProviderHttp) -> Fulfilment:
    return HttpFulfilment(http, base_url=service.base_url, token=TOKEN)


async def done_for(service: FulfilmentProcess, key: UUID) -> list[dict]:
    """What the service itself says that it did for a key."""
    async with httpx.AsyncClient(base_url=service.base_url, verify=TLS) as client:
        journal = (await client.get("/_control/journal")).json()["fulfilments"]
    return [entry for entry in journal if entry["key"] == str(key)]


# ── Against the development service ──────────────────────────────────────────────────────────────────────────────────


async def test_what_is_handed_over_succeeds_and_is_found_again(
    fulfilment: Fulfilment, service: FulfilmentProcess
) -> None:
    asked = request("coffee", "cake")
    outcome = await submit(fulfilment, asked)
    assert isinstance(outcome, Succeeded)
    assert await find(fulfilment, asked.key) == outcome
    (entry,) = await done_for(service, asked.key)
    assert entry["id"] == outcome.provider_ref
    assert (entry["user_id"], entry["asset"], entry["amount"]) == ("user-1", "EUR", 1_250)
    assert entry["items"] == [{"sku": "coffee", "quantity": 1}, {"sku": "cake", "quantity": 1}]
    assert entry["reference"] == "order-1"


async def test_asking_again_with_the_same_key_does_it_once(fulfilment: Fulfilment, service: FulfilmentProcess) -> None:
    asked = request("coffee")
    assert await submit(fulfilment, asked) == await submit(fulfilment, asked)
    (entry,) = await done_for(service, asked.key)
    assert entry["asked"] == 2


async def test_a_final_no_is_a_decline_with_the_services_own_code(fulfilment: Fulfilment) -> None:
    asked = request("sku_declined")
    outcome = await submit(fulfilment, asked)
    assert isinstance(outcome, Declined)
    assert outcome.failure.code == "fulfilment_declined"
    assert outcome.failure.provider_code == "out_of_stock"
    assert not outcome.failure.failover_ok
    assert await find(fulfilment, asked.key) == outcome


async def test_what_takes_longer_is_pending_until_it_is_done(fulfilment: Fulfilment) -> None:
    asked = request("sku_late")
    outcome = await submit(fulfilment, asked)
    assert isinstance(outcome, Pending)
    assert outcome.poll_after_seconds == 1.0
    async with asyncio.timeout(5):
        while isinstance(seen := await find(fulfilment, asked.key), Pending):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    assert seen == Succeeded(outcome.provider_ref)


@pytest.mark.parametrize("sku", ["sku_drop", "sku_error_after", "sku_hang_after"])
async def test_an_answer_that_was_lost_is_unknown_until_it_is_looked_up_or_asked_again(
    fulfilment: Fulfilment, service: FulfilmentProcess, sku: str
) -> None:
    asked = request(sku)
    assert isinstance(await submit(fulfilment, asked, seconds=SOON if "hang" in sku else 5.0), Unknown)
    found = await find(fulfilment, asked.key)
    assert isinstance(found, Succeeded)
    assert await submit(fulfilment, asked) == found
    assert len(await done_for(service, asked.key)) == 1


@pytest.mark.parametrize("sku", ["sku_error_before", "sku_hang_before"])
async def test_what_failed_before_the_work_is_unknown_and_then_absent(
    fulfilment: Fulfilment, service: FulfilmentProcess, sku: str
) -> None:
    asked = request(sku)
    assert isinstance(await submit(fulfilment, asked, seconds=SOON if "hang" in sku else 5.0), Unknown)
    assert await find(fulfilment, asked.key) == Absent(authoritative=True)
    assert await done_for(service, asked.key) == []
    assert isinstance(await submit(fulfilment, asked), Succeeded)


async def test_a_key_for_another_request_is_a_conflict(fulfilment: Fulfilment, service: FulfilmentProcess) -> None:
    asked = request("coffee")
    await submit(fulfilment, asked)
    assert isinstance(await submit(fulfilment, request("coffee", key=asked.key, amount=1)), Conflict)
    (entry,) = await done_for(service, asked.key)
    assert entry["amount"] == 1_250


async def test_a_wrong_token_is_our_mistake_and_proves_nothing_about_the_past(
    http: HttpcoreProviderHttp, service: FulfilmentProcess
) -> None:
    stranger = HttpFulfilment(http, base_url=service.base_url, token="another")
    asked = request("coffee")
    outcome = await submit(stranger, asked)
    assert isinstance(outcome, Rejected)
    assert outcome.failure.failure_class is FailureClass.MERCHANT_CONFIG
    assert "another" not in repr((outcome, stranger))
    assert isinstance(await find(stranger, asked.key), Unknown)


async def test_a_service_that_is_not_there_was_not_sent_anything(http: HttpcoreProviderHttp) -> None:
    nowhere = HttpFulfilment(http, base_url=f"http://127.0.0.1:{free_port()}", token=TOKEN)
    assert isinstance(await submit(nowhere, request("coffee")), NotSent)
    assert isinstance(await find(nowhere, KEY), Unknown)


# ── Every answer ─────────────────────────────────────────────────────────────────────────────────────────────────────


def said(status: str = "completed", **changed: object) -> bytes:
    """A report about `KEY`, with some of it changed."""
    return json.dumps({"id": "ful_1", "key": str(KEY), "status": status, "failure": None} | changed).encode()


REFUSED = {"code": "out_of_stock", "message": "sold out"}
LONG = "x" * 300
ANSWERS: list[tuple[int, bytes, type]] = [
    (200, said(), Succeeded),
    (201, said(amount=1_250, asset="EUR"), Succeeded),
    (200, said(more="than we know"), Succeeded),
    (200, said("pending"), Pending),
    (202, said("pending"), Pending),
    (202, said("completed"), Pending),
    (202, said("failed"), Pending),
    (200, said("failed", failure=REFUSED), Declined),
    (200, said("failed"), Declined),
    (422, b"", Declined),
    (422, json.dumps(REFUSED).encode(), Declined),
    # the same key or money, or a person has to look
    (200, said(key=_ANOTHER_KEY), Conflict),
    (202, said("pending", key=_ANOTHER_KEY), Conflict),
    (200, said("failed", key=_ANOTHER_KEY), Conflict),
    (200, said(amount=1_251), Conflict),
    (200, said(asset="USD"), Conflict),
    (400, b'{"code":"idempotency_key_reused"}', Conflict),
    (409, b'{"code":"idempotency_key_reused"}', Conflict),
    (422, b'{"code":"idempotency_key_reused"}', Conflict),
    # nonsense that may mean that it was done
    (200, b"", Unknown),
    (200, b"OK", Unknown),
    (200, b"<html>welcome</html>", Unknown),
    (200, b'"\xff"', Unknown),
    (200, b"[]", Unknown),
    (200, b"{}", Unknown),
    (200, said(id=""), Unknown),
    (200, said(id=LONG), Unknown),
    (200, said(id=7), Unknown),
    (200, said("done"), Unknown),
    (200, said(key="mine"), Unknown),
    (200, said(amount="1250"), Unknown),
    (200, said(amount=1250.0), Unknown),
    (202, b"", Unknown),
    (204, b"", Unknown),
    (206, said(), Unknown),
    (301, b"", Unknown),
    (307, b"", Unknown),
    (402, b"", Unknown),
    (408, b"", Unknown),
    (409, b"", Unknown),
    (410, b"", Unknown),
    (425, b"", Unknown),
    (500, b"", Unknown),
    (500, said(), Unknown),
    (502, b"<html>bad gateway</html>", Unknown),
    (503, b"", Unknown),
    (504, b"", Unknown),
    (599, b"", Unknown),
    # it did not begin
    (429, b"", NotSent),
    # our request or our configuration
    (400, b"", Rejected),
    (401, b"", Rejected),
    (403, b"", Rejected),
    (404, b"", Rejected),
    (405, b"", Rejected),
    (415, b"", Rejected),
]


@pytest.mark.parametrize(("status", "body", "meaning"), ANSWERS)
async def test_an_answer_means_what_it_proves(
    http: HttpcoreProviderHttp, status: int, body: bytes, meaning: type
) -> None:
    async with scripted_server(answering(json_answer(status, body, "Connection: close"))) as server:
        ours = HttpFulfilment(http, base_url=server.url, token=TOKEN)
        assert type(await submit(ours, request("coffee", key=KEY))) is meaning


LOOKED_UP: list[tuple[int, bytes, Sighting | type]] = [
    (200, said(), Succeeded("ful_1")),
    (200, said("pending"), Pending("ful_1")),
    (200, said("failed", failure=REFUSED), Declined),
    (200, said(key=_ANOTHER_KEY), Conflict),
    (200, b"", Unknown),
    (404, b'{"code":"fulfilment_not_found"}', Absent(authoritative=True)),
    (404, b"<html>not found</html>", Absent(authoritative=False)),
    (404, b'{"code":"no_such_path"}', Absent(authoritative=False)),
    *((status, b"", Unknown) for status in (202, 204, 302, 400, 401, 403, 409, 410, 422, 429, 500, 503)),
]


@pytest.mark.parametrize(("status", "body", "meaning"), LOOKED_UP)
async def test_a_look_up_tells_only_what_it_proves(
    http: HttpcoreProviderHttp, status: int, body: bytes, meaning: Sighting | type
) -> None:
    async with scripted_server(answering(json_answer(status, body, "Connection: close"))) as server:
        ours = HttpFulfilment(http, base_url=server.url, token=TOKEN)
        seen = await find(ours, KEY)
        assert meaning in {seen, type(seen)}
        assert b"GET /path/fulfilments/%s HTTP/1.1" % str(KEY).encode() in server.received


async def test_the_request_is_the_same_on_every_attempt_and_as_documented(http: HttpcoreProviderHttp) -> None:
    async with scripted_server(answering(json_answer(500, b""))) as server:
        ours = HttpFulfilment(http, base_url=server.url + "/", token=TOKEN)
        for _ in range(2):
            await submit(ours, request("coffee", key=KEY))
        first, second = server.received.split(b"POST ")[1:]
        assert first == second
        head, _, body = first.partition(b"\r\n\r\n")
        assert head.startswith(b"/path/fulfilments HTTP/1.1\r\n")
        assert b'\r\nidempotency-key: "%s"\r\n' % str(KEY).encode() in head
        assert b"\r\nauthorization: Bearer token-of-the-tests\r\n" in head
        assert json.loads(body) == {
            "key": str(KEY),
            "user_id": "user-1",
            "asset": "EUR",
            "amount": 1_250,
            "items": [{"sku": "coffee", "quantity": 1}],
            "reference": "order-1",
        }


@pytest.mark.parametrize("retry_after", ["soon", "-1", "1.5", "", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 30])
async def test_a_pause_that_is_no_number_is_ours_to_choose(http: HttpcoreProviderHttp, retry_after: str) -> None:
    answer = json_answer(202, said("pending"), f"Retry-After: {retry_after}")
    async with scripted_server(answering(answer)) as server:
        outcome = await submit(HttpFulfilment(http, base_url=server.url, token=TOKEN), request("coffee", key=KEY))
        assert outcome == Pending("ful_1", None)


async def test_what_the_service_says_is_kept_short(http: HttpcoreProviderHttp) -> None:
    answer = json_answer(422, json.dumps({"code": LONG, "message": LONG}).encode())
    async with scripted_server(answering(answer)) as server:
        outcome = await submit(HttpFulfilment(http, base_url=server.url, token=TOKEN), request("coffee"))
        assert isinstance(outcome, Declined)
        assert len(outcome.failure.provider_code or "") == len(outcome.failure.message or "") == 200


@pytest.mark.parametrize(
    ("base_url", "token"),
    [
        *(("ftp://a", TOKEN), ("a", TOKEN), ("https://a?b", TOKEN), ("https://a#b", TOKEN), ("https://a b", TOKEN)),
        *(("https://a", ""), ("https://a", "sec ret"), ("https://a", "sec\nret")),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_at_the_start(
    http: HttpcoreProviderHttp, base_url: str, token: str
) -> None:
    with pytest.raises(ValueError, match=r"begins|made of") as mistake:
        HttpFulfilment(http, base_url=base_url, token=token)
    assert "sec" not in str(mistake.value)
