"""Statements as CSV: exact, and harmless in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from builders import NOON, EntryFactory, TransferFactory, WalletFactory
from core.application.wallets.read_entries import Statement
from core.domain.transfers import CREDIT, DEBIT
from entrypoints.http.statement_csv import csv_statement
from ports.journal import JournalLine

DAY = timedelta(days=1)


def line(amount: int, balance_after: int, *, direction: int = CREDIT, **said: Any) -> JournalLine:
    """One entry with its transfer."""
    entry = EntryFactory.build(amount=amount, balance_after=balance_after, direction=direction)
    return JournalLine(entry, TransferFactory.build(**said))


async def written(*lines: JournalLine, opening: int = 0, closing: int = 0) -> str:
    """The CSV of a day's statement."""
    statement = Statement(
        wallet=WalletFactory.build(),
        since=NOON,
        until=NOON + DAY,
        opening_balance=opening,
        closing_balance=closing,
        lines=[],
    )

    async def stream() -> AsyncIterator[JournalLine]:
        for each in lines:
            yield each

    return "".join([part async for part in csv_statement(statement, stream())])


def rows(text: str) -> list[dict[str, str]]:
    """As a program reads it."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_a_statement_runs_from_its_opening_to_its_closing_balance() -> None:
    credit = line(50, 150, reference="invoice-1")
    debit = line(30, 120, direction=DEBIT, description="Shoes")

    told = rows(await written(credit, debit, opening=100, closing=120))

    assert [(row["type"], row["direction"], row["amount"], row["balance_after"]) for row in told] == [
        ("opening_balance", "", "", "100"),
        ("transfer", "credit", "50", "150"),
        ("transfer", "debit", "30", "120"),
        ("closing_balance", "", "", "120"),
    ]
    assert [row["posted_at"] for row in told] == [
        NOON.isoformat(),
        NOON.isoformat(),
        NOON.isoformat(),
        (NOON + DAY).isoformat(),
    ]
    assert (told[1]["transfer_id"], told[1]["reference"]) == (str(credit.transfer.id), "invoice-1")
    assert told[2]["description"] == "Shoes"
    assert {row["asset"] for row in told} == {"USD"}


async def test_a_day_without_movements_has_both_balances_still() -> None:
    told = rows(await written(opening=100, closing=100))
    assert [row["balance_after"] for row in told] == ["100", "100"]


@pytest.mark.parametrize("word", ["reference", "description"])
@pytest.mark.parametrize(
    "formula",
    [
        '=HYPERLINK("https://evil.example","Click")',
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "  =1+1",
        "\uff1d1+1",
    ],
)
async def test_no_cell_of_free_text_is_a_formula(word: str, formula: str) -> None:
    [_opening, told, _closing] = rows(await written(line(1, 1, direction=CREDIT, **{word: formula})))
    assert told[word] == "'" + formula


@pytest.mark.parametrize("text", ["a,b", 'a"b', "'quoted'", "a=b", "1+1", "Größe 42 → 43", ""])
async def test_every_other_text_comes_out_as_it_went_in(text: str) -> None:
    [_opening, told, _closing] = rows(await written(line(1, 1, description=text)))
    assert told["description"] == text


async def test_absent_words_are_empty_cells() -> None:
    [_opening, told, _closing] = rows(await written(line(1, 1)))
    assert (told["reference"], told["description"]) == ("", "")


async def test_lines_end_as_rfc_4180_wants() -> None:
    text = await written(line(1, 1))
    assert text.count("\r\n") == text.count("\n") == 4
    assert text.endswith("\r\n")
