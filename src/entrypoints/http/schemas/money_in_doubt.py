"""Money in doubt over the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from core.domain.accounts import Purpose
from core.domain.money_in_doubt import HeldMoney, MoneyInDoubt, OpenOperation
from core.domain.operations import OperationState


class OpenOperationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that has not ended, and for how many seconds it has been open."""

    id: UUID
    kind: str
    subject: UUID
    asset: str
    amount: int
    gateway_account_id: UUID | None
    state: OperationState
    age_seconds: int
    created_at: datetime
    unknown_since: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, operation: OpenOperation, *, as_of: datetime) -> Self:
        """As operators read it."""
        names = (name for name in cls.__struct_fields__ if name not in {"gateway_account_id", "age_seconds"})
        return cls(
            **{name: getattr(operation, name) for name in names},
            gateway_account_id=operation.gateway_account,
            age_seconds=max(0, int((as_of - operation.created_at).total_seconds())),
        )


class HeldMoneyResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one account in the middle holds, and the operations behind it, oldest first. `unexplained` is what no open
    operation accounts for: anything but zero needs a person.
    """

    purpose: Purpose
    asset: str
    gateway_account_id: UUID | None
    balance: int
    open_amount: int
    unexplained: int
    open_count: int
    operations: list[OpenOperationResponse]

    @classmethod
    def of(cls, held: HeldMoney, *, as_of: datetime) -> Self:
        """As operators read it."""
        return cls(
            purpose=held.purpose,
            asset=held.asset,
            gateway_account_id=held.gateway_account,
            balance=held.balance,
            open_amount=held.open_amount,
            unexplained=held.unexplained,
            open_count=held.open_count,
            operations=[OpenOperationResponse.of(operation, as_of=as_of) for operation in held.operations],
        )


class MoneyInDoubtResponse(msgspec.Struct, frozen=True, kw_only=True):
    """At one moment: money held for operations that have not ended, and pay-ins of which nobody knows."""

    as_of: datetime
    held: list[HeldMoneyResponse]
    coming_in: list[OpenOperationResponse]
    coming_in_count: int

    @classmethod
    def of(cls, doubt: MoneyInDoubt) -> Self:
        """As operators read it."""
        return cls(
            as_of=doubt.as_of,
            held=[HeldMoneyResponse.of(held, as_of=doubt.as_of) for held in doubt.held],
            coming_in=[OpenOperationResponse.of(operation, as_of=doubt.as_of) for operation in doubt.coming_in],
            coming_in_count=doubt.coming_in_count,
        )
