"""Payers who run out of time while the provider cannot be asked to let go of their payments."""

from dataclasses import dataclass, replace

import pytest

from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.expire_payments import ExpirePaymentsHandler
from core.domain.gateway_accounts import SecretMissing
from core.domain.gateway_capabilities import GatewayOperation, OperationCapability, Unsupported
from core.domain.identifiers import GatewayAccountId, TenantId
from integration.http.answers import posted
from integration.http.payments.till import Body, Till
from ports.unit_of_work import UnitOfWork

A_DAY = "24 hours 1 minute"


@dataclass(frozen=True, slots=True)
class RefusingFirst(DeclaredCapability):
    """Says what the gateways declare, but raises for the first who asks."""

    refusals: list[Exception]

    async def of(
        self, work: UnitOfWork, tenant_id: TenantId, account_id: GatewayAccountId, operation: GatewayOperation
    ) -> OperationCapability:
        """See `DeclaredCapability.of`."""
        if self.refusals:
            raise self.refusals.pop()
        return await DeclaredCapability(self.gateways).of(work, tenant_id, account_id, operation)


def refusing_first(till: Till, refusal: Exception) -> ExpirePaymentsHandler:
    """As the worker's, but the first payment cannot be let go of."""
    handler = till.container.expire_payments()
    return replace(handler, declared_capability=RefusingFirst(handler.declared_capability.gateways, [refusal]))


async def expire(till: Till, handler: ExpirePaymentsHandler | None = None) -> int:
    return await (handler or till.container.expire_payments())(till.tenant.id, trace_id="0" * 32)


async def overdue(till: Till, how_many: int = 1) -> list[Body]:
    """Payments whose payer ran out of time, oldest first."""
    wallet = await till.wallet()
    payments = [posted(await till.pay(wallet, method="pm_card_3ds")) for _ in range(how_many)]
    await till.later(A_DAY)
    return payments


async def test_an_account_that_cannot_be_opened_keeps_no_other_payment_from_expiring(till: Till) -> None:
    oldest, *others = await overdue(till, 3)

    with pytest.raises(SecretMissing):
        await expire(till, refusing_first(till, SecretMissing("no such secret")))
    for payment in (oldest, *others):
        await till.run_all_of(payment["id"])

    statuses = [(await till.read(payment["id"]))["status"] for payment in (oldest, *others)]
    assert statuses == ["requires_action", "expired", "expired"]


async def test_where_nothing_can_be_canceled_a_person_is_told(till: Till) -> None:
    oldest, other = await overdue(till, 2)

    assert await expire(till, refusing_first(till, Unsupported("this gateway does not support cancel"))) == 1

    assert "cancels nothing" in (await till.read(oldest["id"]))["review"]
    assert (await till.read(other["id"]))["review"] is None


async def test_what_the_provider_refuses_to_cancel_is_tried_later_and_later_and_then_shown_to_a_person(
    till: Till,
) -> None:
    [payment] = await overdue(till)
    (till.secrets / f"key-of-{till.merchant}").write_text("revoked")

    begun: list[int] = []
    for pause in ("0 minutes", "30 seconds", "31 seconds", "2 minutes", "4 minutes", "30 minutes", "31 minutes"):
        await till.later(pause)
        begun.append(await expire(till))
        await till.run_all_of(payment["id"])

    assert begun == [1, 0, 1, 0, 1, 0, 1]
    assert (await till.read(payment["id"]))["review"] is None
    await till.later(A_DAY)
    assert await expire(till) == 1
    assert "after 4 tries" in (await till.read(payment["id"]))["review"]


async def test_what_the_provider_has_no_name_of_yet_is_not_canceled(till: Till) -> None:
    await till.fault("html_502", times=1)
    payment = posted(await till.pay(await till.wallet(), method="pm_card_3ds"), 202)
    await till.later(A_DAY)

    assert payment["provider_ref"] is None
    assert await expire(till) == 0
