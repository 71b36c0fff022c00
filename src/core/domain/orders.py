"""Orders: paid from a wallet, fulfilled outside, completed or given back (design: orchestration)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.domain.accounts import Purpose
from core.domain.errors import Conflict, NotFound, Rejected
from core.domain.identifiers import (
    AccountId,
    OperationId,
    OrderId,
    TenantId,
    TransferId,
    WalletId,
    main_account_id,
    system_account_id,
)
from core.domain.outcomes import Failure
from core.domain.transfers import Leg

FULFIL_ORDER = "order.fulfil"
"""The kind of operation that hands an order over. Permanent."""


class OrderStatus(StrEnum):
    """Permanent names."""

    PENDING = "pending"
    PAID = "paid"
    FULFILLING = "fulfilling"
    COMPLETED = "completed"
    FAILED = "failed"


ORDER_TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.PAID}),
    OrderStatus.PAID: frozenset({OrderStatus.FULFILLING}),
    OrderStatus.FULFILLING: frozenset({OrderStatus.COMPLETED, OrderStatus.FAILED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.FAILED: frozenset({OrderStatus.PAID}),
}
"""Every legal move; the table's trigger states the same."""


class OrderNotFound(NotFound):
    """There is no such order."""

    code = "order_not_found"
    title = "There is no such order"


class InvalidOrderMove(Conflict):
    """An order goes only where its status allows; only a failed one is retried."""

    code = "invalid_order_move"
    title = "The order's status does not allow this"


class OrderTotalMismatch(Rejected):
    """Every item has a price, and together they are not the order's amount."""

    code = "order_total_mismatch"
    title = "The items do not add up to the amount"


class FulfilmentNotConfigured(Rejected):
    """Nobody is there to hand anything over, so no money is taken."""

    code = "fulfilment_not_configured"
    title = "No fulfilment service is configured"


def check_total(amount: int, priced: Sequence[tuple[int, int | None]]) -> None:
    """
    Quantities times prices must be *amount* minor units, when every item has a price.

    Raises:
        OrderTotalMismatch: If they are not.
    """
    if any(unit_amount is None for _quantity, unit_amount in priced):
        return
    total = sum(quantity * (unit_amount or 0) for quantity, unit_amount in priced)
    if total != amount:
        raise OrderTotalMismatch(f"the items come to {total} minor units, not {amount}", pointer="#/amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    What a user pays for; amounts in minor units, *items* and *metadata* canonical JSON text.

    Attributes:
        round: 0 at first, one more with every retry.
        operation_id: What asks the fulfilment service, in this round.
        payment_id: The transfer that took the money, in this round.
        settlement_id: The transfer that ended the round: to revenue, or back to the wallet.
        fulfilment_ref: What the service calls it, once it said so.
    """

    tenant_id: TenantId
    id: OrderId
    wallet_id: WalletId
    user_id: str
    asset: str
    amount: int
    items: str
    reference: str | None
    description: str | None
    metadata: str | None
    status: OrderStatus
    round: int
    operation_id: OperationId
    payment_id: TransferId
    settlement_id: TransferId | None
    fulfilment_ref: str | None
    failure_code: str | None
    failure_message: str | None
    trace_id: str
    placed_at: datetime
    updated_at: datetime

    def pay(self) -> "Order":
        """
        The money is in `orders_in_fulfilment`.

        Raises:
            InvalidOrderMove: Unless it is pending.
        """
        return self._move(OrderStatus.PAID)

    def pay_again(self, *, operation_id: OperationId, payment_id: TransferId, now: datetime) -> "Order":
        """
        A failed order's next round.

        Raises:
            InvalidOrderMove: Unless it has failed.
        """
        paid = self._move(OrderStatus.PAID)
        return replace(
            paid,
            round=self.round + 1,
            operation_id=operation_id,
            payment_id=payment_id,
            settlement_id=None,
            failure_code=None,
            failure_message=None,
            updated_at=now,
        )

    def begin_fulfilment(self, *, now: datetime) -> "Order":
        """
        Somebody is being asked.

        Raises:
            InvalidOrderMove: Unless it is paid.
        """
        return replace(self._move(OrderStatus.FULFILLING), updated_at=now)

    def complete(self, *, settlement_id: TransferId, fulfilment_ref: str, now: datetime) -> "Order":
        """
        It was handed over.

        Raises:
            InvalidOrderMove: Unless it is being fulfilled.
        """
        completed = self._move(OrderStatus.COMPLETED)
        return replace(completed, settlement_id=settlement_id, fulfilment_ref=fulfilment_ref, updated_at=now)

    def fail(self, failure: Failure, *, settlement_id: TransferId, now: datetime) -> "Order":
        """
        It will not be handed over; the money goes back.

        Raises:
            InvalidOrderMove: Unless it is being fulfilled.
        """
        failed = self._move(OrderStatus.FAILED)
        return replace(
            failed,
            settlement_id=settlement_id,
            failure_code=failure.code,
            failure_message=failure.message,
            updated_at=now,
        )

    def payment_leg(self) -> Leg:
        """From the wallet into fulfilment."""
        return Leg(main_account_id(self.wallet_id), self._in_fulfilment(), self.amount)

    def completion_leg(self) -> Leg:
        """From fulfilment to revenue."""
        revenue = system_account_id(self.tenant_id, Purpose.REVENUE, self.asset)
        return Leg(self._in_fulfilment(), revenue, self.amount)

    def return_leg(self) -> Leg:
        """From fulfilment back to the wallet."""
        return Leg(self._in_fulfilment(), main_account_id(self.wallet_id), self.amount)

    def _in_fulfilment(self) -> AccountId:
        return system_account_id(self.tenant_id, Purpose.ORDERS_IN_FULFILMENT, self.asset)

    def _move(self, status: OrderStatus) -> "Order":
        if status not in ORDER_TRANSITIONS[self.status]:
            raise InvalidOrderMove(f"an order that is {self.status} cannot become {status}", status=self.status.value)
        return replace(self, status=status)
