"""A small ledger with history, and the SQL with which somebody who has our password would write into it."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.connection import DatabaseAddress
from adapters.postgres.group_commit import GroupCommit, connector
from concurrency.market import Market, posted_id
from conftest import TestDatabase
from core.application.transfers.request import Details
from core.domain.accounts import Purpose
from core.domain.assets import Asset, AssetKind
from core.domain.identifiers import TransferId, WalletId

REFERENCE = "order 1"
DEBIT, CREDIT = -1, 1
GEMS = Asset("GEMS", "Gems", 0, AssetKind.POINTS)
_EVERYTHING = [
    "tenants",
    "api_keys",
    "assets",
    "accounts",
    "wallets",
    "transfers",
    "entries",
    "transfer_register",
    "transfer_keys",
    "holds",
    "idempotency_keys",
    "outbox",
    "balance_snapshots",
    "checkpoints",
    "checkpoint_heads",
    "schema_version",
]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the ledger holds before anybody attacks it."""

    tenant_id: UUID
    other_tenant_id: UUID
    alice: WalletId
    bob: WalletId
    alice_gems: WalletId
    treasury: UUID
    transfer: TransferId
    reversed_transfer: TransferId
    stranger: WalletId


@dataclass(slots=True)
class RawLedger:
    """One attacker's connection, with an open transaction, to a seeded ledger."""

    connection: asyncpg.Connection
    seeded: Seeded
    _heads: dict[UUID, tuple[int, int]] = field(default_factory=dict)

    async def moment(self) -> datetime:
        """A moment after every entry."""
        return await self.connection.fetchval("SELECT clock_timestamp()")

    async def known_transfer(self) -> dict[str, Any]:
        """A transfer that was posted before."""
        (row,) = await self.connection.fetch("SELECT * FROM transfers WHERE id = $1", self.seeded.transfer)
        return dict(row)

    async def transfer(self, *, table: str = "transfers", **columns: Any) -> dict[str, Any]:
        """Insert one row of transfers; the row."""
        row = {
            "tenant_id": self.seeded.tenant_id,
            "id": uuid4(),
            "posted_at": await self.moment(),
            "type": "transfer",
            "entry_count": 2,
            "trace_id": "0" * 32,
            **columns,
        }
        await self._insert(table, [row])
        return row

    async def entry(
        self, transfer: dict[str, Any], leg: int, account_id: UUID, direction: int, amount: int, **wrong: Any
    ) -> dict[str, Any]:
        """An entry that continues its account after those made here before, but for what is *wrong* on purpose."""
        if account_id not in self._heads:
            head = await self.connection.fetchrow("SELECT sequence, balance FROM accounts WHERE id = $1", account_id)
            self._heads[account_id] = (0, 0) if head is None else (head["sequence"], head["balance"])
        sequence, balance = self._heads[account_id]
        self._heads[account_id] = (sequence + 1, balance + direction * amount)
        return {
            "tenant_id": transfer["tenant_id"],
            "account_id": account_id,
            "posted_at": transfer["posted_at"],
            "sequence": sequence + 1,
            "transfer_id": transfer["id"],
            "leg": leg,
            "direction": direction,
            "asset": "COINS",
            "amount": amount,
            "balance_after": balance + direction * amount,
            "chain": sha256(str(leg).encode()).digest(),
            **wrong,
        }

    async def pair(self, transfer: dict[str, Any], amount: int = 100, *, leg: int = 0, **wrong: Any) -> list[Any]:
        """Alice pays Bob, flawless but for what is *wrong* with both entries."""
        return [
            await self.entry(transfer, leg, self.seeded.alice, DEBIT, amount, **wrong),
            await self.entry(transfer, leg + 1, self.seeded.bob, CREDIT, amount, **wrong),
        ]

    async def write(self, entries: list[dict[str, Any]], *, table: str = "entries") -> None:
        """Insert rows of entries, in one statement."""
        await self._insert(table, entries)

    async def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        columns = list(rows[0])
        places = ", ".join(
            "(" + ", ".join(f"${n * len(columns) + m + 1}" for m in range(len(columns))) + ")" for n in range(len(rows))
        )
        await self.connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places}",
            *(row[column] for row in rows for column in columns),
        )


async def seed(database: TestDatabase) -> Seeded:
    """A ledger with history: transfers, a reversal, a reference, a hold, a snapshot, a checkpoint."""
    container = database.container()
    lane = GroupCommit(connector(DatabaseAddress(database.login_url)), container.ledger())
    await lane.start()
    market, other = await Market.open(container, lane), await Market.open(container, lane)
    tenant_id = market.tenant_id
    async with container.unit_of_work() as work:
        await work.assets.add(tenant_id, [GEMS])
        await work.commit()
    alice, bob = await market.wallet(1000), await market.wallet(500)
    alice_gems = await market.wallet(1000, asset=GEMS.code)
    await market.open_reserve(alice)
    paid = await lane.post(market.transfer(alice, bob, 5, details=Details(reference=REFERENCE)))
    mistake = await lane.post(market.transfer(alice, bob, 7))
    undone = await lane.post(await market.reverse(posted_id(mistake)))
    held = await lane.post(market.hold(alice, 20))
    assert [answer.status for answer in (paid, mistake, undone, held)] == [201] * 4
    seeded = Seeded(
        tenant_id=tenant_id,
        other_tenant_id=other.tenant_id,
        alice=alice,
        bob=bob,
        alice_gems=alice_gems,
        treasury=await market.open_system(Purpose.TREASURY),
        transfer=posted_id(paid),
        reversed_transfer=posted_id(mistake),
        stranger=await other.wallet(100),
    )
    await _leave_proofs(database.login_url, seeded)
    await lane.stop(grace_seconds=5)
    await container.database().dispose()
    return seeded


async def state_of(connection: asyncpg.Connection) -> dict[str, str]:
    """Every row, trigger, column, constraint and grant, so that two states can be compared."""
    state = {
        table: await connection.fetchval(
            f"SELECT md5(coalesce(string_agg(row::text, '|' ORDER BY row::text), '')) FROM {table} AS row"
        )
        for table in _EVERYTHING
    }
    state["schema"] = await connection.fetchval(
        """
        SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
            SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
            UNION ALL
            SELECT format('%s %s %s', oid::regclass, relkind, relacl) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('%s %s %s %s', attrelid::regclass, attname, atttypid, attacl) FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('%s %s', conrelid::regclass, conname) FROM pg_constraint
            UNION ALL
            SELECT format('%s %s %s', oid::regprocedure, md5(prosrc), proacl) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('%s %s', nspname, nspacl) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
            UNION ALL
            SELECT format('%s %s %s', roleid::regrole, member::regrole, rolsuper)
            FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member
        ) AS described (line)
        """
    )
    return state


def month_of(moment: datetime) -> str:
    """How a partition of that month ends."""
    return moment.strftime("_%Y_%m")


async def _leave_proofs(login_url: str, seeded: Seeded) -> None:
    connection = await asyncpg.connect(login_url)
    nothing = bytes(32)
    try:
        await connection.execute(
            "INSERT INTO balance_snapshots VALUES ($1, $2, date_trunc('month', now())::date, 1, 1, $3, now())",
            *(seeded.tenant_id, seeded.alice, nothing),
        )
        await connection.execute(
            "INSERT INTO checkpoints VALUES ($1, 1, now(), $2, $2, 1, $2, $2)", seeded.tenant_id, nothing
        )
        await connection.execute(
            "INSERT INTO checkpoint_heads VALUES ($1, 1, $2, 1, 1, $3)", seeded.tenant_id, seeded.alice, nothing
        )
    finally:
        await connection.close()
