"""The whole ledger in short statements, for verification and export."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.errors import translated
from adapters.postgres.journal_partitions import PARTITION_MONTHS
from core.domain.accounts import Purpose
from core.domain.chain import transfer_digest
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId
from core.domain.integrity import Head, Link
from core.domain.transfers import Entry, Transfer, TransferType
from ports.ledger_inspection import LinkPosition, PlacedLink, SumDifference

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
_BEFORE_TIME = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
_WHOLE_TABLE_TIMEOUT = "SET LOCAL statement_timeout = '60s'"

_HEADS = text("""
SELECT id, asset, sequence, balance, chain FROM accounts
WHERE tenant_id = :tenant AND id > :after ORDER BY id LIMIT :limit
""")
_BEGINNINGS = text(f"""
SELECT account_id, '' AS asset, sequence, balance, chain FROM balance_snapshots
WHERE tenant_id = :tenant AND account_id > :after AND account_id <= :until
  AND month = (SELECT min(month) - interval '1 month' FROM ({PARTITION_MONTHS}) AS kept)::date
""")
_PINS = text("""
SELECT DISTINCT ON (account_id) account_id, '' AS asset, sequence, balance, chain FROM checkpoint_heads
WHERE tenant_id = :tenant AND account_id > :after AND account_id <= :until
ORDER BY account_id, number DESC
""")
_LINKS = text("""
SELECT entry.account_id, entry.sequence, entry.transfer_id, entry.leg, entry.direction, entry.amount,
       entry.balance_after, entry.chain, entry.posted_at,
       transfer.id, transfer.type, transfer.entry_count, transfer.trace_id, transfer.reference, transfer.description,
       transfer.metadata, transfer.reversal_of, transfer.hold_id
FROM entries AS entry
LEFT JOIN transfers AS transfer ON transfer.tenant_id = entry.tenant_id AND transfer.id = entry.transfer_id
                               AND transfer.posted_at = entry.posted_at
WHERE entry.tenant_id = :tenant AND entry.account_id <= :until
  AND (entry.account_id, entry.posted_at, entry.sequence) > (:account, :posted_at, :sequence)
ORDER BY entry.account_id, entry.posted_at, entry.sequence
LIMIT :limit
""")
_TRANSFER_SUMS = text(
    """
SELECT known.transfer_id, known.entry_count, transfer.entry_count AS declared, written.given, written.net
FROM (
    SELECT * FROM transfer_register
    WHERE tenant_id = :tenant AND transfer_id > :after ORDER BY transfer_id LIMIT :limit
) AS known
LEFT JOIN transfers AS transfer ON transfer.tenant_id = known.tenant_id AND transfer.id = known.transfer_id
                               AND transfer.posted_at = known.posted_at
LEFT JOIN LATERAL (
    SELECT sum(given)::bigint AS given, max(abs(net))::bigint AS net FROM (
        SELECT count(*) AS given, sum(amount * direction) AS net FROM entries AS entry
        WHERE entry.tenant_id = known.tenant_id AND entry.transfer_id = known.transfer_id
          AND entry.posted_at = known.posted_at
        GROUP BY asset
    ) AS one_asset
) AS written ON true
WHERE known.posted_at >= (SELECT min(month)::timestamptz FROM ({partitions}) AS kept)
ORDER BY known.transfer_id
""".replace("{partitions}", PARTITION_MONTHS)
)
_ASSET_SUMS = text("""
SELECT asset, sum(balance)::bigint AS difference FROM accounts WHERE tenant_id = :tenant
GROUP BY asset HAVING sum(balance) <> 0 ORDER BY asset
""")
_HOLD_SUMS = text("""
SELECT wallet_id, coalesce(reserve.balance, 0) - coalesce(held.remaining, 0) AS difference
FROM (
    SELECT wallet_id, sum(amount - captured - released)::bigint AS remaining FROM holds
    WHERE tenant_id = :tenant AND status = 'pending' GROUP BY wallet_id
) AS held
FULL JOIN (SELECT wallet_id, balance FROM accounts WHERE tenant_id = :tenant AND purpose = 'reserve') AS reserve
    USING (wallet_id)
