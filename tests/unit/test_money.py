"""Exact numbers of minor units."""

import pytest

from builders import AssetFactory
from core.domain.assets import Asset, AssetKind
from core.domain.money import (
    MAX_AMOUNT,
    MAX_BALANCE,
    AmountNotPositive,
    AmountTooLarge,
    AssetMismatch,
    Money,
    check_amount,
    major_units,
)

USD = AssetFactory.build()
YEN = Asset("JPY", "Yen", 0, AssetKind.CURRENCY)
DINAR = Asset("KWD", "Kuwaiti Dinar", 3, AssetKind.CURRENCY)


def test_money_of_one_asset_adds_up() -> None:
    assert Money(1000, USD) + Money(5, USD) == Money(1005, USD)
    assert Money(1000, USD) - Money(1005, USD) == Money(-5, USD)
    assert -Money(5, USD) == Money(-5, USD)


def test_money_of_two_assets_does_not_mix() -> None:
    with pytest.raises(AssetMismatch):
        Money(1, USD) + Money(1, YEN)
    with pytest.raises(AssetMismatch):
        Money(1, USD) - Money(1, YEN)


def test_two_tenants_points_of_one_code_and_other_decimals_do_not_mix() -> None:
    coarse = Asset("COINS", "Coins", 0, AssetKind.POINTS)
    fine = Asset("COINS", "Coins", 2, AssetKind.POINTS)
    with pytest.raises(AssetMismatch):
        Money(1, coarse) + Money(1, fine)


def test_money_of_two_assets_can_be_compared_and_is_never_equal() -> None:
    assert Money(1, USD) != Money(1, YEN)
    assert Money(0, USD) != Money(0, YEN)


@pytest.mark.parametrize(
    ("minor", "exponent", "written"),
    [
        (1005, 0, "1005"),
        (1005, 1, "100.5"),
        (1005, 2, "10.05"),
        (1005, 3, "1.005"),
        (1005, 4, "0.1005"),
        (1005, 5, "0.01005"),
        (1005, 6, "0.001005"),
        (1005, 7, "0.0001005"),
        (1005, 8, "0.00001005"),
        (0, 0, "0"),
        (0, 2, "0.00"),
        (-5, 3, "-0.005"),
        (-1005, 0, "-1005"),
        (-1005, 2, "-10.05"),
        (MAX_BALANCE, 2, "90071992547409.91"),
    ],
)
def test_minor_units_are_written_with_the_assets_decimals(minor: int, exponent: int, written: str) -> None:
    assert major_units(minor, exponent) == written


@pytest.mark.parametrize(
    ("money", "read"),
    [(Money(1005, USD), "USD 10.05"), (Money(-5, DINAR), "KWD -0.005"), (Money(1005, YEN), "JPY 1005")],
)
def test_people_read_money_in_major_units(money: Money, read: str) -> None:
    assert str(money) == read


@pytest.mark.parametrize("amount", [1, 2, MAX_AMOUNT - 1, MAX_AMOUNT])
def test_one_entry_may_move_1_to_10_to_the_15_minor_units(amount: int) -> None:
    assert check_amount(amount) == amount


@pytest.mark.parametrize("amount", [0, -1, -MAX_AMOUNT])
def test_an_entry_moves_something(amount: int) -> None:
    with pytest.raises(AmountNotPositive) as refusal:
        check_amount(amount)
    assert refusal.value.pointer == "#/amount"


def test_an_entry_does_not_move_more_than_10_to_the_15() -> None:
    with pytest.raises(AmountTooLarge) as refusal:
        check_amount(MAX_AMOUNT + 1, pointer="#/legs/0/amount")
    assert refusal.value.pointer == "#/legs/0/amount"
    assert refusal.value.facts == {"maximum": 10**15}


def test_a_balance_stays_exact_in_javascript() -> None:
    assert MAX_BALANCE == 9_007_199_254_740_991
    assert float(MAX_BALANCE) + 1 != float(MAX_BALANCE)
