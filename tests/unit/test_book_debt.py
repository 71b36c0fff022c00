"""A wallet a dispute took below its floor: nothing leaves until credits clear that."""

from copy import deepcopy

import pytest

from builders import (
    ALICE,
    BOB,
    CAROL,
    HoldFactory,
    atomic_batch,
    capture,
    draft_between,
    main_account,
    movement,
    open_book,
    placement,
    posted,
    refused,
    reserve_account,
    system_account,
    transfer,
    verdict,
)
from core.domain.accounts import Account, Purpose
from core.domain.instructions import Instruction
from core.domain.transfers import TransferType


def in_debt(minor: int) -> Account:
    """Alice, who owes that much."""
    return main_account(ALICE, balance=-minor, debt_allowed=True)


@pytest.mark.parametrize(
    "asked",
    [
        transfer((ALICE, BOB, 1)),
        transfer((ALICE, BOB, 1), begun=False),
        movement(TransferType.SPEND, ALICE, 1),
        movement(TransferType.DEBIT, ALICE, 1),
        placement(ALICE, 1),
    ],
    ids=["transfer", "fact", "spend", "debit", "hold"],
)
def test_nothing_leaves_a_wallet_in_debt(asked: Instruction) -> None:
    book = open_book(
        in_debt(100),
        main_account(BOB),
        reserve_account(ALICE),
        system_account(Purpose.REVENUE),
        system_account(Purpose.TREASURY),
    )
    error = refused(book.decide(asked))
    assert (error.code, error.facts) == ("wallet_in_debt", {"wallet_id": str(ALICE)})


@pytest.mark.parametrize(("credit", "still_in_debt"), [(99, True), (100, False), (101, False)])
def test_credits_clear_a_debt_once_they_reach_the_floor(credit: int, *, still_in_debt: bool) -> None:
    alice = in_debt(100)
    book = open_book(alice, system_account(Purpose.TREASURY))
    posted(book.decide(movement(TransferType.CREDIT, ALICE, credit)))
    assert alice.debt_allowed is still_in_debt
    assert alice.balance == credit - 100


def test_money_that_cleared_a_debt_can_be_spent_in_the_same_batch() -> None:
    book = open_book(in_debt(100), main_account(BOB, balance=150), main_account(CAROL))
    posted(book.decide(transfer((BOB, ALICE, 150))))
    assert verdict(book.decide(transfer((ALICE, CAROL, 51)))) == "insufficient_funds"
    assert verdict(book.decide(transfer((ALICE, CAROL, 50)))) == "posted"


def test_a_debt_cleared_by_a_batch_that_was_undone_is_a_debt_again() -> None:
    accounts = [in_debt(100), main_account(BOB, balance=150), main_account(CAROL)]
    before = deepcopy(accounts)
    asked = atomic_batch(draft_between((BOB, ALICE, 150)), draft_between((ALICE, CAROL, 51)))
    assert verdict(open_book(*accounts).decide(asked)) == "insufficient_funds"
    assert accounts == before


def test_a_capture_takes_nothing_from_a_wallet_in_debt() -> None:
    pending = HoldFactory.build(wallet_id=ALICE, amount=50)
    book = open_book(in_debt(100), reserve_account(ALICE, balance=50), system_account(Purpose.REVENUE), holds=[pending])

    assert refused(book.decide(capture(pending))).code == "wallet_in_debt"
