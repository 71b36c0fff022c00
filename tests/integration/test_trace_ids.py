"""Every record says which request it came from."""

import asyncpg
import pytest

from conftest import Tenant, TestDatabase

RECORDS = {
    "assets": "SELECT trace_id FROM assets WHERE tenant_id = $1 AND code = 'GEMS'",
    "wallets": "SELECT trace_id FROM wallets WHERE tenant_id = $1",
    "accounts": "SELECT trace_id FROM accounts WHERE tenant_id = $1",
    "transfers": "SELECT trace_id FROM transfers WHERE tenant_id = $1",
    "holds": "SELECT trace_id FROM holds WHERE tenant_id = $1",
    "idempotency keys": "SELECT trace_id FROM idempotency_keys WHERE tenant_id = $1",
    "outbox": "SELECT trace_id FROM outbox WHERE tenant_id = $1",
}


@pytest.mark.parametrize("records", RECORDS)
async def test_every_record_carries_the_trace_of_its_request(
    tenant: Tenant, shared_database: TestDatabase, records: str
) -> None:
    asset = await tenant.client.post("/v1/assets", json={"code": "GEMS", "name": "Gems"})
    wallet = await tenant.client.post("/v1/wallets", json={"user_id": "alice", "asset": "GEMS"})
    path = f"/v1/wallets/{wallet.json()['id']}/topup"
    answers = [asset, wallet, await tenant.post(path, {"amount": 10})]
    answers.append(await tenant.post("/v1/holds", {"wallet_id": wallet.json()["id"], "amount": 4}))
    traces = {answer.headers["traceparent"].split("-")[1] for answer in answers}

    connection = await asyncpg.connect(shared_database.login_url)
    try:
        kept = [row["trace_id"] for row in await connection.fetch(RECORDS[records], tenant.id)]
    finally:
        await connection.close()

    assert kept
    assert set(kept) <= traces
