"""What clients send, decoded strictly: no unknown fields, no numbers in strings."""

from typing import Any, TypeVar

import msgspec

from entrypoints.simulator.engine.payments import CaptureMethod
from entrypoints.simulator.engine.refusals import InvalidRequest
from entrypoints.simulator.engine.requests import PaymentRequest, PayoutRequest

_Body = TypeVar("_Body", bound=msgspec.Struct)


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all bodies have in common."""


class CreatePayment(_Strict, frozen=True, kw_only=True):
    """POST /v1/payments."""

    reference: str
    amount: int
    currency: str
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    payment_method: str | None = None
    confirm: bool = True
    return_url: str | None = None
    description: str | None = None
    metadata: dict[str, str] = {}

    def to_request(self) -> PaymentRequest:
        """In the engine's terms."""
        return PaymentRequest(
            reference=self.reference,
            amount=self.amount,
            currency=self.currency,
            capture_method=self.capture_method,
            method=self.payment_method,
            confirm=self.confirm,
            return_url=self.return_url,
            description=self.description,
            metadata=self.metadata,
        )


class ConfirmPayment(_Strict, frozen=True, kw_only=True):
    """POST /v1/payments/{id}/confirm."""

    payment_method: str | None = None
    return_url: str | None = None


class CapturePayment(_Strict, frozen=True, kw_only=True):
    """POST /v1/payments/{id}/capture."""

    amount: int | None = None
    final: bool = True
    reference: str | None = None


class Nothing(_Strict, frozen=True, kw_only=True):
    """A body without fields."""


class CreateRefund(_Strict, frozen=True, kw_only=True):
    """POST /v1/payments/{id}/refunds."""

    reference: str
    amount: int | None = None
    reason: str | None = None


class CreatePayout(_Strict, frozen=True, kw_only=True):
    """POST /v1/payouts."""

    reference: str
    amount: int
    currency: str
    destination: str
    description: str | None = None
    metadata: dict[str, str] = {}

    def to_request(self) -> PayoutRequest:
        """In the engine's terms."""
        return PayoutRequest(
            reference=self.reference,
            amount=self.amount,
            currency=self.currency,
            destination=self.destination,
            description=self.description,
            metadata=self.metadata,
        )


_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def read(body: bytes, kind: type[_Body]) -> _Body:
    """
    The body as *kind*; an empty one counts as ``{}``.

    Raises:
        InvalidRequest: If it is no JSON, or of another shape.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        decoded: _Body = decoder.decode(body or b"{}")
    except msgspec.ValidationError as error:
        raise InvalidRequest("invalid_field", str(error)) from None
    except (ValueError, RecursionError):
        raise InvalidRequest("invalid_json", "The body is not valid JSON.") from None
    return decoded
