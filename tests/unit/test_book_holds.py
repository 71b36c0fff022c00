"""Holds as the Book decides them: every one is entries on a wallet's reserve."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import (
    ALICE,
    BOB,
    NOON,
    OTHER_TENANT,
    TENANT,
    WEEK,
    HoldFactory,
    capture,
    expiry,
    main_account,
    open_book,
    placement,
    posted,
    posted_hold,
    refused,
    release,
    reserve_account,
    system_account,
    transfer,
    verdict,
)
from core.domain.accounts import Account, AccountStatus, Purpose
from core.domain.book import Book
from core.domain.holds import CaptureHold, Hold, HoldStatus
from core.domain.identifiers import AccountId, main_account_id, reserve_account_id, system_account_id
from core.domain.instructions import Instruction
from core.domain.transfers import TransferType

MAIN, RESERVE = main_account_id(ALICE), reserve_account_id(ALICE)


class Shop:
    """Alice, who had 1,500 and let 1,000 be set aside; Bob; and the tenant's revenue."""

    def __init__(self) -> None:
        self.hold = HoldFactory.build(amount=1000)
        self.alice, self.reserve = main_account(ALICE, balance=500), reserve_account(ALICE, balance=1000)
        self.bob, self.revenue = main_account(BOB), system_account(Purpose.REVENUE)

    @property
    def accounts(self) -> list[Account]:
        """All of them."""
        return [self.alice, self.reserve, self.bob, self.revenue]

    def book(self, *, hours_later: int = 1) -> Book:
        """A book on it, some time after noon."""
        return open_book(*self.accounts, holds=[self.hold], posted_at=NOON + timedelta(hours=hours_later))

    def balances(self) -> tuple[int, int, int, int]:
        """What Alice can spend, what she has set aside, what Bob has, and the revenue."""
        return (self.alice.balance, self.reserve.balance, self.bob.balance, self.revenue.balance)


@pytest.fixture
def shop() -> Shop:
    """A hold of 1,000 is pending."""
    return Shop()


# ── Placing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_sets_money_aside_and_is_known_by_its_transfers_id() -> None:
    alice, reserve = main_account(ALICE, balance=1500), reserve_account(ALICE)
    asked = placement(ALICE, 1000, lifetime=timedelta(hours=2), reference="order-1", description="Shoes", metadata="{}")

    outcome = posted(open_book(alice, reserve).decide(asked))

    [moved] = outcome.transfers
    assert moved.hold_id == moved.id
    assert outcome.hold == Hold(
        tenant_id=TENANT,
        id=moved.hold_id,
        wallet_id=ALICE,
        asset="USD",
        amount=1000,
        captured=0,
        released=0,
        status=HoldStatus.PENDING,
        expires_at=NOON + timedelta(hours=2),
        placed_at=NOON,
        reference="order-1",
        description="Shoes",
        metadata="{}",
    )
    assert (alice.balance, reserve.balance) == (500, 1000)
    assert outcome.balances == {MAIN: 500, RESERVE: 1000}


def test_money_is_set_aside_once() -> None:
    book = open_book(main_account(ALICE, balance=1500), reserve_account(ALICE), main_account(BOB))
    posted(book.decide(placement(ALICE, 1000)))
    assert verdict(book.decide(placement(ALICE, 501))) == "insufficient_funds"
    assert verdict(book.decide(transfer((ALICE, BOB, 501)))) == "insufficient_funds"


def test_a_refused_hold_leaves_no_trace() -> None:
    alice, reserve = main_account(ALICE, balance=999), reserve_account(ALICE)
    before = deepcopy([alice, reserve])
    asked = placement(ALICE, 1000, reference="order-1")
    book = open_book(alice, reserve)

    assert verdict(book.decide(asked)) == "insufficient_funds"

    assert [alice, reserve] == before
    never_placed = HoldFactory.build(id=asked.drafts[0].hold_id)
    assert verdict(book.decide(release(never_placed))) == "hold_not_found"
    assert verdict(book.decide(placement(ALICE, 999, reference="order-1"))) == "posted"


@pytest.mark.parametrize(
    ("status", "code"), [(AccountStatus.FROZEN, "wallet_frozen"), (AccountStatus.CLOSED, "wallet_closed")]
)
def test_money_of_a_wallet_that_is_not_active_is_not_set_aside(status: AccountStatus, code: str) -> None:
    book = open_book(main_account(ALICE, balance=1500, status=status), reserve_account(ALICE, status=status))
    assert verdict(book.decide(placement(ALICE, 1000))) == code


