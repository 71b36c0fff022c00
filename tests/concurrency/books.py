"""The books of one tenant, recomputed from the journal with nothing taken on trust."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import asyncpg

from core.domain.chain import GENESIS, entry_hash, transfer_digest
from core.domain.identifiers import TenantId

Connection = asyncpg.Connection


async def assert_books_add_up(url: str, tenant_id: TenantId) -> None:
    """Transfers balance, accounts continue without a gap up to their cached heads, reserves hold what holds say."""
    connection = await asyncpg.connect(url)
    try:
        transfers = {
            row["id"]: row for row in await connection.fetch("SELECT * FROM transfers WHERE tenant_id = $1", tenant_id)
        }
        entries = await connection.fetch(
            "SELECT * FROM entries WHERE tenant_id = $1 ORDER BY account_id, sequence", tenant_id
        )
        _assert_transfers_balance(transfers, entries)
        await _assert_accounts_are_their_entries(connection, tenant_id, transfers, entries)
        await _assert_reserves_hold_what_holds_say(connection, tenant_id)
        await _assert_orders_keep_what_waits_for_them(connection, tenant_id)
        # What the ledger tells of itself has no payload; orders tell theirs beside it. A relay may run meanwhile.
        of_transfers = """
            SELECT subject FROM outbox WHERE tenant_id = $1 AND payload IS NULL
            UNION ALL SELECT subject FROM events WHERE tenant_id = $1 AND payload IS NULL
        """
        told = await connection.fetch(of_transfers, tenant_id)
        assert sorted(row["subject"] for row in told) == sorted(transfers), "one event a transfer"
    finally:
        await connection.close()


def _assert_transfers_balance(transfers: dict[UUID, Any], entries: list[Any]) -> None:
    sums: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    counts: defaultdict[UUID, int] = defaultdict(int)
    for entry in entries:
        sums[entry["transfer_id"], entry["asset"]] += entry["direction"] * entry["amount"]
        counts[entry["transfer_id"]] += 1
    assert not any(sums.values()), "debits and credits differ"
    assert counts == {transfer_id: row["entry_count"] for transfer_id, row in transfers.items()}


async def _assert_accounts_are_their_entries(
    connection: Connection, tenant_id: TenantId, transfers: dict[UUID, Any], entries: list[Any]
) -> None:
    digests = {transfer_id: _digest(row) for transfer_id, row in transfers.items()}
    heads: dict[UUID, tuple[int, int, bytes]] = {}
    for entry in entries:
        sequence, balance, chain = heads.get(entry["account_id"], (0, 0, GENESIS))
        balance += entry["direction"] * entry["amount"]
        chain = entry_hash(
            previous=chain,
            tenant_id=tenant_id,
            account_id=entry["account_id"],
            asset=entry["asset"],
            transfer=digests[entry["transfer_id"]],
            sequence=sequence + 1,
            direction=entry["direction"],
            leg=entry["leg"],
            amount=entry["amount"],
            balance_after=balance,
        )
        assert (entry["sequence"], entry["balance_after"], entry["chain"]) == (sequence + 1, balance, chain)
        heads[entry["account_id"]] = (sequence + 1, balance, chain)
    accounts = await connection.fetch("SELECT * FROM accounts WHERE tenant_id = $1", tenant_id)
    for account in accounts:
        head = (account["sequence"], account["balance"], account["chain"])
        assert head == heads.get(account["id"], (0, 0, GENESIS))
        assert account["floor"] is None or account["balance"] >= account["floor"]
    assert sum(account["balance"] for account in accounts) == 0


async def _assert_reserves_hold_what_holds_say(connection: Connection, tenant_id: TenantId) -> None:
    wrong = await connection.fetch(
        """
        SELECT account.wallet_id FROM accounts AS account
        WHERE account.tenant_id = $1 AND account.purpose = 'reserve' AND account.balance <> (
            SELECT coalesce(sum(amount - captured - released), 0) FROM holds AS hold
            WHERE hold.tenant_id = account.tenant_id AND hold.wallet_id = account.wallet_id)
        """,
        tenant_id,
    )
    assert wrong == []


def _digest(row: Any) -> bytes:
    columns = ("type", "posted_at", "entry_count", "trace_id", "reference", "description", "metadata")
    return transfer_digest(
        tenant_id=row["tenant_id"],
        transfer_id=row["id"],
        reversal_of=row["reversal_of"],
        hold_id=row["hold_id"],
        **{name: row[name] for name in columns},
    )


async def _assert_orders_keep_what_waits_for_them(connection: asyncpg.Connection, tenant_id: TenantId) -> None:
    waiting = await connection.fetch(
        "SELECT asset, sum(amount) AS total FROM orders WHERE tenant_id = $1"
        " AND status IN ('pending', 'paid', 'fulfilling') GROUP BY asset",
        tenant_id,
    )
    kept = await connection.fetch(
        "SELECT asset, balance AS total FROM accounts WHERE tenant_id = $1"
        " AND purpose = 'orders_in_fulfilment' AND balance <> 0",
        tenant_id,
    )
    assert {row["asset"]: row["total"] for row in kept} == {row["asset"]: row["total"] for row in waiting}
