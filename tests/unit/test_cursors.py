"""Cursors: opaque to clients, and refused unless they are ours."""

from base64 import urlsafe_b64encode
from datetime import timedelta, timezone
from uuid import UUID

import pytest

from builders import ALICE, NOON
from core.domain.identifiers import WalletId
from entrypoints.http.pagination import Page, Position, one_page, read_cursor, write_cursor
from entrypoints.http.positions import (
    EntryPosition,
    HoldPosition,
    StatementPosition,
    TransactionPosition,
    WalletPosition,
)
from entrypoints.http.problems import MalformedRequest

HERE = EntryPosition(NOON, 7)


def forged(text: str) -> str:
    """A cursor somebody wrote by hand."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def assert_refused(cursor: str, kind: type[Position] = EntryPosition) -> None:
    """As no cursor of this list."""
    with pytest.raises(MalformedRequest) as refusal:
        read_cursor(cursor, kind)
    assert (refusal.value.kind.status, refusal.value.kind.code) == (400, "invalid_cursor")
    assert [error.pointer for error in refusal.value.errors] == ["#/cursor"]


@pytest.mark.parametrize(
    "position",
    [
        HERE,
        EntryPosition(NOON + timedelta(microseconds=1), 2**63 - 1),
        WalletPosition(ALICE),
        StatementPosition(NOON, NOON, 0),
        TransactionPosition(NOON, ALICE, 1),
    ],
)
def test_a_cursor_is_read_as_it_was_written(position: Position) -> None:
    assert read_cursor(write_cursor(position), type(position)) == position


def test_no_cursor_is_the_beginning() -> None:
    assert read_cursor(None, EntryPosition) is None


def test_a_cursor_needs_no_escaping_in_a_query() -> None:
    assert all(letter.isalnum() or letter in "-_" for letter in write_cursor(StatementPosition(NOON, NOON, 63)))


def test_the_forger_below_could_write_a_good_cursor() -> None:
    """Else the test after this one would prove nothing."""
    assert read_cursor(forged('["entries","2026-11-02T12:00:00Z",7]'), EntryPosition) == HERE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[]",
        '["entries"]',
        '["entries","2026-11-02T12:00:00Z"]',
        '["entries","2026-11-02T12:00:00Z",7,7]',
        '["entries","2026-11-02T12:00:00Z","7"]',
        '["entries","2026-11-02T12:00:00Z",7.0]',
        '["entries","2026-11-02T12:00:00Z",-1]',
        f'["entries","2026-11-02T12:00:00Z",{2**63}]',
        f'["entries","2026-11-02T12:00:00Z",{10**400}]',
        '["entries","2026-11-02T12:00:00",7]',
        '["entries","2026-11-02T14:00:00+02:00",7]',
        '["entries","0001-01-01T00:00:00+14:00",7]',
        '["entries","9999-12-31T23:59:59-14:00",7]',
        '["entries", "2026-11-02T12:00:00Z", 7]',
        '["holds","2026-11-02T12:00:00Z",7]',
        '["entries",null,null]',
        '{"posted_at":"2026-11-02T12:00:00Z","sequence":7}',
        "[" * 384,
    ],
)
def test_a_forged_cursor_is_refused(text: str) -> None:
    assert_refused(forged(text))


@pytest.mark.parametrize("cursor", ["", "a", "=", "====", "!", "é", "\ud800", "a b", "\x00", "A" * 512])
def test_garbage_is_refused(cursor: str) -> None:
    assert_refused(cursor)


@pytest.mark.parametrize("change", [lambda text: text + "=", lambda text: "!" + text, lambda text: text + "\n"])
def test_a_cursor_has_one_way_to_be_written(change: object) -> None:
    assert callable(change)
    assert_refused(change(write_cursor(HERE)))


def test_a_cursor_of_one_list_does_not_open_another() -> None:
    assert_refused(write_cursor(HoldPosition(ALICE)), WalletPosition)
    assert_refused(write_cursor(TransactionPosition(NOON, ALICE, 1)), EntryPosition)


def test_an_instant_of_another_offset_is_not_ours() -> None:
    in_kolkata = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert_refused(write_cursor(EntryPosition(in_kolkata, 7)))


@pytest.mark.parametrize(("found", "shown", "has_more"), [(0, 0, False), (3, 3, False), (4, 4, False), (5, 4, True)])
def test_a_page_ends_at_its_limit_and_says_whether_there_is_more(found: int, shown: int, *, has_more: bool) -> None:
    """One more than the limit is asked for."""
    wallets = [WalletId(UUID(int=number)) for number in range(1, found + 1)]
    page: Page[str] = one_page(wallets, 4, str, WalletPosition)
    assert page.items == [str(wallet) for wallet in wallets[:shown]]
    assert (page.next_cursor is not None) is has_more
    if page.next_cursor is not None:
        assert read_cursor(page.next_cursor, WalletPosition) == WalletPosition(wallets[shown - 1])
