"""The service's books against its clients': nobody's word is taken for anything."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from uuid import UUID

import asyncpg
import httpx

from concurrency.books import assert_books_add_up
from conftest import TestDatabase
from core.domain.identifiers import TenantId
from e2e.journal_of_clients import Change, Journal

_VERIFY_SECONDS = 60


async def assert_what_was_granted_is_there_once(url: str, tenant_id: TenantId, journal: Journal) -> None:
    """Every granted wish has the one transfer its client was told about; every other wish has none."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT metadata ->> 'wish' AS wish, id FROM transfers WHERE tenant_id = $1 AND metadata IS NOT NULL",
            tenant_id,
        )
        keys = await connection.fetch(
            "SELECT key, count(*) AS times FROM idempotency_keys WHERE tenant_id = $1 GROUP BY key", tenant_id
        )
    finally:
        await connection.close()
    granted = sorted((wish.key, UUID(wish.transfer_id)) for wish in journal.wishes if wish.is_granted)
    assert sorted((row["wish"], row["id"]) for row in rows) == granted
    assert {row["key"] for row in keys} >= {wish.key for wish in journal.wishes}
    assert all(row["times"] == 1 for row in keys)


async def keys_in(url: str, tenant_id: TenantId) -> set[str]:
    """The idempotency keys that have an outcome."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT key FROM idempotency_keys WHERE tenant_id = $1", tenant_id)
    finally:
        await connection.close()
    return {row["key"] for row in rows}


async def assert_balances_are(client: httpx.AsyncClient, expected: Mapping[str, Change]) -> None:
    """What the API says of each wallet."""
    told: dict[str, Change] = {}
    for wallet in expected:
        balance = json.loads((await client.get(f"/v1/wallets/{wallet}/balance")).content)["balance"]
        told[wallet] = Change(balance["available"], balance["reserved"])
    assert told == expected


async def assert_verified(database: TestDatabase, tenant_id: TenantId) -> None:
    """`bursar verify` finds nothing, and neither does a second opinion written for the tests."""
    await assert_books_add_up(database.admin_url, tenant_id)
    await assert_verify_finds_nothing(database, tenant_id)


async def assert_verify_finds_nothing(database: TestDatabase, tenant_id: TenantId) -> None:
    """`bursar verify` is clean."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BURSAR_")}
    command = [sys.executable, "-m", "entrypoints.cli.main", "verify", "--tenant", str(tenant_id)]
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment | database.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(_VERIFY_SECONDS):
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    assert b": verified: " in told
