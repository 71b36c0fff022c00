"""C05: the key is sent with every request for an effect, so that twice is once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import (
    CallContext,
    CancelPayment,
    CaptureMode,
    CapturePayment,
    ConfirmPayment,
    CreateRefund,
    PaymentSnapshot,
)
from core.domain.outcomes import FailureClass, Outcome, Pending, Rejected, Succeeded
from entrypoints.conformance.fault_proxy import Message
from entrypoints.conformance.stage import Stage, context, new_reference, payment_in, payout_in, refund_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _carries(request: Message, key: str) -> bool:
    return key in {value.strip('"') for value in request.headers.values()} or key.encode() in request.body


class TestC05Idempotency:
    """The key."""

    async def test_the_same_payment_twice_is_one_payment(self, stage: Stage) -> None:
        command = stage.payment()
        first = payment_in(await stage.pay(command), Succeeded)
        second = payment_in(await stage.pay(command), Succeeded)
        assert first == second
        effects = await stage.account.effects(command.reference)
        assert (effects.objects, effects.amounts["captured"]) == (1, 1_000)

    async def test_the_same_refund_and_payout_twice_are_one(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid()
        reference = new_reference()
        refunds = [refund_in(await stage.refund(payment, 400, reference=reference)) for _ in range(2)]
        assert refunds[0].provider_ref == refunds[1].provider_ref
        assert (await stage.account.effects(reference)).amounts["refunded"] == 400
        stage.need(GatewayOperation.CREATE_PAYOUT)
        await stage.account.fund(10_000)
        command = stage.payout()
        payouts = [payout_in(await stage.pay_out(command), Succeeded, Pending) for _ in range(2)]
        assert payouts[0].provider_ref == payouts[1].provider_ref
        assert (await stage.account.effects(command.reference)).amounts["paid_out"] == 500

    async def test_the_same_capture_twice_takes_once(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CAPTURE)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        command = CapturePayment(
            provider_ref=payment.provider_ref,
            reference=new_reference(),
            amount=300,
            currency=payment.currency,
            final=False,
            captured_before=0,
        )
        for _ in range(2):
            outcome = await stage.payments.capture(command, context(command.reference))
            assert payment_in(outcome, Succeeded).captured == 300
        assert (await stage.payment_now(payment)).captured == 300

    async def test_the_same_key_for_something_else_is_refused(self, stage: Stage) -> None:
        command = stage.payment()
        await stage.pay(command)
        outcome = await stage.pay(replace(command, amount=command.amount + 1))
        assert isinstance(outcome, Rejected), repr(outcome)
        assert outcome.failure.code == "idempotency_mismatch"
        assert outcome.failure.failure_class in {FailureClass.CONFLICT, FailureClass.INVALID_REQUEST}
        assert outcome.failure.failover_ok is False

    async def test_every_request_for_an_effect_carries_its_own_key(self, stage: Stage) -> None:
        keys = [new_reference()]
        made = await stage.payments.create_payment(stage.payment(capture=CaptureMode.MANUAL), context(keys[0]))
        payment = payment_in(made, Succeeded)
        await self._ask_for_everything(stage, payment, keys)
        assert len(set(keys)) == len(stage.proxy.posts)
        for request, key in zip(stage.proxy.posts, keys, strict=True):
            assert _carries(request, key), f"{request.first_line} does not carry its key"

    async def _ask_for_everything(self, stage: Stage, payment: PaymentSnapshot, keys: list[str]) -> None:
        """Each operation under a key of its own; what becomes of it does not matter here."""
        capture = CapturePayment(
            provider_ref=payment.provider_ref,
            reference=new_reference(),
            amount=payment.amount,
            currency=payment.currency,
            final=True,
            captured_before=0,
        )
        refund = CreateRefund(
            reference=new_reference(), payment_ref=payment.provider_ref, amount=1, currency=payment.currency
        )
        confirm = ConfirmPayment(provider_ref=payment.provider_ref)
        cancel = CancelPayment(provider_ref=payment.provider_ref)
        calls: dict[GatewayOperation, Callable[[CallContext], Awaitable[Outcome]]] = {
            GatewayOperation.CONFIRM_PAYMENT: lambda ctx: stage.payments.confirm_payment(confirm, ctx),
            GatewayOperation.CAPTURE: lambda ctx: stage.payments.capture(capture, ctx),
            GatewayOperation.REFUND: lambda ctx: stage.payments.refund(refund, ctx),
            GatewayOperation.CANCEL: lambda ctx: stage.payments.cancel(cancel, ctx),
            GatewayOperation.CREATE_PAYOUT: lambda ctx: stage.payouts.create_payout(stage.payout(), ctx),
            GatewayOperation.CANCEL_PAYOUT: lambda ctx: stage.payouts.cancel_payout("none", ctx),
        }
        for operation, call in calls.items():
            if stage.gateway.capabilities.supports(operation):
                keys.append(new_reference())
                await call(context(keys[-1]))

    @pytest.mark.parametrize("key", ["", "with space", "ünïcode", "line\r\nbreak"])
    async def test_a_key_that_cannot_be_sent_is_refused_without_a_call(self, stage: Stage, key: str) -> None:
        outcome = await stage.payments.create_payment(stage.payment(), replace(context(), key=key))
        assert isinstance(outcome, Rejected), repr(outcome)
        assert stage.proxy.requests == []

    async def test_a_key_that_is_too_long_for_the_provider_is_refused_without_a_call(self, stage: Stage) -> None:
        declared = stage.gateway.capabilities.require(GatewayOperation.CREATE_PAYMENT).idempotency
        if declared is None:
            pytest.skip("the adapter declares no idempotency")
        longest = "k" * declared.max_length
        too_long = await stage.payments.create_payment(stage.payment(), context(longest + "k"))
        assert isinstance(too_long, Rejected), repr(too_long)
        assert stage.proxy.requests == []
        assert isinstance(await stage.payments.create_payment(stage.payment(), context(longest)), Succeeded)

    async def test_one_key_used_at_the_same_time_has_one_effect(self, stage: Stage) -> None:
        command = stage.payment()
        await asyncio.gather(*(stage.pay(command) for _ in range(5)))
        assert (await stage.account.effects(command.reference)).objects == 1
