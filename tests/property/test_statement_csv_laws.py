"""No text a client can store becomes a formula, and none is lost."""

import csv
import io
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, EntryFactory, TransferFactory, WalletFactory
from core.application.wallets.read_entries import Statement
from entrypoints.http.statement_csv import csv_statement
from ports.journal import JournalLine
from strategies import LAW, REFERENCES

DESCRIPTIONS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=500)
ENTRY = EntryFactory.build()
EMPTY_STATEMENT = Statement(WalletFactory.build(), NOON, NOON, 0, 0, [])
TRANSFER = TransferFactory.build()


def written(reference: str, description: str) -> str:
    """A statement with one line. Its generator awaits nothing, so it can be run by hand."""
    TRANSFER.reference, TRANSFER.description = reference, description

    async def lines() -> AsyncIterator[JournalLine]:
        yield JournalLine(ENTRY, TRANSFER)

    async def whole() -> str:
        return "".join([part async for part in csv_statement(EMPTY_STATEMENT, lines())])

    try:
        whole().send(None)
    except StopIteration as ended:
        return str(ended.value)
    raise AssertionError("it awaited something")


@LAW
@given(REFERENCES, DESCRIPTIONS)
def test_no_cell_of_free_text_starts_like_a_formula_and_none_is_lost(reference: str, description: str) -> None:
    [_header, _opening, row, _closing] = csv.reader(io.StringIO(written(reference, description), newline=""))
    for cell, text in ((row[3], reference), (row[4], description)):
        assert cell in {text, f"'{text}"}
        assert not cell.strip().startswith(("=", "+", "-", "@"))
