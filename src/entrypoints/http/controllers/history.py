"""What moved: entries, statements, and a user's money across assets."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.response import Stream

from core.application.wallets.read_entries import ReadEntriesHandler
from core.application.wallets.read_wallets import ReadWalletsHandler
from core.domain.identifiers import TransferId, WalletId
from core.domain.transfers import TransferType
from entrypoints.http.context import principal_of
from entrypoints.http.instants import aware
from entrypoints.http.openapi import READING
from entrypoints.http.pagination import DEFAULT_PAGE, MAX_PAGE, Cursor, Limit, Page, read_cursor, write_cursor
from entrypoints.http.problems import MalformedRequest
from entrypoints.http.schemas.transfers import LineResponse, StatementResponse
from entrypoints.http.schemas.wallets import UserBalancesResponse, WalletResponse
from entrypoints.http.statement_csv import csv_statement
from ports.clock import Clock
from ports.journal import JournalLine, LineFilter, LinePosition

Since = Annotated[datetime | None, QueryParameter(name="from", description="Included; RFC 3339.", required=False)]
Until = Annotated[datetime | None, QueryParameter(name="to", description="Not included; RFC 3339.", required=False)]
Reference = Annotated[str | None, QueryParameter(max_length=128, required=False)]


class HistoryController(Controller):
    """Read only."""

    path = "/"
    tags = ["History"]

    @get("/wallets/{wallet_id:uuid}/entries", operation_id="ListEntries", summary="List entries", responses=READING)
    async def entries(
        self,
        request: Request[Any, Any, Any],
        wallet_id: FromPath[UUID],
        read_entries: NamedDependency[ReadEntriesHandler],
        type_: Annotated[TransferType | None, QueryParameter(name="type", required=False)] = None,
        since: Since = None,
        until: Until = None,
        reference: Reference = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[LineResponse]:
        """The wallet's available money, newest first; stable while others write."""
        before = read_cursor(cursor, tuple[datetime, int])
        lines = await read_entries.of_wallet(
            principal_of(request).tenant_id,
            WalletId(wallet_id),
            where=_filter(type_, since, until, reference),
            before=None if before is None else LinePosition(*before),
            limit=limit,
        )
        more = write_cursor(*_position(lines[-1])) if len(lines) == limit else None
        return Page([LineResponse.of(line) for line in lines], more)

    @get(
        "/wallets/{wallet_id:uuid}/statement",
        operation_id="GetStatement",
        summary="Read a statement",
        responses=READING,
    )
    async def statement(
        self,
        request: Request[Any, Any, Any],
        wallet_id: FromPath[UUID],
        read_entries: NamedDependency[ReadEntriesHandler],
        clock: NamedDependency[SkipValidation[Clock]],
        since: Annotated[datetime, QueryParameter(name="from", description="Included; RFC 3339.")],
        until: Until = None,
        format_: Annotated[str, QueryParameter(name="format", pattern="^(json|csv)$")] = "json",
        limit: Limit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response[StatementResponse]:
        """
        Opening balance, entries with running balance, closing balance. JSON page by page; CSV whole
        (`format=csv`, or `Accept: text/csv`).
        """
        tenant_id = principal_of(request).tenant_id
        start = aware(since, "from")
        end = clock.now() if until is None else aware(until, "to")
        if end < start:
            raise MalformedRequest(400, "to: must not be before from", code="invalid_field", pointer="#/to")
        after = read_cursor(cursor, tuple[datetime, int])
        found = await read_entries.statement(
            tenant_id,
            WalletId(wallet_id),
            since=start,
            until=end,
            after=None if after is None else LinePosition(*after),
            limit=limit,
        )
        if format_ == "csv" or "text/csv" in request.headers.get("accept", ""):
            lines = read_entries.stream(tenant_id, WalletId(wallet_id), since=start, until=end)
            return Stream(  # type: ignore[return-value]
                csv_statement(found, lines),
                media_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="statement-{wallet_id}.csv"'},
            )
        return Response(
            StatementResponse(
                wallet_id=found.wallet.id,
                asset=found.wallet.asset,
                from_=start,
                to=end,
                opening_balance=found.opening_balance,
                closing_balance=found.closing_balance,
                items=[LineResponse.of(line) for line in found.lines],
                next_cursor=write_cursor(*_position(found.lines[-1])) if len(found.lines) == limit else None,
            )
        )

    @get(
        "/users/{user_id:str}/balances", operation_id="GetUserBalances", summary="A user's balances", responses=READING
    )
    async def user_balances(
        self,
        request: Request[Any, Any, Any],
        user_id: FromPath[str],
        read_wallets: NamedDependency[ReadWalletsHandler],
    ) -> UserBalancesResponse:
        """All of the user's wallets, one an asset; none for a user without any."""
        wallets = await read_wallets.page(
            principal_of(request).tenant_id, user_id=user_id, after=None, limit=_MAX_USER_WALLETS
        )
        return UserBalancesResponse(user_id=user_id, wallets=[WalletResponse.of(wallet) for wallet in wallets])

    @get(
        "/users/{user_id:str}/transactions",
        operation_id="ListUserTransactions",
        summary="A user's entries",
        responses=READING,
    )
    async def user_transactions(
        self,
        request: Request[Any, Any, Any],
        user_id: FromPath[str],
        read_entries: NamedDependency[ReadEntriesHandler],
        type_: Annotated[TransferType | None, QueryParameter(name="type", required=False)] = None,
        since: Since = None,
        until: Until = None,
        reference: Reference = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[LineResponse]:
        """Across all wallets, newest first."""
        before = read_cursor(cursor, tuple[datetime, UUID, int])
        lines = await read_entries.of_user(
            principal_of(request).tenant_id,
            user_id,
            where=_filter(type_, since, until, reference),
            before=None if before is None else (before[0], TransferId(before[1]), before[2]),
            limit=limit,
        )
        more = None
        if len(lines) == limit:
            last = lines[-1]
            more = write_cursor(last.transfer.posted_at, last.transfer.id, last.entry.leg)
        return Page([LineResponse.of(line) for line in lines], more)


_MAX_USER_WALLETS = 1000


def _filter(
    type_: TransferType | None, since: datetime | None, until: datetime | None, reference: str | None
) -> LineFilter:
    return LineFilter(
        type=type_,
        since=None if since is None else aware(since, "from"),
        until=None if until is None else aware(until, "to"),
        reference=reference,
    )


def _position(line: JournalLine) -> tuple[datetime, int]:
    return line.transfer.posted_at, line.entry.sequence
