"""A sum over entries that does not depend on their order; the digest was computed without our code."""

from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest

from core.domain.entry_sums import EntrySum

DIGEST = "b6215189d7f0e34c3c81b0795bcc28f7203d9a097d68643a8b52f1e4a0885d17"
DEBIT: dict[str, Any] = {
    "transfer_id": "01990000-0000-7000-8000-0000000000a1",
    "leg": 0,
    "account_id": "01980000-0000-7000-8000-00000000a11c",
    "asset": "USD",
    "sequence": 1,
    "direction": -1,
    "amount": 100,
    "digest": DIGEST,
}
CREDIT = DEBIT | {"leg": 1, "account_id": "01980000-0000-7000-8000-000000000b0b", "direction": 1}


def sum_of(*entries: dict[str, Any]) -> EntrySum:
    """Their sum."""
    total = EntrySum()
    for entry in entries:
        total.add(**entry)
    return total


def test_the_sum_is_pinned() -> None:
    total = bytes.fromhex(sum_of(DEBIT, CREDIT).hex())
    assert len(total) == 512
    assert sha256(total).hexdigest() == "3090bcd5782b3942bdeef8405d023a765f7258bde4bedf386adc580e0dcb9e16"


def test_order_makes_no_difference() -> None:
    third = DEBIT | {"leg": 2, "sequence": 2}
    orders = permutations([DEBIT, CREDIT, third])
    assert len({sum_of(*order) for order in orders}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"transfer_id": "01990000-0000-7000-8000-0000000000a2"},
        {"leg": 2},
        {"account_id": "01980000-0000-7000-8000-00000000ca01"},
        {"asset": "EUR"},
        {"sequence": 2},
        {"direction": 1},
        {"amount": 101},
        {"digest": None},
    ],
    ids=str,
)
def test_no_word_of_an_entry_can_change_unseen(change: dict[str, Any]) -> None:
    assert sum_of(DEBIT | change, CREDIT) != sum_of(DEBIT, CREDIT)


def test_an_entry_twice_is_not_an_entry_once() -> None:
    assert sum_of(DEBIT, DEBIT) != sum_of(DEBIT)
    assert sum_of() != sum_of(DEBIT)


def test_a_sum_is_equal_to_no_other_thing() -> None:
    assert sum_of() != 0
