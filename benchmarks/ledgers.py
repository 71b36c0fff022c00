"""Tenants with wallets and money for the load to move."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from adapters.postgres.connection import DatabaseAddress, connect_for_posting
from adapters.postgres.ledger import Ledger
from adapters.system.id_generator import Uuid7Generator
from core.application.access.register_tenant import RegisterTenant
from core.application.transfers.request import Details
from core.application.transfers.transfer_between_wallets import WalletLeg, draft_between_wallets, instruction_of
from core.domain.access import Environment, Role
from core.domain.idempotency import internal_claim
from core.domain.identifiers import TenantId, WalletId
from core.domain.instructions import PostingRequest
from entrypoints.container import Container
from entrypoints.http.rendering import transfer_rendering

BALANCE = 10**12
_BATCH = 1000
_AT_ONCE = 32


async def make_tenant(
    container: Container, base_url: str, *, wallets: int, transport: httpx.AsyncBaseTransport | None = None
) -> tuple[TenantId, str, list[str]]:
    """A tenant with that many funded USD wallets: its id, its key, the wallets' ids; over *transport*, if given."""
    tenant_id = TenantId(container.ids().new())
    key, shown = container.api_key_smith().make(
        tenant_id, name="benchmark", role=Role.APPLICATION, environment=Environment.TEST
    )
    await container.register_tenant()(RegisterTenant(tenant_id=tenant_id, name="Benchmark", keys=[key]))
    gate = asyncio.Semaphore(_AT_ONCE)
    headers = {"Authorization": f"Bearer {shown}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60, transport=transport) as client:

        async def open_one(number: int) -> str:
            async with gate:
                opened = await client.post("/v1/wallets", json={"user_id": f"user_{number}", "asset": "USD"})
                wallet_id: str = opened.json()["id"]
                funded = await client.post(
                    f"/v1/wallets/{wallet_id}/credit",
                    json={"amount": BALANCE},
                    headers={"Idempotency-Key": uuid4().hex},
                )
                funded.raise_for_status()
                return wallet_id

        return tenant_id, shown, list(await asyncio.gather(*(open_one(number) for number in range(wallets))))


def write_keys(path: Path, tenants: list[tuple[str, list[str]]]) -> Path:
    """The file load generators read: "key wallet" lines."""
    path.write_text("".join(f"{key} {wallet_id}\n" for key, wallets in tenants for wallet_id in wallets))
    return path


async def fill(address: DatabaseAddress, tenant_id: TenantId, wallets: list[str], *, entries: int) -> None:
    """Post transfers through the ledger itself until the tenant has about *entries* more entries."""
    ids = Uuid7Generator()
    ledger, render = Ledger(ids), transfer_rendering("benchmark")
    ring = [WalletId(UUID(wallet_id)) for wallet_id in wallets]
    connection = await connect_for_posting(address)
    try:
        for start in range(0, entries // 2, _BATCH):
            requests = []
            for number in range(start, start + _BATCH):
                legs = [WalletLeg(ring[number % len(ring)], ring[(number * 7 + 1) % len(ring)], 1)]
                if legs[0].from_wallet_id == legs[0].to_wallet_id:
                    legs = [WalletLeg(ring[0], ring[1], 1)]
                draft = draft_between_wallets(ids, legs, Details(), trace_id="0" * 32)
                claim = internal_claim(tenant_id, f"fill {draft.id}")
                requests.append(PostingRequest(instruction_of(tenant_id, (draft,)), claim, render))
            async with connection.transaction():
                await ledger.post(connection, requests)
    finally:
        await connection.close()
