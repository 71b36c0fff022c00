"""What merchants ask for, checked; any wire protocol can be read into these."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from entrypoints.simulator.engine.payments import CaptureMethod
from entrypoints.simulator.engine.refusals import InvalidRequest

LARGEST_AMOUNT = 10**15
LONGEST_TEXT = 255
MOST_METADATA = 50
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """
    A payment to be made.

    Attributes:
        method: A payment method's name; None to have the payer choose on the hosted page.
        confirm: False to leave it in `created` until it is confirmed.
        return_url: Where the payer goes after a page of ours; needed where there is one.
    """

    reference: str
    amount: int
    currency: str
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    method: str | None = None
    confirm: bool = True
    return_url: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        """
        Check all but what the account decides.

        Raises:
            InvalidRequest: Naming the field.
        """
        check_amount(self.amount)
        check_currency(self.currency)
        check_texts(reference=self.reference, description=self.description)
        check_metadata(self.metadata)
        if self.return_url is not None:
            check_url("return_url", self.return_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """Money to be sent to a bank account of the test world."""

    reference: str
    amount: int
    currency: str
    destination: str
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        """
        Check all but what the account decides.

        Raises:
            InvalidRequest: Naming the field.
        """
        check_amount(self.amount)
        check_currency(self.currency)
        check_texts(reference=self.reference, description=self.description)
        check_metadata(self.metadata)


def check_amount(amount: int) -> None:
    """
    1 to 10^15 minor units.

    Raises:
        InvalidRequest: Otherwise.
    """
    if not 1 <= amount <= LARGEST_AMOUNT:
        raise InvalidRequest("amount_invalid", f"amount must be 1 to {LARGEST_AMOUNT} minor units.")


def check_currency(currency: str) -> None:
    """
    Three capitals, as in ISO 4217.

    Raises:
        InvalidRequest: Otherwise.
    """
    if not _CURRENCY.fullmatch(currency):
        raise InvalidRequest("currency_invalid", "currency must be three capital letters.")


def check_texts(**texts: str | None) -> None:
    """
    1 to 255 printable characters each, where given.

    Raises:
        InvalidRequest: Naming the first that is not.
    """
    for name, text in texts.items():
        if text is not None and not (0 < len(text) <= LONGEST_TEXT and text.isprintable()):
            raise InvalidRequest(f"{name}_invalid", f"{name} must be 1 to {LONGEST_TEXT} printable characters.")


def check_metadata(metadata: dict[str, str]) -> None:
    """
    At most 50 short texts.

    Raises:
        InvalidRequest: Otherwise.
    """
    if len(metadata) > MOST_METADATA or any(len(text) > LONGEST_TEXT for text in _texts(metadata)):
        raise InvalidRequest("metadata_invalid", f"metadata may have {MOST_METADATA} short texts.")


def check_url(name: str, url: str) -> None:
    """
    An http or https address.

    Raises:
        InvalidRequest: Otherwise.
    """
    if not (url.isascii() and url.isprintable() and re.match(r"https?://[^/\s]+", url) and len(url) <= 2048):
        raise InvalidRequest(f"{name}_invalid", f"{name} must be an http or https address.")


def _texts(metadata: dict[str, str]) -> Iterator[str]:
    for name, value in metadata.items():
        yield name
        yield value
