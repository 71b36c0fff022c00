"""What may be a unit of value."""

import pytest

from builders import AssetFactory
from core.domain.assets import AssetKind, InvalidAsset, iso_currencies
from core.domain.currencies import ISO_4217


@pytest.mark.parametrize("code", ["ABC", "GOLD_COINS", "A1_", "A" * 32])
def test_a_code_is_3_to_32_of_capitals_digits_and_underscores(code: str) -> None:
    assert AssetFactory.build(code=code, kind=AssetKind.POINTS).code == code


@pytest.mark.parametrize(
    "code",
    ["", "AB", "A" * 33, "usd", "1UP", "_UP", "GOLD-COINS", "GOLD COINS", "GOLD\n", "COINS\u0301", "COIN\uff33"],
)
def test_any_other_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidAsset) as refusal:
        AssetFactory.build(code=code, kind=AssetKind.POINTS)
    assert refusal.value.pointer == "#/code"


@pytest.mark.parametrize("exponent", range(9))
def test_points_have_0_to_8_decimals(exponent: int) -> None:
    assert AssetFactory.build(code="COINS", kind=AssetKind.POINTS, exponent=exponent).exponent == exponent


@pytest.mark.parametrize("exponent", [-1, 9])
def test_more_decimals_than_8_or_fewer_than_none_are_refused(exponent: int) -> None:
    with pytest.raises(InvalidAsset) as refusal:
        AssetFactory.build(code="COINS", kind=AssetKind.POINTS, exponent=exponent)
    assert refusal.value.pointer == "#/exponent"


@pytest.mark.parametrize("name", ["", "N" * 101])
def test_a_name_has_1_to_100_characters(name: str) -> None:
    with pytest.raises(InvalidAsset) as refusal:
        AssetFactory.build(name=name)
    assert refusal.value.pointer == "#/name"


@pytest.mark.parametrize(
    ("code", "exponent"),
    [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4), ("UYW", 4), ("HUF", 2)],
)
def test_a_currency_has_the_decimals_of_iso_4217(code: str, exponent: int) -> None:
    assert ISO_4217[code].exponent == exponent
    assert AssetFactory.build(code=code, exponent=exponent).exponent == exponent


@pytest.mark.parametrize(("code", "exponent"), [("USD", 0), ("JPY", 2), ("KWD", 2), ("CLF", 2)])
def test_an_iso_code_with_another_exponent_is_refused(code: str, exponent: int) -> None:
    with pytest.raises(InvalidAsset) as refusal:
        AssetFactory.build(code=code, exponent=exponent)
    assert refusal.value.pointer == "#/exponent"


def test_points_cannot_pass_for_a_currency() -> None:
    with pytest.raises(InvalidAsset):
        AssetFactory.build(code="USD", kind=AssetKind.POINTS)


def test_a_currency_of_three_letters_must_be_in_iso_4217() -> None:
    with pytest.raises(InvalidAsset) as refusal:
        AssetFactory.build(code="XYZ", kind=AssetKind.CURRENCY)
    assert refusal.value.pointer == "#/code"


def test_points_may_have_a_free_code_of_three_letters() -> None:
    assert AssetFactory.build(code="XYZ", kind=AssetKind.POINTS).kind is AssetKind.POINTS


def test_every_tenant_starts_with_every_currency_of_iso_4217() -> None:
    currencies = iso_currencies()
    assert {asset.code: asset.exponent for asset in currencies} == {
        code: currency.exponent for code, currency in ISO_4217.items()
    }
    assert {asset.kind for asset in currencies} == {AssetKind.CURRENCY}


@pytest.mark.parametrize("code", ["XAU", "XTS", "XXX", "HRK", "BGN"])
def test_metals_test_codes_and_withdrawn_currencies_are_not_active_money(code: str) -> None:
    assert code not in ISO_4217
