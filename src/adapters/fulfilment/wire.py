"""What is said to a fulfilment service and what it says, byte by byte (docs/fulfilment.md)."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from ports.fulfilment import FulfilmentRequest

NOT_FOUND_CODE = "fulfilment_not_found"
"""The service never saw the key. A bare 404, without this code, may come from anybody on the way."""

KEY_REUSED_CODE = "idempotency_key_reused"
"""The service knows the key, for something else."""

_LONGEST_TEXT = 200


class Status(StrEnum):
    """How far the service is; permanent names."""

    COMPLETED = "completed"
    PENDING = "pending"
    FAILED = "failed"


class Refusal(msgspec.Struct, frozen=True):
    """Why it was a no, in the service's words."""

    code: str | None = None
    message: str | None = None

    @property
    def short_code(self) -> str | None:
        """The code, cut to a length we store."""
        return self.code[:_LONGEST_TEXT] if self.code else None

    @property
    def short_message(self) -> str | None:
        """The message, cut to a length we store."""
        return self.message[:_LONGEST_TEXT] if self.message else None


class Report(msgspec.Struct, frozen=True):
    """
    What the service says about one fulfilment.

    Attributes:
        asset: As it was asked for, when the service repeats it.
        amount: Likewise.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    key: UUID
    status: Status
    failure: Refusal | None = None
    asset: str | None = None
    amount: int | None = None


class _Body(msgspec.Struct, frozen=True):
    key: UUID
    user_id: str
    asset: str
    amount: int
    items: msgspec.Raw
    reference: str | None


_REPORTS, _REFUSALS, _ENCODER = msgspec.json.Decoder(Report), msgspec.json.Decoder(Refusal), msgspec.json.Encoder()


def body_of(request: FulfilmentRequest) -> bytes:
    """The request's body: the same bytes on every attempt."""
    return _ENCODER.encode(
        _Body(
            key=request.key,
            user_id=request.user_id,
            asset=request.asset,
            amount=request.amount,
            items=msgspec.Raw(request.items.encode()),
            reference=request.reference,
        )
    )


def report_in(body: bytes) -> Report | None:
    """What the service reports, or None if this is no report."""
    try:
        return _REPORTS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def refusal_in(body: bytes) -> Refusal:
    """Why it refuses; an empty refusal if it does not say so as JSON."""
    try:
        return _REFUSALS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal()
