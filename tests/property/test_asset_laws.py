"""Which codes name an asset, for any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.assets import Asset, AssetKind, InvalidAsset
from core.domain.currencies import ISO_4217
from strategies import ASSET_CODES, ASSETS, LAW


@LAW
@given(ASSETS)
def test_an_asset_has_the_decimals_of_iso_4217_if_it_has_its_code(asset: Asset) -> None:
    iso = ISO_4217.get(asset.code)
    assert asset.exponent in range(9)
    assert (asset.kind is AssetKind.CURRENCY) is (iso is not None)
    assert iso is None or asset.exponent == iso.exponent


def fault(code: str, exponent: int, kind: AssetKind) -> str | None:
    """The field at fault, or None if this is an asset."""
    try:
        Asset(code, "Some unit", exponent, kind)
    except InvalidAsset as refusal:
        return refusal.pointer
    return None


@LAW
@given(st.text() | ASSET_CODES, st.integers(-2, 10), st.sampled_from(AssetKind))
def test_a_code_or_an_exponent_out_of_bounds_is_named(code: str, exponent: int, kind: AssetKind) -> None:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{2,31}", code):
        assert fault(code, exponent, kind) == "#/code"
    elif not 0 <= exponent <= 8:
        assert fault(code, exponent, kind) == "#/exponent"
    elif len(code) > 3:
        assert fault(code, exponent, kind) is None


@LAW
@given(st.sampled_from(sorted(ISO_4217)), st.integers(0, 8))
def test_an_iso_code_has_one_exponent(code: str, exponent: int) -> None:
    if exponent == ISO_4217[code].exponent:
        assert Asset(code, "Some currency", exponent, AssetKind.CURRENCY).exponent == exponent
    else:
        with pytest.raises(InvalidAsset):
            Asset(code, "Some currency", exponent, AssetKind.CURRENCY)
