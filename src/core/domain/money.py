"""Money is an exact number of minor units of one asset."""

from dataclasses import dataclass

from core.domain.assets import Asset
from core.domain.errors import Rejected

MAX_AMOUNT = 10**15
"""The largest amount one entry may move, in minor units."""

MAX_BALANCE = 2**53 - 1
"""The largest balance either side of zero: beyond it a client in JavaScript would read another number."""


class AmountTooLarge(Rejected):
    """More than one entry may move."""

    code = "amount_too_large"
    title = "The amount is too large"


class AmountNotPositive(Rejected):
    """Entries move at least one minor unit; the direction says which way."""

    code = "amount_not_positive"
    title = "The amount must be positive"


class AssetMismatch(Rejected):
    """Units of different assets do not mix."""

    code = "asset_mismatch"
    title = "The assets differ"


def check_amount(minor: int, *, pointer: str = "#/amount") -> int:
    """
    Give *minor* back when one entry may move it: 1 to 10^15 minor units.

    Raises:
        AmountNotPositive: Below 1.
        AmountTooLarge: Above 10^15.
    """
    if minor < 1:
        raise AmountNotPositive("amount must be at least 1 minor unit", pointer=pointer)
    if minor > MAX_AMOUNT:
        raise AmountTooLarge(f"amount must be at most {MAX_AMOUNT} minor units", pointer=pointer, maximum=MAX_AMOUNT)
    return minor


@dataclass(frozen=True, slots=True)
class Money:
    """An exact number of minor units of one asset; arithmetic across assets raises, comparison for equality never."""

    minor: int
    asset: Asset

    def __add__(self, other: "Money") -> "Money":
        """The sum, in the same asset."""
        return Money(self.minor + self._minor_of(other), self.asset)

    def __sub__(self, other: "Money") -> "Money":
        """The difference, in the same asset."""
        return Money(self.minor - self._minor_of(other), self.asset)

    def __neg__(self) -> "Money":
        """As much the other way."""
        return Money(-self.minor, self.asset)

    def __str__(self) -> str:
        """The major-unit notation people read, such as ``USD 10.05``; made from digits, never by division."""
        return f"{self.asset.code} {major_units(self.minor, self.asset.exponent)}"

    def _minor_of(self, other: "Money") -> int:
        if other.asset != self.asset:
            raise AssetMismatch(f"{self.asset.code} and {other.asset.code} do not mix")
        return other.minor


def major_units(minor: int, exponent: int) -> str:
    """*minor* units written with *exponent* decimals: (1005, 2) is ``10.05``, (-5, 3) is ``-0.005``."""
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).zfill(exponent + 1)
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"
