"""Where payments are taken, and what the payer, the provider, an operator and a worker do about them."""

import asyncio
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from conftest import Tenant
from core.application.gateway_events.apply_gateway_event import Application
from core.domain.identifiers import GatewayEventId, OperationId
from core.domain.operations import Operation
from entrypoints.container import Container
from entrypoints.development.simulator_process import SimulatorProcess
from integration.http.answers import posted

WEBHOOK_SECRET = "secret-of-the-provider's-webhooks"
RETURN_URL = "http://127.0.0.1:9/paid"
Body = dict[str, Any]
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def key_of(merchant: str) -> str:
    """The merchant's key at the provider; the secret's name too."""
    return f"key-of-{merchant}"


async def connected(operator: httpx.AsyncClient, provider: SimulatorProcess, secrets: Path, merchant: str) -> str:
    """An account of *merchant* at the provider, known to both sides: our id of it."""
    (secrets / key_of(merchant)).write_text(key_of(merchant))
    created = await operator.post(
        "/v1/admin/gateway-accounts",
        json={
            "gateway": "mock",
            "name": f"mock-{uuid4().hex[:8]}",
            "credentials_secret": key_of(merchant),
            "webhook_secrets": ["webhooks"],
            "settings": {"base_url": provider.base_url, "account": merchant},
        },
    )
    account: str = posted(created)["id"]
    await provider.open_account(merchant, api_keys=[key_of(merchant)], **webhooks_to(operator, account))
    return account


def webhooks_to(operator: httpx.AsyncClient, account: str) -> Body:
    """Where the provider sends its webhooks."""
    url = str(operator.base_url.join(f"/v1/webhooks/mock/{account}"))
    return {"webhooks": [{"url": url, "secrets": [WEBHOOK_SECRET]}]}


