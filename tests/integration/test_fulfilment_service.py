"""The development fulfilment service: does one thing once for a key, however it is made to misbehave."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from entrypoints.development.fulfilment_process import FulfilmentProcess
from entrypoints.embedded.free_port import free_port

TOKEN = "token-of-the-tests"
PATIENCE_SECONDS = 0.25
TLS = ssl.create_default_context()  # one for all, as it takes longer to make than any test


class Customer:
    """Somebody who asks for things, and looks into the service's journal."""

    def __init__(self, process: FulfilmentProcess) -> None:
        self.process = process
        self.client = httpx.AsyncClient(
            base_url=process.base_url, verify=TLS, trust_env=False, timeout=5, limits=httpx.Limits()
        )

    async def ask(self, key: str, *skus: str, amount: int = 500, token: str = TOKEN) -> httpx.Response:
        """Ask for a fulfilment."""
        body = {"key": key, "user_id": "u", "asset": "EUR", "amount": amount, "items": [{"sku": sku} for sku in skus]}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f'"{key}"'}
        return await self.client.post("/fulfilments", json=body, headers=headers)

    async def look_up(self, key: str) -> httpx.Response:
        """Ask what became of it."""
        return await self.client.get(f"/fulfilments/{key}", headers={"Authorization": f"Bearer {TOKEN}"})

    async def behave(self, mode: str, **how: object) -> None:
        """Have the service behave."""
        changed = await self.client.post("/_control/behaviour", json={"mode": mode} | how)
        assert changed.status_code == 200, changed.text

    async def journal(self, *, after: int = 0) -> dict[str, dict]:
        """Everything done, by key."""
        answer = await self.client.get("/_control/journal", params={"after": after})
        entries = answer.json()["fulfilments"]
        assert len({entry["key"] for entry in entries}) == len(entries)
        return {entry["key"]: entry for entry in entries}


@pytest.fixture(scope="module")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FulfilmentProcess]:
    home = tmp_path_factory.mktemp("service")
    running = FulfilmentProcess(port=free_port(), journal=home / "journal.db", log=home / "log", token=TOKEN)
    async with running:
        yield running


@pytest.fixture
async def customer(process: FulfilmentProcess) -> AsyncIterator[Customer]:
    ours = Customer(process)
    yield ours
    await ours.behave("ok")
    await ours.client.aclose()


def key() -> str:
    return str(uuid4())


async def test_a_key_is_fulfilled_once_and_answered_the_same_for_ever(customer: Customer) -> None:
    first, second = await customer.ask(mine := key(), "coffee"), await customer.ask(mine, "coffee")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() == (await customer.look_up(mine)).json()
    assert first.json()["status"] == "completed"
    assert (await customer.journal())[mine]["asked"] == 2


async def test_one_key_from_many_at_once_is_fulfilled_once(customer: Customer) -> None:
    mine = key()
    answers = await asyncio.gather(*(customer.ask(mine, "coffee") for _ in range(50)))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert (await customer.journal())[mine]["asked"] == 50


