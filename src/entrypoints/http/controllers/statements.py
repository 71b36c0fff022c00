"""Statements: a wallet's available money over a span of time, as JSON and as CSV."""

from enum import StrEnum
from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Stream

from core.application.wallets.read_entries import ReadEntriesHandler, Statement
from core.domain.identifiers import WalletId
from entrypoints.http.context import principal_of
from entrypoints.http.instants import read_instant
from entrypoints.http.pagination import MAX_PAGE, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit, Until, WalletInPath, read_parameter
from entrypoints.http.positions import StatementPosition
from entrypoints.http.problems import invalid_parameter
from entrypoints.http.schemas.transfers import LineResponse, StatementResponse
from entrypoints.http.statement_csv import csv_statement
from ports.clock import Clock
from ports.journal import LinePosition

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


class StatementController(Controller):
    """Read only."""

    path = "/"
    tags = ["History"]

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
    lines = one_page(
        found.lines,
        limit,
        LineResponse.of,
        lambda line: StatementPosition(found.until, line.transfer.posted_at, line.entry.sequence),
    )
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
