"""A merchant of the simulated provider, and the address it gets events at."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx

from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port

PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Merchant:
    """An account of a test's own."""

    simulator: SimulatorProcess
    account_id: str
    api_key: str
    client: httpx.AsyncClient

    async def post(
        self, path: str, body: object = None, *, key: str | None = None, scenario: str | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key or uuid4().hex}
        if scenario is not None:
            headers["Mock-Scenario"] = scenario
        return await self.client.post(path, json={} if body is None else body, headers=headers)

    async def pay(self, method: str | None = "pm_card_ok", **more: Any) -> httpx.Response:
        key, scenario = more.pop("key", None), more.pop("scenario", None)
        return await self.post("/v1/payments", payment_body(method, **more), key=key, scenario=scenario)

    async def get(self, path: str, **query: str | int) -> Any:
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def set_up(self, **settings: Any) -> None:
        await self.simulator.open_account(self.account_id, api_keys=[self.api_key], **settings)

    async def truth(self, **query: str) -> list[tuple[str, int]]:
        entries = await self.simulator.truth(account=self.account_id, **query)
        return [(entry["effect"], entry["amount"]) for entry in entries]

    async def charges(self, reference: str) -> int:
        """How often the payer was really charged."""
        return sum(effect == "captured" for effect, _ in await self.truth(reference=reference))


def payment_body(method: str | None = "pm_card_ok", **more: Any) -> dict[str, Any]:
    body = {
        "reference": f"order-{uuid4().hex}",
        "amount": 1000,
        "currency": "USD",
        "return_url": "http://shop.test/back",
    }
    return body | ({} if method is None else {"payment_method": method}) | more


@asynccontextmanager
async def merchant_of(simulator: SimulatorProcess) -> AsyncGenerator[Merchant]:
    name = uuid4().hex
    client = httpx.AsyncClient(
        base_url=simulator.base_url,
        headers={"Authorization": f"Bearer key_{name}"},
        timeout=10,
        limits=httpx.Limits(max_connections=250),
    )
    async with client:
        merchant = Merchant(simulator, f"acct_{name}", f"key_{name}", client)
        await merchant.set_up()
        yield merchant


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    def signed_with(self, secret: str) -> bool:
        """The receiver's own reading of the signature, as docs/simulator.md describes it."""
        parts = [part.partition("=") for part in self.headers["mock-signature"].split(",")]
        (timestamp,) = [value for name, _, value in parts if name == "t"]
        assert abs(int(timestamp) - time.time()) < 300
        expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + self.body, hashlib.sha256).hexdigest()
        return any(hmac.compare_digest(value, expected) for name, _, value in parts if name == "v1")


@dataclass(slots=True)
class WebhookReceiver:
    """A real HTTP server that notes what comes and answers with what it was told; 200 in the end."""

    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _server: asyncio.Server | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def until(self, is_enough: Callable[[list[Received]], bool]) -> list[Received]:
        async with asyncio.timeout(PATIENCE_SECONDS), self._news:
            await self._news.wait_for(lambda: is_enough(self.received))
        return self.received

    async def until_count(self, count: int) -> list[Received]:
        return await self.until(lambda received: len(received) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status = self.statuses.pop(0) if self.statuses else 200
                writer.write(f"HTTP/1.1 {status} Any\r\nLocation: /hook\r\nContent-Length: 2\r\n\r\nok".encode())
                await writer.drain()
                async with self._news:
                    self.received.append(Received(headers, body))
                    self._news.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
