"""A statement as CSV (RFC 4180), streamed, and harmless in a spreadsheet (ASVS 1.2.10)."""

import csv
import io
from collections.abc import AsyncIterator

from core.application.wallets.read_entries import Statement
from ports.journal import JournalLine

_COLUMNS = (
    "posted_at",
    "transfer_id",
    "type",
    "reference",
    "description",
    "asset",
    "direction",
    "amount",
    "balance_after",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the first four in full width, which spreadsheets of some languages take as well."""


async def csv_statement(statement: Statement, lines: AsyncIterator[JournalLine]) -> AsyncIterator[str]:
    """Header, opening balance, one row a line, closing balance; amounts in minor units."""
    asset, balance = statement.wallet.asset, statement.opening_balance
    yield _row(*_COLUMNS)
    yield _row(statement.since.isoformat(), "", "opening_balance", "", "", asset, "", "", balance)
    async for line in lines:
        transfer, entry = line.transfer, line.entry
        balance = entry.balance_after
        yield _row(
            transfer.posted_at.isoformat(),
            transfer.id,
            transfer.type.value,
            _harmless(transfer.reference),
            _harmless(transfer.description),
            asset,
            "debit" if entry.direction < 0 else "credit",
            entry.amount,
            balance,
        )
    yield _row(statement.until.isoformat(), "", "closing_balance", "", "", asset, "", "", balance)


def _row(*cells: object) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _harmless(text: str | None) -> str:
    """A cell a spreadsheet would run as a formula begins with an apostrophe instead."""
    if text is None:
        return ""
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) else text