async def test_a_key_that_is_being_worked_on_is_a_conflict_until_it_is_done(customer: Customer) -> None:
    await customer.behave("slow", seconds=0.3, times=1)
    mine = key()
    answers = await asyncio.gather(*(customer.ask(mine, "coffee") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert (await customer.ask(mine, "coffee")).status_code == 200


async def test_a_key_stands_for_one_request_only(customer: Customer) -> None:
    await customer.ask(mine := key(), "coffee", amount=500)
    other = await customer.ask(mine, "coffee", amount=501)
    assert (other.status_code, other.json()["code"]) == (400, "idempotency_key_reused")
    assert (await customer.journal())[mine]["amount"] == 500


async def test_a_decline_is_final(customer: Customer) -> None:
    await customer.behave("decline", times=1)
    first, second = await customer.ask(mine := key(), "coffee"), await customer.ask(mine, "coffee")
    assert first.json() == second.json()
    assert first.json()["status"] == "failed"
    assert first.json()["failure"]["code"] == "out_of_stock"


async def test_what_fails_before_the_work_leaves_nothing(customer: Customer) -> None:
    await customer.behave("error_before", times=1)
    mine = key()
    assert (await customer.ask(mine, "coffee")).status_code == 500
    missing = await customer.look_up(mine)
    assert (missing.status_code, missing.json()["code"]) == (404, "fulfilment_not_found")
    assert mine not in await customer.journal()
    assert (await customer.ask(mine, "coffee")).status_code == 201


async def test_what_fails_after_the_work_has_been_done(customer: Customer) -> None:
    await customer.behave("error_after", times=1)
    assert (await customer.ask(mine := key(), "coffee")).status_code == 500
    assert (await customer.look_up(mine)).json()["status"] == "completed"
    assert (await customer.ask(mine, "coffee")).status_code == 200


async def test_a_dropped_answer_is_no_answer_at_all(customer: Customer) -> None:
    await customer.behave("drop_after", times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await customer.ask(mine := key(), "coffee")
    assert (await customer.journal())[mine]["status"] == "completed"


@pytest.mark.parametrize(("mode", "done"), [("hang_before", False), ("hang_after", True)])
async def test_a_request_that_hangs_gets_no_answer_and_blocks_nobody(
    customer: Customer, mode: str, *, done: bool
) -> None:
    await customer.behave(mode, times=1)
    hanging = asyncio.create_task(customer.ask(mine := key(), "coffee"))
    await until_asked(customer)
    assert (await customer.ask(key(), "coffee")).status_code == 201
    finished, _ = await asyncio.wait([hanging], timeout=PATIENCE_SECONDS)
    assert not finished
    hanging.cancel()
    await asyncio.wait([hanging])
    assert (mine in await customer.journal()) is done
    async with asyncio.timeout(5):  # it notices that the client has gone
        while (await customer.ask(mine, "coffee")).status_code == 409:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    assert mine in await customer.journal()


async def test_a_hanging_request_is_broken_off_in_the_end(customer: Customer) -> None:
    await customer.behave("hang_before", seconds=0.1, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await customer.ask(key(), "coffee")


async def test_what_is_late_is_pending_and_then_completes_by_itself(customer: Customer) -> None:
    await customer.behave("late", seconds=0.4, times=1)
    first = await customer.ask(mine := key(), "coffee")
    assert (first.status_code, first.json()["status"]) == (202, "pending")
    again = await customer.ask(mine, "coffee")
    assert (again.status_code, again.json()) == (202, first.json())
    async with asyncio.timeout(5):
        while (await customer.look_up(mine)).json()["status"] == "pending":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    assert (await customer.ask(mine, "coffee")).json() == first.json() | {"status": "completed"}


async def test_what_is_slow_arrives_after_a_while(customer: Customer) -> None:
    await customer.behave("slow", seconds=PATIENCE_SECONDS, times=1)
    started = time.monotonic()
    assert (await customer.ask(key(), "coffee")).status_code == 201
    assert time.monotonic() - started >= PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("sku", "statuses"),
    [
        ("sku_declined", [201, 200]),
        ("sku_down", [500, 500]),
        ("sku_error_before", [500, 201]),
        ("sku_error_after", [500, 200]),
        ("sku_late", [202, 202]),
        ("sku_drop", [0, 200]),
    ],
)
async def test_an_order_can_ask_for_trouble_by_what_is_in_it(customer: Customer, sku: str, statuses: list[int]) -> None:
    mine = key()
    assert [await status_of(customer.ask(mine, "coffee", sku)) for _ in statuses] == statuses


async def test_chance_repeats_itself_with_its_seed(customer: Customer) -> None:
    async def run() -> list[int]:
        await customer.behave("error_before", probability=0.5, seed=7)
        return [(await customer.ask(key(), "coffee")).status_code for _ in range(20)]

    first = await run()
    assert set(first) == {201, 500}
    assert await run() == first


async def test_bad_behaviour_ends_after_the_times_asked_for(customer: Customer) -> None:
    await customer.behave("error_before", times=2)
    assert [(await customer.ask(key(), "a")).status_code for _ in range(4)] == [500, 500, 201, 201]
    now = (await customer.client.get("/_control/behaviour")).json()
    assert (now["behaviour"]["mode"], now["left"]) == ("error_before", 0)


@pytest.mark.parametrize("how", [{"mode": "odd"}, {"mode": "ok", "probability": 2}, {"mod": "ok"}, {"seconds": -1}])
async def test_a_behaviour_that_is_none_is_refused(customer: Customer, how: dict) -> None:
    assert (await customer.client.post("/_control/behaviour", json=how)).status_code == 400


async def test_only_the_bearer_of_the_token_is_let_in(customer: Customer) -> None:
    assert (await customer.ask(mine := key(), "coffee", token="another")).status_code == 401
    assert (await customer.client.get(f"/fulfilments/{mine}")).status_code == 401
    assert mine not in await customer.journal()


async def test_a_request_without_its_key_is_refused(customer: Customer) -> None:
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    body = {"key": key(), "user_id": "u", "asset": "EUR", "amount": 1, "items": []}
    for headers, sent in [({}, body), ({"Idempotency-Key": '"x"'}, body), ({"Idempotency-Key": '"x"'}, {"key": "x"})]:
        answer = await customer.client.post("/fulfilments", json=sent, headers=allowed | headers)
        assert answer.status_code == 400


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x" * 20_000 + b"\r\n\r\n"])
async def test_what_is_no_request_is_refused(process: FulfilmentProcess, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    writer.write(sent)
    assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    await writer.wait_closed()


async def test_the_journal_is_read_on_from_where_one_was(customer: Customer) -> None:
    await customer.ask(first := key(), "a")
    await customer.ask(second := key(), "a")
    whole = await customer.journal()
    rest = await customer.journal(after=whole[first]["sequence"])
    assert first not in rest
    assert second in rest


async def test_what_was_answered_is_on_record_after_kill_9(tmp_path: Path) -> None:
    process = FulfilmentProcess(port=free_port(), journal=tmp_path / "journal.db", log=tmp_path / "log", token=TOKEN)
    async with process:
        customer = Customer(process)
        keys = [key() for _ in range(100)]
        asking = [asyncio.create_task(status_of(customer.ask(mine, "coffee"))) for mine in keys]
        await until_asked(customer)
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        process.kill()
        statuses = dict(zip(keys, await asyncio.gather(*asking), strict=True))
        answered = {mine for mine, status in statuses.items() if status == 201}
        assert answered
        await customer.client.aclose()

        await process.start()
        customer = Customer(process)
        recorded = await customer.journal()
        assert answered <= recorded.keys()
        for mine in keys:
            assert await status_of(customer.ask(mine, "coffee")) == (200 if mine in recorded else 201)
        await customer.client.aclose()


async def test_sigterm_ends_it_at_once_even_while_a_request_hangs(tmp_path: Path) -> None:
    process = FulfilmentProcess(port=free_port(), journal=tmp_path / "journal.db", log=tmp_path / "log", token=TOKEN)
    await process.start()
    customer = Customer(process)
    hanging = asyncio.create_task(status_of(customer.ask(key(), "sku_hang_before")))
    await until_asked(customer)
    started = time.monotonic()
    await process.stop()
    assert time.monotonic() - started < 3
    assert await hanging == 0
    assert process.has_ended()
    assert (tmp_path / "log").read_text() == ""
    await customer.client.aclose()


async def status_of(asking: object) -> int:
    """The answer's status, 0 if there was no answer."""
    assert asyncio.iscoroutine(asking)
    try:
        answer = await asking
    except httpx.TransportError:
        return 0
    return int(answer.status_code)


async def until_asked(customer: Customer) -> None:
    """Two questions on other connections come back: what was sent before them has arrived."""
    for _ in range(2):
        await asyncio.sleep(0.02)
        assert (await customer.client.get("/health")).status_code == 200
