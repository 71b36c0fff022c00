"""C01: what is declared is there, and what is not declared is refused without a call."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from core.domain.gateway_capabilities import GatewayOperation, Unsupported
from core.domain.gateways import CancelPayment, CapturePayment, ConfirmPayment, CreateRefund
from entrypoints.conformance.stage import Stage, context
from ports.gateway_plugin import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


class TestC01Capabilities:
    """Capabilities are what the router and the API believe."""

    @pytest.mark.parametrize("operation", list(GatewayOperation))
    async def test_an_undeclared_operation_is_refused_without_a_call(
        self, stage: Stage, operation: GatewayOperation
    ) -> None:
        gateway = stage.account.gateway(stage.proxy.url, without=operation)
        if gateway.capabilities.supports(operation):
            pytest.skip("the adapter declares it, and cannot be narrowed")
        call = _call(stage, gateway, operation)
        if call is not None:
            with pytest.raises(Unsupported):
                await call()
        assert stage.proxy.requests == []

    async def test_an_undeclared_currency_is_refused_without_a_call(self, stage: Stage) -> None:
        gateway = stage.account.gateway(stage.proxy.url, currencies=frozenset({"EUR"}))
        undeclared = next((each for each in ("USD", "JPY") if not _takes(gateway, each)), None)
        if undeclared is None or gateway.payments is None:
            pytest.skip("the adapter takes every currency, and cannot be narrowed")
        command = replace(stage.payment(), currency=undeclared)
        with pytest.raises(Unsupported):
            await gateway.payments.create_payment(command, context())
        if gateway.payouts is not None and stage.scenery.destination is not None:
            with pytest.raises(Unsupported):
                await gateway.payouts.create_payout(replace(stage.payout(), currency=undeclared), context())
        assert stage.proxy.requests == []

    async def test_what_is_declared_is_there(self, stage: Stage) -> None:
        gateway = stage.gateway
        able = gateway.capabilities.supports
        assert (gateway.payments is not None) == able(GatewayOperation.CREATE_PAYMENT)
        assert (gateway.payouts is not None) == able(GatewayOperation.CREATE_PAYOUT)
        assert (gateway.movements is not None) == able(GatewayOperation.LIST_MOVEMENTS)
        assert (gateway.webhooks is not None) == gateway.capabilities.webhooks


def _takes(gateway: Gateway, currency: str) -> bool:
    return gateway.capabilities.supports(GatewayOperation.CREATE_PAYMENT, currency)


def _call(stage: Stage, gateway: Gateway, operation: GatewayOperation) -> Callable[[], Awaitable[object]] | None:
    """The call that *operation* stands for; None where the whole port is missing."""
    currency = stage.scenery.currency
    capture = CapturePayment(
        provider_ref="none", reference="none", amount=1, currency=currency, final=True, captured_before=0
    )
    refund = CreateRefund(reference="none", payment_ref="none", amount=1, currency=currency)
    payments, payouts, movements = gateway.payments, gateway.payouts, gateway.movements
    calls: dict[GatewayOperation, Callable[[], Awaitable[object]]] = {}
    if payments is not None:
        calls |= {
            GatewayOperation.CREATE_PAYMENT: lambda: payments.create_payment(stage.payment(), context()),
            GatewayOperation.CONFIRM_PAYMENT: lambda: payments.confirm_payment(
                ConfirmPayment(provider_ref="none"), context()
            ),
            GatewayOperation.CAPTURE: lambda: payments.capture(capture, context()),
            GatewayOperation.CANCEL: lambda: payments.cancel(CancelPayment(provider_ref="none"), context()),
            GatewayOperation.REFUND: lambda: payments.refund(refund, context()),
        }
    if payouts is not None:
        calls |= {
            GatewayOperation.CREATE_PAYOUT: lambda: payouts.create_payout(stage.payout(), context()),
            GatewayOperation.CANCEL_PAYOUT: lambda: payouts.cancel_payout("none", context()),
        }
    if movements is not None:
        calls[GatewayOperation.LIST_MOVEMENTS] = lambda: movements.movements(None, limit=1, context=context())
    return calls.get(operation)
