"""Why a transfer is refused. A refusal leaves no trace, and never harms its neighbours."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from builders import (
    ALICE,
    BOB,
    CAROL,
    OTHER_TENANT,
    TENANT,
    atomic_batch,
    draft,
    main_account,
    movement,
    open_book,
    posted,
    refused,
    reserve_account,
    reversal,
    system_account,
    transfer,
    verdict,
)
from core.domain.accounts import Account, AccountStatus, Purpose
from core.domain.identifiers import TransferId, WalletId, main_account_id, reserve_account_id, system_account_id
from core.domain.instructions import Instruction
from core.domain.money import MAX_AMOUNT, MAX_BALANCE
from core.domain.transfers import MAX_LEGS, Leg, TransferType

FROZEN, CLOSED = AccountStatus.FROZEN, AccountStatus.CLOSED
TREASURY = system_account_id(TENANT, Purpose.TREASURY, "USD")

# ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wallet_does_not_spend_what_it_does_not_have() -> None:
    error = refused(open_book(main_account(ALICE, balance=399), main_account(BOB)).decide(transfer((ALICE, BOB, 400))))
    assert error.code == "insufficient_funds"
    assert error.facts == {"available": 399, "asset": "USD", "wallet_id": str(ALICE)}


def test_what_is_available_is_counted_from_the_floor() -> None:
    alice = main_account(ALICE, balance=399, floor=100)
    error = refused(open_book(alice, main_account(BOB)).decide(transfer((ALICE, BOB, 300))))
    assert error.facts["available"] == 299


def test_a_refusal_names_no_wallet_where_an_account_of_the_tenants_own_is_short() -> None:
    revenue = system_account(Purpose.REVENUE, floor=0)
    book = open_book(main_account(ALICE, balance=5), revenue)
    [spent] = posted(book.decide(movement(TransferType.SPEND, ALICE, 5))).transfers
    revenue.balance = 4
    assert refused(book.decide(reversal(spent))).facts == {"available": 4, "asset": "USD"}


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, "amount_not_positive"),
        (-1, "amount_not_positive"),
        (-MAX_AMOUNT, "amount_not_positive"),
        (MAX_AMOUNT + 1, "amount_too_large"),
        (1, "posted"),
        (MAX_AMOUNT, "posted"),
    ],
)
def test_an_entry_moves_1_to_10_to_the_15(amount: int, code: str) -> None:
    book = open_book(main_account(ALICE, balance=MAX_BALANCE), main_account(BOB))
    assert verdict(book.decide(transfer((ALICE, BOB, amount)))) == code


@pytest.mark.parametrize(("amount", "code"), [(7, "posted"), (8, "balance_too_large")])
def test_a_wallet_does_not_grow_past_2_to_the_53(amount: int, code: str) -> None:
    alice, treasury = main_account(ALICE, balance=MAX_BALANCE - 7), system_account(Purpose.TREASURY)
    assert verdict(open_book(alice, treasury).decide(movement(TransferType.TOPUP, ALICE, amount))) == code


@pytest.mark.parametrize(("amount", "code"), [(7, "posted"), (8, "balance_too_large")])
def test_a_treasury_does_not_fall_past_minus_2_to_the_53(amount: int, code: str) -> None:
    alice, treasury = main_account(ALICE), system_account(Purpose.TREASURY, balance=-MAX_BALANCE + 7)
    assert verdict(open_book(alice, treasury).decide(movement(TransferType.TOPUP, ALICE, amount))) == code


def test_dollars_do_not_move_into_a_wallet_of_euros() -> None:
    book = open_book(main_account(ALICE, balance=5), main_account(BOB, asset="EUR"))
    assert verdict(book.decide(transfer((ALICE, BOB, 5)))) == "asset_mismatch"


def test_a_wallet_does_not_pay_itself() -> None:
    book = open_book(main_account(ALICE, balance=5))
    assert verdict(book.decide(transfer((ALICE, ALICE, 5)))) == "same_wallet"


# ── Wallets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("status", "code"), [(FROZEN, "wallet_frozen"), (CLOSED, "wallet_closed")])
@pytest.mark.parametrize("side", [ALICE, BOB])
def test_a_wallet_that_is_not_active_neither_pays_nor_is_paid(status: AccountStatus, code: str, side: WalletId) -> None:
    accounts = {ALICE: main_account(ALICE, balance=5), BOB: main_account(BOB)}
    accounts[side].status = status
    error = refused(open_book(*accounts.values()).decide(transfer((ALICE, BOB, 5))))
    assert (error.code, error.facts) == (code, {"wallet_id": str(side)})


@pytest.mark.parametrize("type_", [TransferType.TOPUP, TransferType.CREDIT, TransferType.SPEND, TransferType.DEBIT])
def test_a_frozen_wallet_takes_part_in_no_movement_that_a_tenant_begins(type_: TransferType) -> None:
    alice = main_account(ALICE, balance=5, status=FROZEN)
    book = open_book(alice, system_account(Purpose.TREASURY), system_account(Purpose.REVENUE))
    assert verdict(book.decide(movement(type_, ALICE, 5))) == "wallet_frozen"


def test_a_frozen_wallets_transfers_are_not_reversed() -> None:
    alice, bob = main_account(ALICE, balance=5), main_account(BOB)
    book = open_book(alice, bob)
    [original] = posted(book.decide(transfer((ALICE, BOB, 5)))).transfers
    bob.status = FROZEN
    assert verdict(book.decide(reversal(original))) == "wallet_frozen"


@pytest.mark.parametrize("status", [FROZEN, CLOSED])
def test_what_must_post_posts_on_a_frozen_wallet_but_not_on_a_closed_one(status: AccountStatus) -> None:
    """A provider's fact is not begun by anybody here; a closed wallet's share of it will go to suspense."""
    for accounts in (
        [main_account(ALICE, balance=5, status=status), main_account(BOB)],
        [main_account(ALICE, balance=5), main_account(BOB, status=status)],
    ):
        outcome = open_book(*accounts).decide(transfer((ALICE, BOB, 5), begun=False))
        assert verdict(outcome) == ("posted" if status is FROZEN else "wallet_closed")


@pytest.mark.parametrize("missing", [ALICE, BOB])
def test_a_wallet_that_is_not_there_is_named(missing: WalletId) -> None:
    present = main_account(BOB if missing is ALICE else ALICE, balance=5)
    error = refused(open_book(present).decide(transfer((ALICE, BOB, 5))))
    assert (error.code, error.facts) == ("wallet_not_found", {"wallet_id": str(missing)})


def test_another_tenants_wallet_is_not_there() -> None:
    book = open_book(main_account(ALICE, balance=5, tenant_id=OTHER_TENANT), main_account(BOB))
    assert verdict(book.decide(transfer((ALICE, BOB, 5)))) == "wallet_not_found"


@pytest.mark.parametrize("passed_off", [reserve_account_id(ALICE), reserve_account_id(BOB), TREASURY])
def test_a_reserve_or_a_treasury_cannot_pass_for_a_wallet(passed_off: WalletId) -> None:
    """A wallet is known by its main account's id, so somebody may try another account's."""
    book = open_book(
        main_account(ALICE, balance=5),
        reserve_account(ALICE, balance=5),
        reserve_account(BOB, balance=5),
        system_account(Purpose.TREASURY, balance=5),
    )
    assert verdict(book.decide(transfer((passed_off, ALICE, 5)))) == "wallet_not_found"
    assert verdict(book.decide(transfer((ALICE, passed_off, 5)))) == "wallet_not_found"
    assert verdict(book.decide(transfer((passed_off, passed_off, 5)))) == "wallet_not_found"


def test_a_movement_does_not_run_backwards() -> None:
    """A spend that took money out of revenue would be a gift."""
    book = open_book(main_account(ALICE), system_account(Purpose.REVENUE, balance=5))
    spend = movement(TransferType.SPEND, ALICE, 5)
    [leg] = spend.drafts[0].legs
    leg.debit, leg.credit = leg.credit, leg.debit
    assert verdict(book.decide(spend)) == "wallet_not_found"


# ── Once only ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reference_used_before_names_its_transfer() -> None:
    earlier = TransferId(main_account_id(CAROL))
    book = open_book(main_account(ALICE, balance=5), main_account(BOB), references={(TENANT, "invoice-1"): earlier})
    error = refused(book.decide(transfer((ALICE, BOB, 5), reference="invoice-1")))
    assert (error.code, error.pointer) == ("reference_already_used", "#/reference")
    assert error.facts == {"transfer_id": str(earlier)}


def test_a_reference_is_used_once_in_the_same_batch_too() -> None:
    book = open_book(main_account(ALICE, balance=10), main_account(BOB))
    [first] = posted(book.decide(transfer((ALICE, BOB, 5), reference="invoice-1"))).transfers
    error = refused(book.decide(transfer((ALICE, BOB, 5), reference="invoice-1")))
    assert (error.code, error.facts) == ("reference_already_used", {"transfer_id": str(first.id)})


def test_a_refused_transfer_does_not_use_its_reference_up() -> None:
    book = open_book(main_account(ALICE, balance=5), main_account(BOB))
    refused(book.decide(transfer((ALICE, BOB, 6), reference="invoice-1")))
    posted(book.decide(transfer((ALICE, BOB, 5), reference="invoice-1")))


def test_references_differ_by_their_letters_case() -> None:
    book = open_book(main_account(ALICE, balance=10), main_account(BOB))
    posted(book.decide(transfer((ALICE, BOB, 5), reference="invoice-1")))
    posted(book.decide(transfer((ALICE, BOB, 5), reference="INVOICE-1")))


def test_a_transfer_is_reversed_once() -> None:
    book = open_book(main_account(ALICE, balance=5), main_account(BOB, balance=5))
    [original] = posted(book.decide(transfer((ALICE, BOB, 5)))).transfers
    [undone] = posted(book.decide(reversal(original))).transfers
    error = refused(book.decide(reversal(original)))
    assert (error.code, error.facts) == ("transfer_already_reversed", {"transfer_id": str(undone.id)})


def test_a_transfer_reversed_in_an_earlier_batch_is_not_reversed_again() -> None:
    accounts = [main_account(ALICE, balance=5), main_account(BOB, balance=5)]
    [original] = posted(open_book(*accounts).decide(transfer((ALICE, BOB, 5)))).transfers
    earlier = TransferId(main_account_id(CAROL))
    book = open_book(*accounts, reversals={(TENANT, original.id): earlier})
    assert refused(book.decide(reversal(original))).facts == {"transfer_id": str(earlier)}


def test_a_reversal_refused_for_want_of_money_can_be_tried_again() -> None:
    alice, bob, carol = main_account(ALICE, balance=5), main_account(BOB), main_account(CAROL)
    book = open_book(alice, bob, carol)
    [original] = posted(book.decide(transfer((ALICE, BOB, 5)))).transfers
    posted(book.decide(transfer((BOB, CAROL, 1))))
    assert verdict(book.decide(reversal(original))) == "insufficient_funds"
    posted(book.decide(transfer((CAROL, BOB, 1))))
    assert verdict(book.decide(reversal(original))) == "posted"


# ── No trace ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _frozen_bob(accounts: dict[WalletId, Account]) -> None:
    accounts[BOB].status = FROZEN


def _full_bob(accounts: dict[WalletId, Account]) -> None:
    accounts[BOB].balance = MAX_BALANCE


def _missing_bob(accounts: dict[WalletId, Account]) -> None:
    del accounts[BOB]


def _as_it_is(accounts: dict[WalletId, Account]) -> None:
    assert accounts


@pytest.mark.parametrize(
    ("asked", "spoil", "code"),
    [
        (transfer((ALICE, CAROL, 5), (ALICE, BOB, 1000), reference="r"), _as_it_is, "insufficient_funds"),
        (transfer((ALICE, CAROL, 5), (ALICE, BOB, 5), reference="r"), _frozen_bob, "wallet_frozen"),
        (transfer((ALICE, CAROL, 5), (ALICE, BOB, 5), reference="r"), _full_bob, "balance_too_large"),
        (transfer((ALICE, CAROL, 5), (ALICE, BOB, 5), reference="r"), _missing_bob, "wallet_not_found"),
        (transfer((ALICE, CAROL, 5), (ALICE, ALICE, 5), reference="r"), _as_it_is, "same_wallet"),
        (transfer((ALICE, CAROL, 5), (ALICE, BOB, 0), reference="r"), _as_it_is, "amount_not_positive"),
    ],
)
def test_a_transfer_refused_at_its_second_leg_leaves_no_trace_of_the_first(
    asked: Instruction, spoil: Callable[[dict[WalletId, Account]], None], code: str
) -> None:
    accounts = {wallet: main_account(wallet, balance=500, sequence=3) for wallet in (ALICE, BOB, CAROL)}
    spoil(accounts)
    before = deepcopy(accounts)
    book = open_book(*accounts.values())

    error = refused(book.decide(asked))

    assert error.code == code
    assert "index" not in error.facts
    assert accounts == before
    posted(book.decide(transfer((ALICE, CAROL, 500), reference="r")))


def test_a_refusal_does_not_harm_its_neighbours() -> None:
    book = open_book(main_account(ALICE, balance=10), main_account(BOB))
    script = [transfer((ALICE, BOB, amount)) for amount in (5, 100, 5, 1)]
    assert [verdict(book.decide(asked)) for asked in script] == [
        "posted",
        "insufficient_funds",
        "posted",
        "insufficient_funds",
    ]


@pytest.mark.parametrize("count", [0, MAX_LEGS + 1])
def test_a_transfer_has_one_to_a_hundred_legs(count: int) -> None:
    book = open_book(main_account(ALICE, balance=1000), main_account(BOB))

    assert refused(book.decide(transfer(*[(ALICE, BOB, 1)] * count))).code == "invalid_legs"


@pytest.mark.parametrize("type_", [TransferType.HOLD, TransferType.RELEASE, TransferType.EXPIRY])
def test_held_money_stays_within_one_wallet(type_: TransferType) -> None:
    main, reserve = main_account(ALICE, balance=10), reserve_account(BOB, balance=10)
    ends = (main.id, reserve.id) if type_ is TransferType.HOLD else (reserve.id, main.id)
    asked = atomic_batch(draft(type_, Leg(*ends, 5)))

    assert refused(open_book(main, reserve).decide(asked)).code == "wallet_not_found"
