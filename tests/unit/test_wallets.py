"""Wallets, and the recipes of the table in the ledger's design."""

import pytest

from builders import ALICE, TENANT
from core.domain.accounts import WALLET_PURPOSES, Purpose
from core.domain.identifiers import AccountId, main_account_id, reserve_account_id, system_account_id
from core.domain.transfers import IRREVERSIBLE_TYPES, Leg, TransferType
from core.domain.wallets import (
    COUNTERPART,
    OPENING_TYPES,
    RECIPES,
    InvalidUserId,
    WalletBalance,
    capture_destination,
    check_user_id,
    counterpart_leg,
    hold_leg,
)

MAIN = main_account_id(ALICE)


def own(purpose: Purpose) -> AccountId:
    """An account of the tenant's own in USD."""
    return system_account_id(TENANT, purpose, "USD")


@pytest.mark.parametrize(
    ("type_", "debit", "credit"),
    [
        (TransferType.TOPUP, own(Purpose.TREASURY), MAIN),
        (TransferType.BONUS, own(Purpose.PROMOTIONS), MAIN),
        (TransferType.SPEND, MAIN, own(Purpose.REVENUE)),
        (TransferType.CREDIT, own(Purpose.TREASURY), MAIN),
        (TransferType.DEBIT, MAIN, own(Purpose.TREASURY)),
    ],
)
def test_a_movement_runs_between_the_accounts_of_its_recipe(
    type_: TransferType, debit: AccountId, credit: AccountId
) -> None:
    leg = counterpart_leg(type_, tenant_id=TENANT, wallet_id=ALICE, asset="USD", amount=7)
    assert leg == Leg(debit, credit, 7)


def test_a_hold_moves_money_into_the_wallets_own_reserve() -> None:
    assert hold_leg(wallet_id=ALICE, amount=7) == Leg(MAIN, reserve_account_id(ALICE), 7)


def test_captured_money_goes_to_the_tenants_revenue_unless_a_wallet_is_named() -> None:
    assert capture_destination(tenant_id=TENANT, asset="USD", to_wallet_id=None) == own(Purpose.REVENUE)
    assert capture_destination(tenant_id=TENANT, asset="USD", to_wallet_id=ALICE) == MAIN


@pytest.mark.parametrize("type_", COUNTERPART)
def test_what_a_movement_asks_for_is_in_its_recipe(type_: TransferType) -> None:
    counterpart = COUNTERPART[type_]
    asked = (counterpart, Purpose.MAIN) if type_ in OPENING_TYPES else (Purpose.MAIN, counterpart)
    assert RECIPES[type_] == {asked}


@pytest.mark.parametrize("type_", TransferType)
def test_every_kind_of_transfer_has_a_recipe(type_: TransferType) -> None:
    assert RECIPES[type_]


def test_a_reversal_mirrors_exactly_the_reversible_recipes() -> None:
    reversible = set(TransferType) - IRREVERSIBLE_TYPES
    mirrored = {(credit, debit) for type_ in reversible for debit, credit in RECIPES[type_]}
    assert RECIPES[TransferType.REVERSAL] == mirrored


def test_only_holds_and_their_steps_touch_a_reserve() -> None:
    touching = {type_ for type_, pairs in RECIPES.items() if any(Purpose.RESERVE in pair for pair in pairs)}
    assert touching == {TransferType.HOLD, TransferType.CAPTURE, TransferType.RELEASE, TransferType.EXPIRY}


def test_only_outcomes_outside_move_money_between_two_accounts_of_the_tenants_own() -> None:
    own_only = {type_ for type_, pairs in RECIPES.items() if any(not WALLET_PURPOSES & set(pair) for pair in pairs)}
    assert own_only == {
        TransferType.ORDER_COMPLETION,
        TransferType.PAYMENT,
        TransferType.PAYMENT_FEE,
        TransferType.REFUND,
        TransferType.REFUND_COMPLETION,
        TransferType.REFUND_RETURN,
    }


def test_only_what_brings_money_in_opens_a_wallet() -> None:
    assert {TransferType.TOPUP, TransferType.BONUS, TransferType.CREDIT} == OPENING_TYPES


def test_held_money_is_still_the_users() -> None:
    assert WalletBalance(available=70, reserved=30).total == 100


@pytest.mark.parametrize("user_id", ["a", "user_alice", "auth0|5f7c", "a@b.example", "A-1:2", "x" * 128])
def test_a_user_id_is_the_tenants_own_in_a_plain_alphabet(user_id: str) -> None:
    assert check_user_id(user_id) == user_id


@pytest.mark.parametrize("user_id", ["", "x" * 129, "a b", "a/b", "a\n", "ålice", "a\x00", "<a>", "a?b"])
def test_any_other_user_id_is_refused(user_id: str) -> None:
    with pytest.raises(InvalidUserId) as refusal:
        check_user_id(user_id)
    assert refusal.value.pointer == "#/user_id"
