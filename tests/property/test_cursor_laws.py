"""Whatever comes as a cursor is one of ours, or refused as malformed; nothing else can happen."""

from base64 import urlsafe_b64encode
from datetime import UTC

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from builders import EPOCH
from entrypoints.http.pagination import Position, read_cursor, write_cursor
from entrypoints.http.positions import (
    AssetPosition,
    EntryPosition,
    HoldPosition,
    StatementPosition,
    TransactionPosition,
    WalletPosition,
)
from entrypoints.http.problems import MalformedRequest
from strategies import ASSET_CODES, JSON_VALUES, LAW

MOMENTS = st.datetimes(EPOCH.replace(tzinfo=None), timezones=st.just(UTC))
NUMBERS = st.integers(0, 2**63 - 1)
POSITIONS = st.one_of(
    st.builds(AssetPosition, ASSET_CODES),
    st.builds(WalletPosition, st.uuids()),
    st.builds(HoldPosition, st.uuids()),
    st.builds(EntryPosition, MOMENTS, NUMBERS),
    st.builds(StatementPosition, MOMENTS, MOMENTS, NUMBERS),
    st.builds(TransactionPosition, MOMENTS, st.uuids(), NUMBERS),
)
KINDS = st.sampled_from(
    [AssetPosition, WalletPosition, HoldPosition, EntryPosition, StatementPosition, TransactionPosition]
)
FORGED = st.one_of(st.binary(max_size=384), st.lists(JSON_VALUES, max_size=5).map(msgspec.json.encode)).map(
    lambda written: urlsafe_b64encode(written).decode().rstrip("=")
)
GARBAGE = st.one_of(st.text(max_size=512), st.text("ABCabc019-_=", max_size=40), FORGED)


def read(cursor: str, kind: type[Position]) -> Position | None:
    """The position, or None for a refusal; any other exception is a failed test."""
    try:
        return read_cursor(cursor, kind)
    except MalformedRequest:
        return None


@LAW
@given(POSITIONS)
def test_a_cursor_is_read_as_it_was_written(position: Position) -> None:
    cursor = write_cursor(position)
    assert read_cursor(cursor, type(position)) == position
    assert len(cursor) <= 512


@LAW
@given(GARBAGE, KINDS)
def test_any_text_is_a_cursor_of_ours_or_refused(cursor: str, kind: type[Position]) -> None:
    position = read(cursor, kind)
    assert position is None or write_cursor(position) == cursor


@LAW
@given(POSITIONS, KINDS)
def test_a_cursor_opens_no_other_list(position: Position, kind: type[Position]) -> None:
    assert (read(write_cursor(position), kind) is None) is (type(position) is not kind)


@LAW
@given(POSITIONS, st.integers(0), st.characters())
def test_a_damaged_cursor_stands_for_something_else_or_for_nothing(position: Position, place: int, wrong: str) -> None:
    cursor = write_cursor(position)
    place %= len(cursor)
    damaged = cursor[:place] + wrong + cursor[place + 1 :]
    assert damaged == cursor or read(damaged, type(position)) != position
