"""What moved: entries, and a user's money across assets."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency

from core.application.wallets.read_entries import ReadEntriesHandler
from core.application.wallets.read_wallets import ReadWalletsHandler
from core.domain.identifiers import TransferId, WalletId
from core.domain.transfers import TransferType
from core.domain.wallets import Wallet
from entrypoints.http.context import principal_of
from entrypoints.http.instants import read_instant
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import (
    Cursor,
    Limit,
    ReferenceFilter,
    Since,
    TypeFilter,
    Until,
    UserInPath,
    WalletInPath,
    read_parameter,
)
from entrypoints.http.positions import EntryPosition, TransactionPosition
from entrypoints.http.schemas.transfers import LineResponse
from entrypoints.http.schemas.wallets import UserBalancesResponse, WalletResponse
from ports.journal import JournalLine, LineFilter, LinePosition

_WALLETS_AT_ONCE = 1000


class HistoryController(Controller):
    """Read only."""

    path = "/"
    tags = ["History"]

    @get("/wallets/{wallet_id:str}/entries", operation_id="ListEntries", summary="List entries")
    async def entries(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        read_entries: NamedDependency[ReadEntriesHandler],
        type_: TypeFilter = None,
        since: Since = None,
        until: Until = None,
        reference: ReferenceFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[LineResponse]:
        """The wallet's available money, newest first; stable while others write."""
        before = read_cursor(cursor, EntryPosition)
        lines = await read_entries.of_wallet(
            principal_of(request).tenant_id,
            WalletId(wallet_id),
            where=_filter(type_, since, until, reference),
            before=None if before is None else LinePosition(before.posted_at, before.sequence),
            limit=limit + 1,
        )
        return one_page(lines, limit, LineResponse.of, lambda line: EntryPosition(*_position(line)))

    @get("/users/{user_id:str}/balances", operation_id="GetUserBalances", summary="A user's balances")
    async def user_balances(
        self,
        request: Request[Any, Any, Any],
        *,
        user_id: UserInPath,
        read_wallets: NamedDependency[ReadWalletsHandler],
    ) -> UserBalancesResponse:
        """All of the user's wallets, one an asset; none for a user without any."""
        tenant_id = principal_of(request).tenant_id
        wallets: list[Wallet] = []
        is_whole = False
        while not is_whole:
            after = wallets[-1].id if wallets else None
            more = await read_wallets.page(tenant_id, user_id=user_id, after=after, limit=_WALLETS_AT_ONCE)
            wallets.extend(more)
            is_whole = len(more) < _WALLETS_AT_ONCE
        return UserBalancesResponse(user_id=user_id, wallets=[WalletResponse.of(wallet) for wallet in wallets])

    @get("/users/{user_id:str}/transactions", operation_id="ListUserTransactions", summary="A user's entries")
    async def user_transactions(
        self,
        request: Request[Any, Any, Any],
        *,
        user_id: UserInPath,
        read_entries: NamedDependency[ReadEntriesHandler],
        type_: TypeFilter = None,
        since: Since = None,
        until: Until = None,
        reference: ReferenceFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[LineResponse]:
        """Across all wallets, newest first."""
        before = read_cursor(cursor, TransactionPosition)
        lines = await read_entries.of_user(
            principal_of(request).tenant_id,
            user_id,
            where=_filter(type_, since, until, reference),
            before=None if before is None else (before.posted_at, TransferId(before.transfer_id), before.leg),
            limit=limit + 1,
        )
        return one_page(
            lines,
            limit,
            LineResponse.of,
            lambda line: TransactionPosition(line.transfer.posted_at, line.transfer.id, line.entry.leg),
        )


def _filter(type_: str | None, since: str | None, until: str | None, reference: str | None) -> LineFilter:
    return LineFilter(
        type=read_parameter(type_, TransferType, "type"),
        since=None if since is None else read_instant(since, "from"),
        until=None if until is None else read_instant(until, "to"),
        reference=reference,
    )


def _position(line: JournalLine) -> tuple[datetime, int]:
    return line.transfer.posted_at, line.entry.sequence
