"""An asset is a tenant's unit of value: a currency of ISO 4217, or points of its own."""

import re
from dataclasses import dataclass
from enum import StrEnum

from core.domain.currencies import ISO_4217
from core.domain.errors import Conflict, NotFound, Rejected

MAX_EXPONENT = 8
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,31}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class AssetKind(StrEnum):
    """What an asset stands for."""

    CURRENCY = "currency"
    POINTS = "points"


class AssetNotFound(NotFound):
    """The tenant has no asset of that code."""

    code = "asset_not_found"
    title = "There is no such asset"


class AssetAlreadyExists(Conflict):
    """The code is taken by an asset with other properties."""

    code = "asset_already_exists"
    title = "The asset exists with other properties"


class InvalidAsset(Rejected):
    """The code, exponent or kind breaks a rule."""

    code = "invalid_asset"
    title = "The asset is not valid"


@dataclass(frozen=True, slots=True)
class Asset:
    """
    A unit of value; amounts of it are whole numbers of its minor unit.

    Attributes:
        code: 3 to 32 of A-Z, 0-9 and _, beginning with a letter.
        exponent: How many decimals its major unit has, 0 to 8: 2 for USD, 0 for JPY, 3 for KWD.

    Raises:
        InvalidAsset: If the code or exponent is out of bounds, or an ISO 4217 code comes with another exponent.
    """

    code: str
    name: str
    exponent: int
    kind: AssetKind

    def __post_init__(self) -> None:
        """Refuse what cannot be an asset."""
        if not _CODE.fullmatch(self.code):
            raise InvalidAsset("code must be 3 to 32 of A-Z, 0-9, _ and begin with a letter", pointer="#/code")
        if not 0 <= self.exponent <= MAX_EXPONENT:
            raise InvalidAsset(f"exponent must be 0 to {MAX_EXPONENT}", pointer="#/exponent")
        if not _NAME.fullmatch(self.name):
            raise InvalidAsset("name must have 1 to 100 characters, none of them a control", pointer="#/name")
        iso = ISO_4217.get(self.code)
        if iso is not None and self.kind is not AssetKind.CURRENCY:
            raise InvalidAsset(f"{self.code} is a currency of ISO 4217", pointer="#/kind")
        if iso is not None and self.exponent != iso.exponent:
            raise InvalidAsset(f"{self.code} has exponent {iso.exponent} in ISO 4217", pointer="#/exponent")
        if iso is None and self.kind is AssetKind.CURRENCY and len(self.code) == 3:
            raise InvalidAsset(f"{self.code} is not a currency of ISO 4217", pointer="#/code")


def iso_currencies() -> tuple[Asset, ...]:
    """Every active currency of ISO 4217, which each tenant has from the start."""
    return tuple(Asset(code, iso.name, iso.exponent, AssetKind.CURRENCY) for code, iso in ISO_4217.items())
