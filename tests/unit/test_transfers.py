"""Transfers and what undoes them."""

import pytest

from builders import ALICE, BOB, CAROL, EntryFactory, TransferFactory, main_account, open_book, posted, transfer
from core.domain.identifiers import main_account_id
from core.domain.transfers import (
    CREDIT,
    DEBIT,
    IRREVERSIBLE_TYPES,
    Leg,
    TransferNotReversible,
    TransferType,
    check_reversible,
    mirror_legs,
)

REVERSIBLE = {
    TransferType.TOPUP,
    TransferType.BONUS,
    TransferType.SPEND,
    TransferType.CREDIT,
    TransferType.DEBIT,
    TransferType.TRANSFER,
}


def test_a_mirror_runs_every_leg_backwards_the_last_one_first() -> None:
    book = open_book(main_account(ALICE, balance=500), main_account(BOB), main_account(CAROL))
    [original] = posted(book.decide(transfer((ALICE, BOB, 500), (BOB, CAROL, 200)))).transfers

    assert mirror_legs(original.entries) == (
        Leg(debit=main_account_id(CAROL), credit=main_account_id(BOB), amount=200),
        Leg(debit=main_account_id(BOB), credit=main_account_id(ALICE), amount=500),
    )


def test_a_mirror_does_not_depend_on_the_order_entries_were_read_in() -> None:
    book = open_book(main_account(ALICE, balance=500), main_account(BOB), main_account(CAROL))
    [original] = posted(book.decide(transfer((ALICE, BOB, 500), (BOB, CAROL, 200)))).transfers
    assert mirror_legs(original.entries[::-1]) == mirror_legs(original.entries)


def test_half_a_leg_has_no_mirror() -> None:
    with pytest.raises(ValueError, match="argument"):
        mirror_legs([EntryFactory.build(leg=0, direction=DEBIT)])


@pytest.mark.parametrize("type_", TransferType)
def test_holds_their_steps_and_reversals_are_not_reversed(type_: TransferType) -> None:
    original = TransferFactory.build(type=type_)
    if type_ in REVERSIBLE:
        check_reversible(original.type)
    else:
        with pytest.raises(TransferNotReversible) as refusal:
            check_reversible(original.type)
        assert refusal.value.facts == {"type": type_.value}


def test_every_type_is_either_reversible_or_not() -> None:
    assert set(TransferType) - REVERSIBLE == IRREVERSIBLE_TYPES


@pytest.mark.parametrize(("direction", "before"), [(DEBIT, 110), (CREDIT, 90)])
def test_an_entry_knows_the_balance_before_it(direction: int, before: int) -> None:
    assert EntryFactory.build(direction=direction, amount=10, balance_after=100).balance_before == before
