"""What a gateway can do, as data: read by routing, by the API and by the conformance kit (design: gateways, P5)."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from core.domain.errors import Rejected


class GatewayOperation(StrEnum):
    """What a gateway may be asked for. Permanent names."""

    CREATE_PAYMENT = "create_payment"
    CONFIRM_PAYMENT = "confirm_payment"
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"
    CREATE_PAYOUT = "create_payout"
    CANCEL_PAYOUT = "cancel_payout"
    LIST_MOVEMENTS = "list_movements"


class Unsupported(Rejected):
    """The gateway does not do that; nothing was sent."""

    code = "gateway_operation_unsupported"
    title = "The gateway does not support this"


class PartsUnsupported(Rejected):
    """The gateway takes or gives back all of it, or does so once; `rule` says which. Nothing was sent."""

    code = "gateway_parts_unsupported"
    title = "The gateway does not do this in parts"


class LookUp(StrEnum):
    """What a look-up proves."""

    NONE = "none"
    AUTHORITATIVE = "authoritative"
    """What it finds is so; what it does not find may still come."""
    AUTHORITATIVE_INCLUDING_ABSENCE = "authoritative_including_absence"


class Maturity(StrEnum):
    """How far an adapter is to be trusted."""

    ALPHA = "alpha"
    BETA = "beta"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """How the provider recognises a repetition: for how long, and what a key may look like."""

    window: timedelta
    max_length: int = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCapability:
    """
    One operation.

    Attributes:
        partial: Whether it may be for less than everything that is left.
        multiple: Whether it may be repeated for what is left.
        asynchronous: Whether its outcome comes later.
    """

    partial: bool = False
    multiple: bool = False
    asynchronous: bool = False
    idempotency: Idempotency | None = None
    look_up: LookUp = LookUp.NONE

    @property
    def key_window(self) -> timedelta | None:
        """For how long the provider recognises a key; None when it knows no keys at all."""
        return None if self.idempotency is None else self.idempotency.window

    def check_part(self, amount: int, *, left: int, before: int, final: bool = True) -> None:
        """
        Let *amount* of what is *left* pass, after *before* was done or begun; all in minor units.

        Not *final*: more is to follow.

        Raises:
            PartsUnsupported: If the gateway does not do so; `rule` is ``partial`` or ``multiple``.
        """
        if not self.partial and amount < left:
            raise PartsUnsupported(
                f"this gateway does it whole: {left} minor units, or leave the amount out",
                pointer="#/amount",
                rule="partial",
                left=left,
            )
        if not self.multiple and before:
            raise PartsUnsupported(
                f"this gateway does it once, and it was done for {before} minor units",
                pointer="#/amount",
                rule="multiple",
                before=before,
            )
        if not self.multiple and not final:
            raise PartsUnsupported(
                "this gateway does it once: nothing can follow, so it has to be final",
                pointer="#/final",
                rule="multiple",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """
    Everything a gateway declares; the published matrix is made of what the conformance kit has seen.

    Attributes:
        operations: Those it supports.
        currencies: ISO 4217 codes, or None for all.
        minor_units: The provider's exponents where they differ from ISO 4217.
        webhooks: Whether it sends signed messages.
    """

    maturity: Maturity
    operations: dict[GatewayOperation, OperationCapability]
    currencies: frozenset[str] | None = None
    minor_units: dict[str, int] = field(default_factory=dict[str, int])
    webhooks: bool = True

    def supports(self, operation: GatewayOperation, currency: str | None = None) -> bool:
        """Whether it may be asked for that."""
        return operation in self.operations and (
            currency is None or self.currencies is None or currency in self.currencies
        )

    def require(self, operation: GatewayOperation, currency: str | None = None) -> OperationCapability:
        """
        What it declares for that.

        Raises:
            Unsupported: If it does not.
        """
        if not self.supports(operation, currency):
            raise Unsupported(f"this gateway does not support {operation}" + (f" in {currency}" if currency else ""))
        return self.operations[operation]
