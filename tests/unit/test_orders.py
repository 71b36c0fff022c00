"""An order: paid, handed over or given back, and tried again only after it failed."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from builders import ALICE, NOON, TENANT, fresh_id
from core.domain.accounts import Purpose
from core.domain.events import order_event
from core.domain.identifiers import OperationId, TransferId, main_account_id, system_account_id
from core.domain.orders import (
    ORDER_TRANSITIONS,
    InvalidOrderMove,
    Order,
    OrderStatus,
    OrderTotalMismatch,
    check_total,
)
from operation_builders import NO, order

LATER = NOON + timedelta(minutes=1)
S = OrderStatus
SETTLEMENT, PAYMENT = TransferId(fresh_id()), TransferId(fresh_id())
OPERATION = OperationId(fresh_id())

MOVES: dict[OrderStatus, Callable[[Order], Order]] = {
    S.FULFILLING: lambda it: it.begin_fulfilment(now=LATER),
    S.COMPLETED: lambda it: it.complete(settlement_id=SETTLEMENT, fulfilment_ref="parcel", now=LATER),
    S.FAILED: lambda it: it.fail(NO, settlement_id=SETTLEMENT, now=LATER),
}
LEGAL = {(S.PAID, S.FULFILLING), (S.FULFILLING, S.COMPLETED), (S.FULFILLING, S.FAILED)}


@pytest.mark.parametrize(("source", "target"), list(product(S, MOVES)))
def test_only_the_legal_moves_are_made(source: OrderStatus, target: OrderStatus) -> None:
    if (source, target) in LEGAL:
        assert MOVES[target](order(source)).status is target
    else:
        with pytest.raises(InvalidOrderMove) as refused:
            MOVES[target](order(source))
        assert refused.value.facts == {"status": source.value}


@pytest.mark.parametrize("status", S)
def test_only_a_pending_order_is_paid_and_only_a_failed_one_again(status: OrderStatus) -> None:
    def pay_again() -> Order:
        return order(status).pay_again(operation_id=OPERATION, payment_id=PAYMENT, now=LATER)

    if status is S.FAILED:
        assert pay_again().status is S.PAID
    elif status is S.PENDING:
        assert order(status).pay().status is S.PAID
    if status is not S.FAILED and status is not S.PENDING:
        with pytest.raises(InvalidOrderMove):
            pay_again()
        with pytest.raises(InvalidOrderMove):
            order(status).pay()


def test_every_status_has_its_moves() -> None:
    assert set(ORDER_TRANSITIONS) == set(S)
    assert ORDER_TRANSITIONS[S.COMPLETED] == frozenset()


def test_another_round_begins_clean_under_a_new_operation_and_payment() -> None:
    failed = order(S.FAILED, failure_message="sold out")

    again = failed.pay_again(operation_id=OPERATION, payment_id=PAYMENT, now=LATER)

    assert (again.round, again.operation_id, again.payment_id) == (1, OPERATION, PAYMENT)
    assert (again.settlement_id, again.failure_code, again.failure_message) == (None, None, None)


def test_a_failure_is_told_in_the_order() -> None:
    failed = order(S.FULFILLING).fail(NO, settlement_id=SETTLEMENT, now=LATER)

    assert (failed.failure_code, failed.failure_message, failed.settlement_id) == ("no", "no", SETTLEMENT)


def test_its_money_waits_in_fulfilment_and_goes_to_revenue_or_back() -> None:
    placed = order()
    wallet = main_account_id(ALICE)
    waiting = system_account_id(TENANT, Purpose.ORDERS_IN_FULFILMENT, "USD")
    revenue = system_account_id(TENANT, Purpose.REVENUE, "USD")

    legs = [placed.payment_leg(), placed.completion_leg(), placed.return_leg()]

    assert [(leg.debit, leg.credit, leg.amount) for leg in legs] == [
        (wallet, waiting, 1000),
        (waiting, revenue, 1000),
        (waiting, wallet, 1000),
    ]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (order(S.FULFILLING), "order.placed"),
        (order(S.FULFILLING, round=1), "order.retried"),
        (order(S.COMPLETED), "order.completed"),
        (order(S.FAILED, round=2), "order.failed"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_its_events_are_named_after_what_happened(told: Order, name: str) -> None:
    event = order_event(told)

    assert (event.type, event.subject, event.tenant_id) == (name, told.id, told.tenant_id)


def test_items_with_prices_come_to_the_amount() -> None:
    check_total(1000, [(2, 450), (1, 100)])
    check_total(1000, [(2, 450), (1, None)])  # not every one has a price: nothing to compare
    with pytest.raises(OrderTotalMismatch) as refused:
        check_total(1000, [(2, 450), (1, 99)])
    assert refused.value.pointer == "#/amount"
