"""What `ports.payment_repository` and `ports.refund_repository` promise."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from concurrency.market import Market
from contract.orders_under_test import an_operation, kept
from contract.payments_under_test import a_payment, a_refund
from core.domain.gateways import MethodSummary, NextAction, NextActionType
from core.domain.identifiers import OperationId, PaymentId, RefundId, WalletId
from core.domain.payments import Capture, Payment, PaymentNotFound, PaymentStatus
from core.domain.refunds import RefundNotFound, RefundStatus
from core.domain.transfers import ReferenceAlreadyUsed
from entrypoints.container import Container
from operation_builders import NO
from ports.payment_repository import PaymentFilter
from ports.unit_of_work import UnitOfWorkFactory

S = PaymentStatus


def postgres(container: Container) -> UnitOfWorkFactory:
    begin: UnitOfWorkFactory = container.unit_of_work
    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


async def test_a_payment_is_read_as_it_was_kept(begin: UnitOfWorkFactory, market: Market) -> None:
    kept = await a_payment(
        market, reference="r", description="d", metadata='{"a":1.50}', return_url="https://a.example"
    )

    async with begin() as work:
        assert await work.payments.get(market.tenant_id, kept.id) == kept
        assert await work.payments.lock(market.tenant_id, kept.id) == kept


async def test_what_was_saved_is_read_in_the_same_work_and_in_the_next(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    kept = await a_payment(market)
    moved = replace(
        kept,
        status=S.REQUIRES_ACTION,
        provider_ref="pay_1",
        authorized=5000,
        captured=4000,
        refunded=1000,
        refund_pending=500,
        fee=7,
        next_action=NextAction(
            type=NextActionType.DISPLAY, display={"iban": "x"}, client_secret="s", expires_at=kept.created_at
        ),
        method_summary=MethodSummary(kind="card", brand="visa", last_four="4242"),
        failure=NO,
        review="look",
        provider_updated_at=kept.created_at,
        updated_at=kept.created_at + timedelta(seconds=1),
    )

    async with begin() as work:
        await work.payments.lock(market.tenant_id, kept.id)
        await work.payments.save(moved)
        assert await work.payments.get(market.tenant_id, kept.id) == moved
        await work.commit()
    async with begin() as work:
        assert await work.payments.get(market.tenant_id, kept.id) == moved
        assert await work.payments.by_provider_ref(market.tenant_id, kept.gateway_account, "pay_1") == kept.id
        assert await work.payments.by_provider_ref(market.tenant_id, kept.gateway_account, "pay_2") is None


async def test_a_reference_is_for_one_payment_and_the_work_can_go_on_after_the_refusal(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    kept = await a_payment(market, reference="r")
    await a_payment(neighbours, reference="r")
    second = replace(kept, id=PaymentId(uuid4()), operation_id=OperationId(uuid4()))

    async with begin() as work:
        with pytest.raises(ReferenceAlreadyUsed):
            await work.payments.add(second)
        assert await work.payments.get(market.tenant_id, kept.id) == kept


async def test_a_locked_payment_is_kept_from_others_until_the_work_ends(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    kept = await a_payment(market, S.CAPTURED, captured=1000, authorized=1000)

    async def refund_one() -> None:
        async with begin() as work:
            locked = await work.payments.lock(market.tenant_id, kept.id)
            await work.payments.save(locked.begin_refund(100, now=locked.updated_at))
            await work.commit()

    await asyncio.gather(*(refund_one() for _ in range(5)))

    async with begin() as work:
        assert (await work.payments.get(market.tenant_id, kept.id)).refund_pending == 500


async def test_payments_are_listed_newest_first_and_filtered(begin: UnitOfWorkFactory, market: Market) -> None:
    first = await a_payment(market, reference="a")
    second = await a_payment(market, S.FAILED, wallet_id=first.wallet_id, review="look")
    third = await a_payment(market)

    async def listed(wanted: PaymentFilter, before: PaymentId | None = None, limit: int = 10) -> list[PaymentId]:
        async with begin() as work:
            page = await work.payments.page(market.tenant_id, wanted, before=before, limit=limit)
        return [each.id for each in page]

    assert await listed(PaymentFilter()) == [third.id, second.id, first.id]
    assert await listed(PaymentFilter(), before=third.id, limit=1) == [second.id]
    assert await listed(PaymentFilter(wallet_id=first.wallet_id)) == [second.id, first.id]
    assert await listed(PaymentFilter(status=S.FAILED)) == [second.id]
    assert await listed(PaymentFilter(reference="a")) == [first.id]
    assert await listed(PaymentFilter(under_review=True)) == [second.id]


async def test_only_payers_who_ran_out_of_time_are_overdue(begin: UnitOfWorkFactory, market: Market) -> None:
    async with begin() as work:
        now = await work.now()
    past, future = now - timedelta(hours=1), now + timedelta(hours=1)
    older = await a_payment(market, expires_at=past - timedelta(hours=1))
    newer = await a_payment(market, S.REQUIRES_ACTION, expires_at=past)
    await a_payment(market, expires_at=future)
    await a_payment(market, S.CAPTURED, expires_at=past)
    in_doubt = await an_operation(market)
    unnamed = await a_payment(market, expires_at=past, operation_id=in_doubt.id)
    await kept(market, replace(in_doubt, subject=unnamed.id))

    async def taken(limit: int, **later: int) -> list[tuple[PaymentId, int]]:
        async with begin() as work:
            overdue = await work.payments.take_overdue(market.tenant_id, now=now + timedelta(**later), limit=limit)
            await work.commit()
        return [(each.id, each.tries) for each in overdue]

    assert [await taken(1), await taken(9), await taken(9)] == [[(older.id, 1)], [(newer.id, 1)], []]
    assert await taken(9, seconds=59) == []
    assert await taken(1, seconds=61) == [(older.id, 2)], "the newer one waits behind what is due as long"
    assert await taken(9, seconds=62) == [(newer.id, 2)], "and is not kept waiting by it for ever"
    assert await taken(9, minutes=5) == []
    assert len(await taken(9, minutes=7)) == 2
    assert await taken(9, minutes=59) == []


async def test_quiet_payments_are_taken_once_the_longest_quiet_first(begin: UnitOfWorkFactory, market: Market) -> None:
    async with begin() as work:
        now = await work.now()
    long_ago = {hours: now - timedelta(hours=hours) for hours in (0, 2, 5, 7, 8)}
    older = await a_payment(market, S.PARTIALLY_CAPTURED, captured=1, authorized=2, updated_at=long_ago[8])
    newer = await a_payment(market, S.REQUIRES_ACTION, updated_at=long_ago[2])
    await a_payment(market, S.PROCESSING, updated_at=long_ago[0])
    await a_payment(market, S.AUTHORIZED, authorized=5000, updated_at=long_ago[5])
    for ended in (S.CAPTURED, S.CLOSED, S.FAILED, S.CANCELED, S.EXPIRED):
        await a_payment(market, ended, updated_at=long_ago[7])
    busy = await a_payment(market, updated_at=long_ago[7])
    await kept(market, await an_operation(market, subject=busy.id))

    async def taken(limit: int) -> list[PaymentId]:
        async with begin() as work:
            quiet = await work.payments.take_quiet(market.tenant_id, now=now, limit=limit)
            await work.commit()
        return list(quiet)

    assert [await taken(1), await taken(9), await taken(9)] == [[older.id], [newer.id], []]
    async with begin() as work:
        assert await work.payments.get(market.tenant_id, older.id) == older


async def test_payments_and_refunds_that_have_not_ended_are_counted(begin: UnitOfWorkFactory, market: Market) -> None:
    wallet = await market.wallet()
    ended = await a_payment(market, S.CAPTURED, wallet_id=wallet, captured=5000, authorized=5000)
    for status in (S.CREATED, S.REQUIRES_ACTION, S.PROCESSING, S.AUTHORIZED, S.PARTIALLY_CAPTURED):
        await a_payment(market, status, wallet_id=wallet)
    for refund_status in RefundStatus:
        await a_refund(market, ended, refund_status)
    await a_payment(market)

    async with begin() as work:
        assert await work.payments.unsettled(market.tenant_id, wallet) == 5 + 2
        assert await work.payments.unsettled(market.tenant_id, WalletId(uuid4())) == 0


async def test_what_a_capture_asks_for_is_kept(begin: UnitOfWorkFactory, market: Market) -> None:
    of = await a_payment(market)
    capture = Capture(
        tenant_id=market.tenant_id,
        operation_id=OperationId(uuid4()),
        payment_id=of.id,
        amount=100,
        final=False,
        captured_before=7,
    )

    async with begin() as work:
        await work.payments.add_capture(capture)
        assert await work.payments.capture_of(market.tenant_id, capture.operation_id) == capture


async def test_a_refund_is_read_as_it_was_kept_and_as_it_was_saved(begin: UnitOfWorkFactory, market: Market) -> None:
    of = await a_payment(market, S.CAPTURED, captured=5000, authorized=5000)
    kept = await a_refund(market, of, reason="r", reference="x")
    other = await a_refund(market, of)
    moved = kept.move(RefundStatus.FAILED, now=kept.updated_at, provider_ref="ref_1", failure=NO)

    async with begin() as work:
        assert await work.refunds.get(market.tenant_id, kept.id) == kept
        assert await work.refunds.lock(market.tenant_id, kept.id) == kept
        await work.refunds.save(moved)
        await work.commit()
    async with begin() as work:
        assert await work.refunds.of_payment(market.tenant_id, of.id) == [moved, other]
        assert await work.refunds.by_provider_ref(market.tenant_id, of.gateway_account, "ref_1") == kept.id


async def test_nothing_of_another_tenant_is_found(begin: UnitOfWorkFactory, market: Market, neighbours: Market) -> None:
    of: Payment = await a_payment(market, S.CAPTURED, captured=5000, authorized=5000)
    kept = await a_refund(market, of)

    async with begin() as work:
        for read in (work.payments.get, work.payments.lock):
            with pytest.raises(PaymentNotFound):
                await read(neighbours.tenant_id, of.id)
        for look in (work.refunds.get, work.refunds.lock):
            with pytest.raises(RefundNotFound):
                await look(neighbours.tenant_id, RefundId(kept.id))
        assert await work.payments.page(neighbours.tenant_id, PaymentFilter(), before=None, limit=10) == []
        assert await work.refunds.of_payment(neighbours.tenant_id, of.id) == []
