"""Where orders are placed, and what an operator and a worker do about them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from conftest import Tenant
from core.domain.identifiers import OperationId
from core.domain.operations import Operation
from entrypoints.container import Container
from integration.http.answers import posted

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """
    One tenant's orders.

    Attributes:
        operator: Speaks with the operator's key.
        service: Speaks to the fulfilment service itself.
        container: What a worker runs operations with.
    """

    tenant: Tenant
    operator: httpx.AsyncClient
    service: httpx.AsyncClient
    container: Container
    owner_url: str

    async def place(
        self, wallet_id: str, amount: int = 100, *, sku: str = "book", key: str | None = None, **said: Any
    ) -> httpx.Response:
        """An order of one thing; what its *sku* says to the service, see entrypoints.fulfilment.behaviour."""
        body = {"wallet_id": wallet_id, "amount": amount, "items": [{"sku": sku, "quantity": 1}], **said}
        return await self.tenant.post("/v1/orders", body, key=key)

    async def read(self, order_id: str) -> Body:
        """The order as it stands."""
        return posted(await self.tenant.client.get(f"/v1/orders/{order_id}"), 200)

    async def retry(self, order_id: str, *, key: str | None = None) -> httpx.Response:
        """Once more, on the operator's word."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return await self.operator.post(f"/v1/admin/orders/{order_id}/retry", headers=headers)

    async def resolve(self, operation_id: str, body: Body, *, key: str | None = None) -> httpx.Response:
        """What the operator found out."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return await self.operator.post(f"/v1/admin/operations/{operation_id}/resolve", json=body, headers=headers)

    async def operation(self, operation_id: str) -> Body:
        """The operation with its history."""
        return posted(await self.operator.get(f"/v1/admin/operations/{operation_id}"), 200)

    async def run(self, operation_id: str) -> Operation | None:
        """As a worker would."""
        return await self.container.run_operation()(self.tenant.id, OperationId(UUID(operation_id)))

    async def later(self, interval: str = "2 minutes") -> None:
        """Move the clock of schedules."""
        owner = await asyncpg.connect(self.owner_url)
        await owner.execute("UPDATE schedule_clock SET ahead = ahead + $1::text::interval", interval)
        await owner.close()

    @asynccontextmanager
    async def kept_waiting(self, order_id: str, count: int) -> AsyncIterator[None]:
        """What the block begins meets at the order: it is let go on when so many wait for its lock."""
        owner = await asyncpg.connect(self.owner_url)
        async with asyncio.timeout(5), owner.transaction():
            await owner.execute("SELECT FROM orders WHERE id = $1 FOR UPDATE", UUID(order_id))
            yield
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while await owner.fetchval(waiting) < count:  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.005)
        await owner.close()

    async def behave(self, mode: str, **how: Any) -> None:
        """How the service treats the next requests."""
        answer = await self.service.post("/_control/behaviour", json={"mode": mode, **how})
        assert answer.status_code == 200, answer.text

    async def done(self, user_id: str) -> list[Body]:
        """What the service did for that user."""
        journal = (await self.service.get("/_control/journal")).json()["fulfilments"]
        return [each for each in journal if each["user_id"] == user_id and each["status"] == "completed"]


def fresh_user() -> str:
    """A user nobody else has."""
    return f"user-{uuid4().hex}"