WHERE coalesce(reserve.balance, 0) <> coalesce(held.remaining, 0)
ORDER BY wallet_id LIMIT 100
""")
_TRANSFERS = text("""
SELECT transfer.id, transfer.type, transfer.posted_at, transfer.trace_id, transfer.reference, transfer.description,
       transfer.metadata, transfer.reversal_of, transfer.hold_id,
       entry.leg, entry.account_id, account.wallet_id, account.purpose, entry.asset, entry.sequence, entry.direction,
       entry.amount, entry.balance_after, entry.chain
FROM (
    SELECT * FROM transfer_register
    WHERE tenant_id = :tenant AND transfer_id > :after ORDER BY transfer_id LIMIT :limit
) AS known
JOIN transfers AS transfer ON transfer.tenant_id = known.tenant_id AND transfer.id = known.transfer_id
                          AND transfer.posted_at = known.posted_at
JOIN entries AS entry ON entry.tenant_id = known.tenant_id AND entry.transfer_id = known.transfer_id
                     AND entry.posted_at = known.posted_at
JOIN accounts AS account ON account.tenant_id = entry.tenant_id AND account.id = entry.account_id
ORDER BY transfer.id, entry.leg
""")


OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class PostgresLedgerInspection:
    """Implements `ports.ledger_inspection.LedgerInspection`."""

    def __init__(self, reading_sessions: OpenSession, sessions: OpenSession) -> None:
        """Read pages through *reading_sessions*, whole tables through *sessions* with a longer time limit."""
        self._reading_sessions = reading_sessions
        self._sessions = sessions

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncGenerator["PostgresLedgerInspection"]:
        """The ledger as it is on entry: one REPEATABLE READ transaction."""
        with translated():
            async with self._sessions() as session:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                await session.execute(text(_WHOLE_TABLE_TIMEOUT))

                def same() -> AbstractAsyncContextManager[AsyncSession]:
                    return nullcontext(session)

                yield PostgresLedgerInspection(same, same)

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by id."""
        with translated():
            async with self._reading_sessions() as session:
                rows = await session.scalars(text("SELECT tenant_id FROM tenants ORDER BY tenant_id"))
                return [TenantId(row) for row in rows]

    async def entry_count(self, tenant_id: TenantId) -> int:
        """How many entries the accounts say there are."""
        rows = await self._whole(
            text("SELECT coalesce(sum(sequence), 0)::bigint FROM accounts WHERE tenant_id = :tenant"), tenant_id
        )
        return int(rows[0][0])

    async def heads(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Head]:
        """The next accounts by id, as they say they stand."""
        rows = await self._rows(_HEADS, tenant=tenant_id, after=after or _FIRST, limit=limit)
        return [Head(*row) for row in rows]

    async def beginnings(self, tenant_id: TenantId, *, after: UUID | None, until: UUID | None) -> Sequence[Head]:
        """The snapshots of the month before the oldest partition, of accounts in (after, until]."""
        rows = await self._rows(_BEGINNINGS, tenant=tenant_id, after=after or _FIRST, until=until or _LAST)
        return [Head(*row) for row in rows]

    async def pins(self, tenant_id: TenantId, *, after: UUID | None, until: UUID | None) -> Sequence[Head]:
        """The newest head a checkpoint kept of each account in (after, until]."""
        rows = await self._rows(_PINS, tenant=tenant_id, after=after or _FIRST, until=until or _LAST)
        return [Head(*row) for row in rows]

    async def links(
        self, tenant_id: TenantId, *, after: LinkPosition | UUID | None, until: UUID | None, limit: int
    ) -> Sequence[PlacedLink]:
        """The next entries behind *after* (a position, or all of an account), of accounts up to *until*."""
        if not isinstance(after, LinkPosition):
            after = LinkPosition(_FIRST, _BEFORE_TIME, 0) if after is None else _behind(after)
        rows = await self._rows(
            _LINKS,
            tenant=tenant_id,
            account=after.account_id,
            posted_at=after.posted_at,
            sequence=after.sequence,
            until=until or _LAST,
            limit=limit,
        )
        return [_placed_link(tenant_id, row) for row in rows]

    async def incomplete_transfers(
        self, tenant_id: TenantId, *, after: UUID | None, limit: int
    ) -> tuple[Sequence[tuple[UUID, str]], UUID | None, int]:
        """Of the next transfers by id: the incomplete or unbalanced ones, the last looked at, and how many."""
        rows = await self._rows(_TRANSFER_SUMS, tenant=tenant_id, after=after or _FIRST, limit=limit)
        wrong = [(row.transfer_id, why) for row in rows if (why := _wrong_with(row)) is not None]
        return wrong, rows[-1].transfer_id if len(rows) == limit else None, len(rows)

    async def differences(self, tenant_id: TenantId) -> Sequence[SumDifference]:
        """Assets whose balances do not sum to zero, and wallets whose reserve is not the sum of their holds."""
        assets = await self._whole(_ASSET_SUMS, tenant_id)
        holds = await self._whole(_HOLD_SUMS, tenant_id)
        return [SumDifference(f"the sum of all {row.asset} balances", None, row.difference) for row in assets] + [
            SumDifference("the reserve, against its pending holds,", row.wallet_id, row.difference) for row in holds
        ]

    async def transfers(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Transfer]:
        """The next transfers by id, with their entries."""
        rows = await self._rows(_TRANSFERS, tenant=tenant_id, after=after or _FIRST, limit=limit)
        transfers: list[Transfer] = []
        for row in rows:
            if not transfers or transfers[-1].id != row.id:
                transfers.append(_transfer(tenant_id, row))
            transfers[-1].entries.append(_entry(row))
        return transfers

    async def _rows(self, query: Any, **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        with translated():
            async with self._reading_sessions() as session:
                return (await session.execute(query, values)).all()

    async def _whole(self, query: Any, tenant_id: TenantId) -> Sequence[Row[*tuple[Any, ...]]]:
        with translated():
            async with self._sessions() as session:
                await session.execute(text(_WHOLE_TABLE_TIMEOUT))
                return (await session.execute(query, {"tenant": tenant_id})).all()


def _behind(account_id: UUID) -> LinkPosition:
    """Behind all entries of that account."""
    return LinkPosition(UUID(int=account_id.int + 1), _BEFORE_TIME, 0)


def _placed_link(tenant_id: TenantId, row: Row[*tuple[Any, ...]]) -> PlacedLink:
    digest = None
    if row.id is not None:
        digest = transfer_digest(
            tenant_id=tenant_id,
            transfer_id=row.transfer_id,
            type=row.type,
            posted_at=row.posted_at,
            entry_count=row.entry_count,
            trace_id=row.trace_id,
            reference=row.reference,
            description=row.description,
            metadata=row.metadata,
            reversal_of=row.reversal_of,
            hold_id=row.hold_id,
        )
    link = Link(
        account_id=row.account_id,
        sequence=row.sequence,
        transfer_id=row.transfer_id,
        leg=row.leg,
        direction=row.direction,
        amount=row.amount,
        balance_after=row.balance_after,
        chain=row.chain,
        digest=digest,
    )
    return PlacedLink(link, LinkPosition(row.account_id, row.posted_at, row.sequence))


def _wrong_with(row: Row[*tuple[Any, ...]]) -> str | None:
    if row.declared is None:
        return "the transfer is missing"
    if row.given != row.entry_count or row.declared != row.entry_count:
        return f"{row.entry_count} entries were posted, {row.given or 0} are there"
    if row.net != 0:
        return f"debits and credits differ by {row.net}"
    return None


def _transfer(tenant_id: TenantId, row: Row[*tuple[Any, ...]]) -> Transfer:
    return Transfer(
        tenant_id=tenant_id,
        id=TransferId(row.id),
        type=TransferType(row.type),
        posted_at=row.posted_at,
        trace_id=row.trace_id,
        reference=row.reference,
        description=row.description,
        metadata=row.metadata,
        reversal_of=None if row.reversal_of is None else TransferId(row.reversal_of),
        hold_id=None if row.hold_id is None else HoldId(row.hold_id),
    )


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        leg=row.leg,
        account_id=AccountId(row.account_id),
        wallet_id=None if row.wallet_id is None else WalletId(row.wallet_id),
        purpose=Purpose(row.purpose),
        asset=row.asset,
        sequence=row.sequence,
        direction=row.direction,
        amount=row.amount,
        balance_after=row.balance_after,
        chain=row.chain,
    )
