"""C13: amounts are integers in minor units, ours are the provider's, and a difference is a conflict."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.domain.currencies import ISO_4217
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import ProviderPaymentStatus
from core.domain.outcomes import Conflict, Succeeded
from entrypoints.conformance.fault_proxy import Fault, json_changed
from entrypoints.conformance.stage import Stage, payment_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _tampered(changes: Mapping[str, Any]) -> Fault:
    return Fault(rewrite=json_changed(lambda document: document.update(changes)))


class TestC13Amounts:
    """Not a unit more or less."""

    async def test_minor_units_are_right_in_every_currency(self, stage: Stage) -> None:
        for currency in stage.scenery.currencies:
            payment = payment_in(await stage.pay(stage.payment(amount=1_230, currency=currency)), Succeeded)
            assert (payment.amount, payment.captured, payment.currency) == (1_230, 1_230, currency)
        # Whoever counts minor units otherwise than ISO 4217 has to say so.
        declared = stage.gateway.capabilities.minor_units
        assert all(ISO_4217[code].exponent != exponent for code, exponent in declared.items())

    async def test_the_largest_amount_goes_through_unchanged(self, stage: Stage) -> None:
        largest = stage.scenery.largest_amount
        payment = payment_in(await stage.pay(stage.payment(amount=largest)), Succeeded)
        assert (payment.status, payment.captured) == (ProviderPaymentStatus.CAPTURED, largest)

    async def test_a_payment_that_is_not_what_we_asked_for_is_a_conflict(self, stage: Stage) -> None:
        if not stage.scenery.tampering:
            pytest.skip("the harness names no tampering")
        for name, changes in stage.scenery.tampering.items():
            stage.proxy.next(_tampered(changes))
            outcome = await stage.pay()
            assert isinstance(outcome, Conflict), f"{name}: {outcome!r}"

    async def test_a_refund_that_is_not_what_we_asked_for_is_a_conflict(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid()
        for name, changes in stage.scenery.refund_tampering.items():
            stage.proxy.next(_tampered(changes))
            outcome = await stage.refund(payment, 10)
            assert isinstance(outcome, Conflict), f"{name}: {outcome!r}"

    async def test_a_payout_that_is_not_what_we_asked_for_is_a_conflict(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CREATE_PAYOUT)
        await stage.account.fund(10_000)
        for name, changes in stage.scenery.payout_tampering.items():
            stage.proxy.next(_tampered(changes))
            outcome = await stage.pay_out()
            assert isinstance(outcome, Conflict), f"{name}: {outcome!r}"