@dataclass(frozen=True, slots=True)
class Till:
    """
    One tenant's payments.

    Attributes:
        operator: Speaks with the operator's key.
        anybody: Speaks with no key, to anywhere on this machine.
        container: What a worker runs operations and applies events with.
        account: Our id of the gateway account; *merchant* is the provider's.
        secrets: The folder of the tenant's secrets.
    """

    tenant: Tenant
    operator: httpx.AsyncClient
    provider: SimulatorProcess
    anybody: httpx.AsyncClient
    container: Container
    owner_url: str
    account: str
    merchant: str
    secrets: Path

    async def wallet(self) -> str:
        """Of a user nobody else has."""
        return await self.tenant.wallet(f"user-{uuid4().hex}")

    async def pay(
        self,
        wallet_id: str,
        amount: int = 5000,
        method: str | None = "pm_card_ok",
        *,
        key: str | None = None,
        **said: Any,
    ) -> httpx.Response:
        """A payment into the wallet."""
        body = {"wallet_id": wallet_id, "amount": amount, "payment_method": method, "return_url": RETURN_URL, **said}
        return await self.tenant.post("/v1/payments", body, key=key)

    async def paid(self, wallet_id: str, amount: int = 5000, method: str = "pm_card_ok", **said: Any) -> Body:
        """A payment that went through."""
        payment = posted(await self.pay(wallet_id, amount, method, **said))
        assert payment["status"] == "captured", payment
        return payment

    async def act(
        self, payment_id: str, what: str, body: Body | None = None, *, key: str | None = None
    ) -> httpx.Response:
        """A step on a payment: capture, cancel, confirm, refunds."""
        return await self.tenant.post(f"/v1/payments/{payment_id}/{what}", body or {}, key=key)

    async def read(self, payment_id: str) -> Body:
        """The payment as it stands."""
        return posted(await self.tenant.client.get(f"/v1/payments/{payment_id}"), 200)

    async def operation(self, operation_id: str) -> Body:
        """An operation with its history."""
        return posted(await self.operator.get(f"/v1/admin/operations/{operation_id}"), 200)

    async def resolve(self, operation_id: str, outcome: str, **found: str) -> httpx.Response:
        """What the operator found out."""
        return await self.operator.post(
            f"/v1/admin/operations/{operation_id}/resolve",
            json={"outcome": outcome, "reason": "seen in the provider's dashboard", **found},
            headers={"Idempotency-Key": uuid4().hex},
        )

    async def clear_review(self, payment_id: str, note: str, *, key: str | None = None) -> httpx.Response:
        """The operator has looked at it."""
        return await self.operator.post(
            f"/v1/admin/payments/{payment_id}/clear-review",
            json={"note": note},
            headers={"Idempotency-Key": key or uuid4().hex},
        )

    async def run(self, operation_id: str) -> Operation | None:
        """As a worker would."""
        return await self.container.run_operation()(self.tenant.id, OperationId(UUID(operation_id)))

    async def run_all_of(self, subject: str) -> None:
        """As a worker would, everything about a payment or refund that has not ended."""
        async with self.container.unit_of_work() as work:
            operations = await work.operations.of_subject(self.tenant.id, UUID(subject))
        for operation in operations:
            if operation.is_active:
                await self.run(str(operation.id))

    async def events(self, **filters: str) -> list[Body]:
        """What the provider told us, newest first."""
        page = posted(await self.operator.get("/v1/admin/gateway-events", params={"limit": 100, **filters}), 200)
        items: list[Body] = page["items"]
        return items

    async def settle(self) -> None:
        """Until the provider has told us everything it has to tell; nothing of it is applied yet."""
        settled = await self.provider.control("POST", "/webhooks/settle", {})
        assert settled["idle"]

    async def apply(self, event_id: str, **how: bool) -> Application:
        """As a worker would, one event."""
        return await self.container.apply_gateway_event()(self.tenant.id, GatewayEventId(UUID(event_id)), **how)

    async def hear(self, *, newest_first: bool = False) -> list[Application]:
        """As a worker would, everything that the provider has told us and nobody has applied."""
        await self.settle()
        waiting = await self.events(status="received")
        return [await self.apply(event["id"]) for event in (waiting if newest_first else reversed(waiting))]

    async def tell(
        self, body: bytes | Body, *, secret: str = WEBHOOK_SECRET, account: str | None = None, gateway: str = "mock"
    ) -> httpx.Response:
        """A webhook of the provider's, or of somebody who says so."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        moment = str(int(datetime.now(UTC).timestamp())).encode()
        signature = hmac.new(secret.encode(), moment + b"." + raw, "sha256").hexdigest()
        return await self.anybody.post(
            f"{self.operator.base_url}/v1/webhooks/{gateway}/{account or self.account}",
            content=raw,
            headers={"Mock-Signature": f"t={moment.decode()},v1={signature}"},
        )

    async def at_provider(self, method: str, path: str, **request: Any) -> Body:
        """What the merchant asks of the provider past us."""
        headers = {"Authorization": f"Bearer {key_of(self.merchant)}", "Idempotency-Key": uuid4().hex}
        answer = await self.anybody.request(method, self.provider.base_url + path, headers=headers, **request)
        assert answer.is_success, answer.text
        document: Body = answer.json()
        return document

    async def event_of(self, payment: Body, event_type: str, **changed: Any) -> Body:
        """A webhook about the payment as the provider has it, with *changed* written over it."""
        there = await self.at_provider("GET", f"/v1/payments/{payment['provider_ref']}")
        return {
            "id": f"evt_{uuid4().hex}",
            "type": event_type,
            "created_at": datetime.now(UTC).isoformat(),
            "account": self.merchant,
            "data": {"object": there | changed},
        }

    async def visit(self, payment: Body, action: str, **fields: str) -> None:
        """The payer does something on the provider's page."""
        answer = await self.anybody.post(payment["next_action"]["url"], data={"action": action, **fields})
        assert answer.status_code == 303, answer.text

    async def fault(self, name: str, path: str = "/v1/payments*", **rule: Any) -> None:
        """The provider treats this account's next request to *path* badly, once."""
        match = {"path": path, "account": self.merchant, "method": "POST"}
        await self.provider.control("POST", "/faults", {"fault": name, "match": match, "times": 1, **rule})

    async def later(self, interval: str = "2 minutes") -> None:
        """Move our clock of schedules."""
        await self.as_owner("UPDATE schedule_clock SET ahead = ahead + $1::text::interval", interval)

    async def as_owner(self, statement: str, *values: object) -> None:
        """What no endpoint does, as the owner of the tables."""
        owner = await asyncpg.connect(self.owner_url)
        await owner.execute(statement, *values)
        await owner.close()

    async def somebody_waits(self) -> None:
        """Until somebody waits for a lock."""
        owner = await asyncpg.connect(self.owner_url)
        async with asyncio.timeout(20):
            while not await owner.fetchval(_WAITING):  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.02)
        await owner.close()

    async def doubt(self) -> Body:
        """What the operator sees of money in doubt."""
        return posted(await self.operator.get("/v1/admin/money-in-doubt"), 200)

    async def books(self) -> dict[str, int]:
        """What the tenant's accounts have by purpose; wallets together."""
        owner = await asyncpg.connect(self.owner_url)
        rows = await owner.fetch(
            "SELECT purpose, sum(balance)::bigint AS balance FROM accounts WHERE tenant_id = $1 GROUP BY purpose "
            "HAVING sum(balance) <> 0",
            self.tenant.id,
        )
        await owner.close()
        return {row["purpose"]: row["balance"] for row in rows}

    async def truth(self, effect: str) -> list[int]:
        """The amounts that the provider really moved."""
        return [
            entry["amount"] for entry in await self.provider.truth(account=self.merchant) if entry["effect"] == effect
        ]
