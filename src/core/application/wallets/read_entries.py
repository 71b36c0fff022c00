"""What moved in a wallet, or in all wallets of a user."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.identifiers import TenantId, TransferId, WalletId, main_account_id
from core.domain.wallets import Wallet
from ports.journal import Journal, JournalLine, LineFilter, LinePosition
from ports.wallet_reader import WalletReader

_TICK = timedelta(microseconds=1)
STREAM_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Statement:
    """A wallet's available money over [since, until): balances in minor units, and one page of lines, oldest first."""

    wallet: Wallet
    since: datetime
    until: datetime
    opening_balance: int
    closing_balance: int
    lines: Sequence[JournalLine]


@dataclass(frozen=True, slots=True)
class ReadEntriesHandler:
    """Reads only."""

    wallets: WalletReader
    journal: Journal

    async def of_wallet(
        self, tenant_id: TenantId, wallet_id: WalletId, *, where: LineFilter, before: LinePosition | None, limit: int
    ) -> Sequence[JournalLine]:
        """
        The wallet's lines, newest first, behind *before*.

        Raises:
            WalletNotFound: If there is none.
        """
        await self.wallets.get(tenant_id, wallet_id)
        return await self.journal.lines(tenant_id, main_account_id(wallet_id), where=where, before=before, limit=limit)

    async def of_user(
        self,
        tenant_id: TenantId,
        user_id: str,
        *,
        where: LineFilter,
        before: tuple[datetime, TransferId, int] | None,
        limit: int,
    ) -> Sequence[JournalLine]:
        """The user's lines over all wallets, newest first, behind *before*."""
        return await self.journal.lines_of_user(tenant_id, user_id, where=where, before=before, limit=limit)

    async def statement(
        self,
        tenant_id: TenantId,
        wallet_id: WalletId,
        *,
        since: datetime,
        until: datetime,
        after: LinePosition | None,
        limit: int,
    ) -> Statement:
        """
        Opening balance, one page of lines and closing balance over [since, until).

        Raises:
            WalletNotFound: If there is none.
        """
        wallet = await self.wallets.get(tenant_id, wallet_id)
        account_id = main_account_id(wallet_id)
        return Statement(
            wallet=wallet,
            since=since,
            until=until,
            opening_balance=await self.journal.balance_at(tenant_id, account_id, since - _TICK),
            closing_balance=await self.journal.balance_at(tenant_id, account_id, until - _TICK),
            lines=await self.journal.lines_forward(
                tenant_id, account_id, where=LineFilter(since=since, until=until), after=after, limit=limit
            ),
        )

    async def stream(
        self, tenant_id: TenantId, wallet_id: WalletId, *, since: datetime, until: datetime
    ) -> AsyncIterator[JournalLine]:
        """All lines over [since, until), oldest first, read page by page so that memory stays bounded."""
        position: LinePosition | None = None
        while True:
            lines = await self.journal.lines_forward(
                tenant_id,
                main_account_id(wallet_id),
                where=LineFilter(since=since, until=until),
                after=position,
                limit=STREAM_PAGE,
            )
            for line in lines:
                yield line
            if len(lines) < STREAM_PAGE:
                return
            position = LinePosition(lines[-1].transfer.posted_at, lines[-1].entry.sequence)