def test_a_hold_can_be_captured_in_the_batch_that_placed_it() -> None:
    book = open_book(main_account(ALICE, balance=1500), reserve_account(ALICE), system_account(Purpose.REVENUE))
    hold = posted_hold(book.decide(placement(ALICE, 1000)))
    assert posted_hold(book.decide(capture(hold))).status is HoldStatus.CAPTURED


# ── Capturing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_captured_money_is_the_tenants_revenue(shop: Shop) -> None:
    outcome = posted(shop.book().decide(capture(shop.hold)))
    assert shop.balances() == (500, 0, 0, 1000)
    assert outcome.transfers[0].type is TransferType.CAPTURE
    assert outcome.transfers[0].hold_id == shop.hold.id
    assert outcome.balances[MAIN] == 500
    assert outcome.balances[RESERVE] == 0


def test_captured_money_goes_to_the_wallet_that_is_named(shop: Shop) -> None:
    posted(shop.book().decide(capture(shop.hold, to_wallet_id=BOB)))
    assert shop.balances() == (500, 0, 1000, 0)


def test_a_final_partial_capture_is_one_transfer_that_also_gives_the_rest_back(shop: Shop) -> None:
    outcome = posted(shop.book().decide(capture(shop.hold, 300, final=True)))
    assert [(entry.purpose, entry.direction, entry.amount) for entry in outcome.transfers[0].entries] == [
        (Purpose.RESERVE, -1, 300),
        (Purpose.REVENUE, 1, 300),
        (Purpose.RESERVE, -1, 700),
        (Purpose.MAIN, 1, 700),
    ]
    assert shop.balances() == (1200, 0, 0, 300)


def test_parts_are_captured_until_nothing_remains(shop: Shop) -> None:
    book = shop.book()
    assert posted_hold(book.decide(capture(shop.hold, 300))).remaining == 700
    assert posted_hold(book.decide(capture(shop.hold, 600))).remaining == 100
    assert refused(book.decide(capture(shop.hold, 101))).facts == {"remaining": 100}
    assert posted_hold(book.decide(capture(shop.hold))).status is HoldStatus.CAPTURED
    assert verdict(book.decide(capture(shop.hold))) == "hold_not_pending"
    assert shop.balances() == (500, 0, 0, 1000)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (0, "amount_not_positive"),
        (-1, "amount_not_positive"),
        (1001, "capture_exceeds_hold"),
    ],
)
@pytest.mark.parametrize("final", [True, False])
def test_a_capture_out_of_bounds_changes_nothing(shop: Shop, asked: int, code: str, *, final: bool) -> None:
    book = shop.book()
    before = deepcopy(shop.accounts)
    assert verdict(book.decide(capture(shop.hold, asked, final=final))) == code
    assert shop.accounts == before
    assert posted_hold(book.decide(capture(shop.hold, 1000))).captured == 1000


def test_a_frozen_wallets_hold_is_not_captured(shop: Shop) -> None:
    shop.alice.status = shop.reserve.status = AccountStatus.FROZEN
    assert verdict(shop.book().decide(capture(shop.hold))) == "wallet_frozen"


def test_a_reserve_opened_after_its_wallet_was_frozen_does_not_hide_the_freeze(shop: Shop) -> None:
    shop.alice.status = AccountStatus.FROZEN
    assert verdict(shop.book().decide(capture(shop.hold, to_wallet_id=BOB))) == "wallet_frozen"


def test_a_frozen_shop_is_not_paid_from_a_hold(shop: Shop) -> None:
    shop.bob.status = AccountStatus.FROZEN
    assert verdict(shop.book().decide(capture(shop.hold, to_wallet_id=BOB))) == "wallet_frozen"


def test_dollars_are_not_captured_into_a_wallet_of_euros(shop: Shop) -> None:
    shop.bob.asset = "EUR"
    assert verdict(shop.book().decide(capture(shop.hold, to_wallet_id=BOB))) == "asset_mismatch"


