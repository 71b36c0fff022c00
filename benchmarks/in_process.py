"""The application called over its ASGI interface, without a server or a network."""

import json
import random
from typing import Any
from uuid import uuid4

import httpx
from litestar.types import ASGIApp

from benchmarks.ledgers import make_tenant
from entrypoints.container import Container

WALLETS = 1000
_BASE_URL = "http://bench"


class InProcess:
    """One tenant's requests to *app*."""

    def __init__(self, app: ASGIApp, key: str, wallets: list[str]) -> None:
        """Ask with *key*, and move money between *wallets*."""
        self._app = app
        self._authorization = (b"authorization", b"Bearer " + key.encode())
        self._wallets = wallets

    async def transfer(self) -> None:
        """One transfer between two random wallets."""
        await self._post("/v1/transfers", self._movement(), created=201)

    async def batch(self, size: int) -> None:
        """A batch of *size* independent ones."""
        transfers = [self._movement() for _ in range(size)]
        body = await self._post("/v1/transfers/batch", {"mode": "independent", "transfers": transfers}, created=200)
        if body.count(b'"status":201') != size:
            raise RuntimeError("a transfer of the batch was refused")

    def _movement(self) -> dict[str, Any]:
        source, destination = random.sample(self._wallets, 2)
        return {"from_wallet_id": source, "to_wallet_id": destination, "amount": 1}

    async def _post(self, path: str, content: dict[str, Any], *, created: int) -> bytes:
        body = json.dumps(content).encode()
        headers = [
            (b"host", b"bench"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"idempotency-key", uuid4().hex.encode()),
            self._authorization,
        ]
        scope: Any = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("bench", 80), "state": {},
        }  # fmt: skip
        statuses: list[int] = []
        chunks: list[bytes] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            else:
                chunks.append(message["body"])

        await self._app(scope, receive, send)
        answer = b"".join(chunks)
        if statuses != [created]:
            raise RuntimeError(f"{path} answered {statuses}: {answer.decode()}")
        return answer


async def tenant_in_process(container: Container, app: ASGIApp) -> InProcess:
    """A tenant of *app* with funded wallets."""
    _, key, wallets = await make_tenant(
        container,
        _BASE_URL,
        wallets=WALLETS,
        transport=httpx.ASGITransport(app),  # type: ignore[arg-type]  # two names of one shape
    )
    return InProcess(app, key, wallets)
