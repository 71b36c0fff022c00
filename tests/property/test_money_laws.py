"""Arithmetic and notation, for any amount."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.assets import MAX_EXPONENT, Asset
from core.domain.money import (
    AmountNotPositive,
    AmountTooLarge,
    AssetMismatch,
    Money,
    check_amount,
    major_units,
)
from strategies import AMOUNTS, ASSETS, BALANCES, IMPOSSIBLE_AMOUNTS, LAW


@LAW
@given(ASSETS, BALANCES, BALANCES, BALANCES)
def test_money_of_one_asset_adds_up_like_whole_numbers(asset: Asset, a: int, b: int, c: int) -> None:
    x, y, z = Money(a, asset), Money(b, asset), Money(c, asset)
    assert (x + y) + z == x + (y + z) == Money(a + b + c, asset)
    assert x - y == x + -y == Money(a - b, asset)
    assert x + y == y + x


@LAW
@given(ASSETS, ASSETS, BALANCES)
def test_money_of_two_assets_never_mixes_and_is_never_equal(one: Asset, other: Asset, minor: int) -> None:
    x, y = Money(minor, one), Money(minor, other)
    assert (x == y) is (one == other)
    if one != other:
        with pytest.raises(AssetMismatch):
            x + y
        with pytest.raises(AssetMismatch):
            x - y


@LAW
@given(st.integers(), st.integers(0, MAX_EXPONENT))
def test_major_units_are_exact_and_have_the_assets_decimals(minor: int, exponent: int) -> None:
    written = major_units(minor, exponent)
    assert Fraction(written) * 10**exponent == minor
    assert len(written.partition(".")[2]) == exponent
    assert ("." in written) is (exponent > 0)
    assert written.removeprefix("-")[:1].isdigit()


@LAW
@given(AMOUNTS)
def test_an_entry_may_move_any_amount_within_bounds(amount: int) -> None:
    assert check_amount(amount) == amount


@LAW
@given(IMPOSSIBLE_AMOUNTS)
def test_an_entry_moves_no_amount_out_of_bounds(amount: int) -> None:
    with pytest.raises(AmountNotPositive if amount < 1 else AmountTooLarge):
        check_amount(amount)