@pytest.mark.parametrize(
    "destination", [reserve_account_id(BOB), RESERVE, system_account_id(TENANT, Purpose.TREASURY, "USD")]
)
def test_a_hold_is_captured_to_a_wallet_or_to_revenue_and_nowhere_else(shop: Shop, destination: AccountId) -> None:
    book = open_book(
        *shop.accounts, reserve_account(BOB), system_account(Purpose.TREASURY), holds=[shop.hold], posted_at=NOON
    )
    asked = capture(shop.hold)
    assert isinstance(asked.hold, CaptureHold)
    asked.hold = replace(asked.hold, destination=destination)
    assert verdict(book.decide(asked)) == "wallet_not_found"


def test_a_capture_to_a_missing_wallet_keeps_the_hold_pending(shop: Shop) -> None:
    book = open_book(shop.alice, shop.reserve, shop.revenue, holds=[shop.hold])
    assert verdict(book.decide(capture(shop.hold, to_wallet_id=BOB))) == "wallet_not_found"
    assert posted_hold(book.decide(capture(shop.hold))).captured == 1000


# ── Giving back ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_release_gives_the_money_back(shop: Shop) -> None:
    outcome = posted(shop.book().decide(release(shop.hold)))
    assert outcome.transfers[0].type is TransferType.RELEASE
    assert outcome.balances == {MAIN: 1500, RESERVE: 0}


def test_an_expiry_gives_the_money_back_when_the_time_is_out(shop: Shop) -> None:
    outcome = posted(shop.book(hours_later=7 * 24).decide(expiry(shop.hold)))
    assert outcome.transfers[0].type is TransferType.EXPIRY
    assert shop.balances() == (1500, 0, 0, 0)


def test_time_is_judged_by_the_moment_of_the_book(shop: Shop) -> None:
    assert verdict(shop.book(hours_later=7 * 24 - 1).decide(expiry(shop.hold))) == "hold_not_due"
    assert verdict(shop.book(hours_later=7 * 24).decide(capture(shop.hold))) == "hold_expired"


def test_a_frozen_wallet_still_gets_its_held_money_back(shop: Shop) -> None:
    shop.alice.status = shop.reserve.status = AccountStatus.FROZEN
    assert verdict(shop.book().decide(release(shop.hold))) == "posted"


def test_a_frozen_wallets_hold_still_expires(shop: Shop) -> None:
    shop.alice.status = shop.reserve.status = AccountStatus.FROZEN
    assert verdict(shop.book(hours_later=7 * 24).decide(expiry(shop.hold))) == "posted"


@pytest.mark.parametrize("first", [capture, release], ids=["captured", "released"])
@pytest.mark.parametrize("second", [capture, release, expiry], ids=["capture", "release", "expiry"])
def test_of_two_steps_that_end_a_hold_in_one_batch_the_first_wins(
    shop: Shop, first: Callable[[Hold], Instruction], second: Callable[[Hold], Instruction]
) -> None:
    book = shop.book()
    assert verdict(book.decide(first(shop.hold))) == "posted"
    assert verdict(book.decide(second(shop.hold))) == "hold_not_pending"


# ── Not there ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_that_is_not_there_is_not_found(shop: Shop) -> None:
    unknown = HoldFactory.build()
    for step in (capture(unknown), release(unknown), expiry(unknown)):
        assert verdict(shop.book().decide(step)) == "hold_not_found"


def test_another_tenants_hold_is_not_there() -> None:
    theirs = HoldFactory.build(tenant_id=OTHER_TENANT)
    book = open_book(main_account(ALICE), reserve_account(ALICE, balance=1000), holds=[theirs], posted_at=NOON + WEEK)
    ours = replace(theirs, tenant_id=TENANT)
    for step in (release(ours), expiry(ours)):
        assert verdict(book.decide(step)) == "hold_not_found"


# ── What an instruction says about itself ────────────────────────────────────────────────────────────────────────────


def test_only_a_step_names_a_hold_to_lock() -> None:
    hold = HoldFactory.build()
    assert placement(ALICE, 1).hold_id is None
    assert transfer((ALICE, BOB, 1)).hold_id is None
    assert [step.hold_id for step in (capture(hold), release(hold), expiry(hold))] == [hold.id] * 3


def test_an_instruction_weighs_as_much_as_the_entries_it_writes() -> None:
    assert transfer((ALICE, BOB, 1)).weight == 2
    assert transfer((ALICE, BOB, 1), (ALICE, BOB, 1)).weight == 4
    assert release(HoldFactory.build()).weight == 2
