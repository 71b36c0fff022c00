"""
The canonical bytes of the hash chain, fixed for ever.

The digests below were computed from the words of core.domain.chain, without its code. If one of these tests fails,
the stored chains of every ledger in the world no longer verify: write a new version tag, never a new digest.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from builders import ALICE, BOB, TENANT, TRACE_ID
from core.domain.chain import GENESIS, entry_hash, microseconds, transfer_digest
from core.domain.identifiers import HoldId, TransferId

NOON = datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC)
BARE_TRANSFER: dict[str, Any] = {
    "tenant_id": TENANT,
    "transfer_id": TransferId(UUID("01990000-0000-7000-8000-0000000000a1")),
    "type": "transfer",
    "posted_at": NOON,
    "entry_count": 2,
    "trace_id": TRACE_ID,
    "reference": None,
    "description": None,
    "metadata": None,
    "reversal_of": None,
    "hold_id": None,
}
FULL_TRANSFER = BARE_TRANSFER | {
    "type": "capture",
    "entry_count": 4,
    "reference": "invoice-2041",
    "description": "Größe 42 → 43",
    "metadata": '{"order":"42"}',
    "reversal_of": TransferId(UUID("01990000-0000-7000-8000-0000000000a2")),
    "hold_id": HoldId(UUID("01990000-0000-7000-8000-0000000000a3")),
}
BARE_DIGEST = "b6215189d7f0e34c3c81b0795bcc28f7203d9a097d68643a8b52f1e4a0885d17"
FULL_DIGEST = "dcc6211483d8623b2cc86c55883024aa5ab8c455211ecec03811150957fda9f0"
ENTRY: dict[str, Any] = {
    "previous": GENESIS,
    "tenant_id": TENANT,
    "account_id": ALICE,
    "asset": "USD",
    "transfer": bytes.fromhex(BARE_DIGEST),
    "sequence": 1,
    "direction": -1,
    "leg": 0,
    "amount": 100,
    "balance_after": -100,
}
ALICES_FIRST = "9cf0a6de7dec02816cf03ac9619f14701c4a0750c41cdc355eb836fd3d983acc"
BOBS_FIRST = "ee125bb90ede85f03a54464580065b52137861738238580c7ac51463a7733f97"
BOBS_SECOND = "4cb34fc0c80f1dbc497707aca7c32c477f8d823ced95bc100ecf7b7e14d65bcf"


@pytest.mark.parametrize(
    ("transfer", "digest"),
    [
        (BARE_TRANSFER, BARE_DIGEST),
        (
            BARE_TRANSFER | {"reference": "", "description": "", "metadata": ""},
            "6b1ee23315eb144c613f41da28d06d4feb88ebf09e42b657937a4a68435c6935",
        ),
        (FULL_TRANSFER, FULL_DIGEST),
        (
            BARE_TRANSFER
            | {"type": "topup", "posted_at": datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), "entry_count": 200},
            "d8bb8189ab277ef0cd0dfa61921b4990bb7a349665933e3c63722b2244465cc8",
        ),
    ],
    ids=["bare", "empty texts", "full", "before 1970, 100 legs"],
)
def test_the_digest_of_a_transfer_is_pinned(transfer: dict[str, Any], digest: str) -> None:
    assert transfer_digest(**transfer).hex() == digest


@pytest.mark.parametrize(
    ("entry", "hashed"),
    [
        (ENTRY, ALICES_FIRST),
        (ENTRY | {"account_id": BOB, "direction": 1, "leg": 1, "balance_after": 100}, BOBS_FIRST),
        (
            ENTRY
            | {
                "previous": bytes.fromhex(BOBS_FIRST),
                "account_id": BOB,
                "transfer": bytes.fromhex(FULL_DIGEST),
                "sequence": 2,
                "direction": 1,
                "leg": 3,
                "amount": 10**15,
                "balance_after": 10**15 + 100,
            },
            BOBS_SECOND,
        ),
        (
            {
                "previous": bytes.fromhex(BOBS_SECOND),
                "tenant_id": TENANT,
                "account_id": BOB,
                "asset": "A" + "_" * 31,
                "transfer": bytes.fromhex(FULL_DIGEST),
                "sequence": 2**40,
                "direction": -1,
                "leg": 199,
                "amount": 1,
                "balance_after": -(2**53 - 1),
            },
            "6d1a7dc924a5babb8f69f37e49989fcdb19682c435f0f7b8b39aeed9ba03e112",
        ),
    ],
    ids=["first debit", "first credit", "second, the largest amount", "the longest asset, the lowest balance"],
)
def test_the_hash_of_an_entry_is_pinned(entry: dict[str, Any], hashed: str) -> None:
    assert entry_hash(**entry).hex() == hashed


def test_the_chain_begins_with_32_zero_bytes() -> None:
    assert bytes(32) == GENESIS


@pytest.mark.parametrize("text", ["reference", "description", "metadata"])
def test_an_absent_text_differs_from_an_empty_one(text: str) -> None:
    assert transfer_digest(**BARE_TRANSFER | {text: None}) != transfer_digest(**BARE_TRANSFER | {text: ""})


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("tenant_id", UUID(int=1)),
        ("transfer_id", UUID(int=1)),
        ("type", "captured"),
        ("posted_at", NOON + timedelta(microseconds=1)),
        ("entry_count", 6),
        ("trace_id", TRACE_ID[::-1]),
        ("reference", "invoice-2042"),
        ("description", "Größe 42 → 44"),
        ("metadata", '{"order": "42"}'),
        ("reversal_of", UUID(int=1)),
        ("hold_id", UUID(int=1)),
    ],
)
def test_no_word_of_a_transfer_can_change_unseen(field: str, other: object) -> None:
    assert transfer_digest(**FULL_TRANSFER | {field: other}) != transfer_digest(**FULL_TRANSFER)


def test_the_test_above_knows_every_word_of_a_transfer() -> None:
    assert set(FULL_TRANSFER) == set(transfer_digest.__annotations__) - {"return"}


def test_a_reference_cannot_pass_for_a_description() -> None:
    named, described = ({"reference": "A", "description": None}, {"reference": None, "description": "A"})
    assert transfer_digest(**BARE_TRANSFER | named) != transfer_digest(**BARE_TRANSFER | described)


def test_a_reversed_transfer_cannot_pass_for_a_hold() -> None:
    some = UUID(int=1)
    reversing, holding = ({"reversal_of": some, "hold_id": None}, {"reversal_of": None, "hold_id": some})
    assert transfer_digest(**BARE_TRANSFER | reversing) != transfer_digest(**BARE_TRANSFER | holding)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("previous", bytes(31) + b"\1"),
        ("tenant_id", UUID(int=1)),
        ("account_id", BOB),
        ("asset", "USN"),
        ("transfer", GENESIS),
        ("sequence", 2),
        ("direction", 1),
        ("leg", 1),
        ("amount", 101),
        ("balance_after", -101),
    ],
)
def test_no_word_of_an_entry_can_change_unseen(field: str, other: object) -> None:
    assert entry_hash(**ENTRY | {field: other}) != entry_hash(**ENTRY)


def test_the_test_above_knows_every_word_of_an_entry() -> None:
    assert set(ENTRY) == set(entry_hash.__annotations__) - {"return"}


def test_a_moment_is_hashed_to_the_microsecond_wherever_it_was_read() -> None:
    in_kolkata = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert microseconds(NOON) == microseconds(in_kolkata) == 1_793_620_800_123_456
    assert transfer_digest(**BARE_TRANSFER | {"posted_at": in_kolkata}).hex() == BARE_DIGEST
