"""What moved: entries, statements, and a user's money across assets."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Stream

from core.application.wallets.read_entries import ReadEntriesHandler, Statement
from core.application.wallets.read_wallets import ReadWalletsHandler
from core.domain.identifiers import TransferId, WalletId
from core.domain.transfers import TransferType
from core.domain.wallets import Wallet
from entrypoints.http.context import principal_of
from entrypoints.http.instants import read_instant
from entrypoints.http.pagination import DEFAULT_PAGE, MAX_PAGE, Page, one_page, read_cursor
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
from entrypoints.http.positions import EntryPosition, StatementPosition, TransactionPosition
from entrypoints.http.problems import invalid_parameter
from entrypoints.http.schemas.transfers import LineResponse, StatementResponse
from entrypoints.http.schemas.wallets import UserBalancesResponse, WalletResponse
from entrypoints.http.statement_csv import csv_statement
from ports.clock import Clock
from ports.journal import JournalLine, LineFilter, LinePosition

_WALLETS_AT_ONCE = 1000

StatementStart = Annotated[
    str,
    QueryParameter(name="from", schema_extra={"format": "date-time"}, description="Included; RFC 3339 with offset."),
]
FormatChoice = Annotated[
    str | None,
    QueryParameter(
        name="format",
        required=False,
        schema_extra={"enum": ["json", "csv"]},
        description="Wins over `Accept`; json, when neither is given.",
    ),
]


class StatementFormat(StrEnum):
    """What a statement can be read as."""

    JSON = "json"
    CSV = "csv"


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

    @get("/wallets/{wallet_id:str}/statement", operation_id="GetStatement", summary="Read a statement")
    async def statement(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        read_entries: NamedDependency[ReadEntriesHandler],
        clock: NamedDependency[SkipValidation[Clock]],
        since: StatementStart,
        until: Until = None,
        format_: FormatChoice = None,
        limit: Limit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response[StatementResponse]:
        """
        Opening balance, entries oldest first with running balance, closing balance. JSON comes page by page, CSV
        whole (`format=csv`, or `Accept: text/csv`). Without `to` it ends now, on every page at the same instant.
        """
        after = read_cursor(cursor, StatementPosition)
        wanted = read_parameter(format_, StatementFormat, "format") or _accepted_format(request)
        start = read_instant(since, "from")
        end = read_instant(until, "to") if until is not None else clock.now() if after is None else after.until
        if end < start:
            raise invalid_parameter("to", "must not be before from")
        found = await read_entries.statement(
            principal_of(request).tenant_id,
            WalletId(wallet_id),
            since=start,
            until=end,
            after=None if after is None else LinePosition(after.posted_at, after.sequence),
            limit=limit + 1,
        )
        if wanted is StatementFormat.CSV:
            return _as_csv(found, read_entries)
        return Response(_one_page_of(found, limit, is_first=after is None), headers={"Vary": "Accept"})

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


def _accepted_format(request: Request[Any, Any, Any]) -> StatementFormat:
    return StatementFormat.CSV if "text/csv" in request.headers.get("accept", "") else StatementFormat.JSON


def _as_csv(found: Statement, read_entries: ReadEntriesHandler) -> Response[Any]:
    wallet = found.wallet
    lines = read_entries.stream(wallet.tenant_id, wallet.id, since=found.since, until=found.until)
    return Stream(
        csv_statement(found, lines),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="statement-{wallet.id}.csv"', "Vary": "Accept"},
    )


def _one_page_of(found: Statement, limit: int, *, is_first: bool) -> StatementResponse:
    """
    The closing balance follows from the lines once the last is shown: somebody may have written between reading one
    and the other.
    """
    lines = one_page(found.lines, limit, LineResponse.of, lambda line: StatementPosition(found.until, *_position(line)))
    closing = found.closing_balance
    if lines.next_cursor is None and (lines.items or is_first):
        closing = lines.items[-1].entry.balance_after if lines.items else found.opening_balance
    return StatementResponse(
        wallet_id=found.wallet.id,
        asset=found.wallet.asset,
        from_=found.since,
        to=found.until,
        opening_balance=found.opening_balance,
        closing_balance=closing,
        items=lines.items,
        next_cursor=lines.next_cursor,
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
