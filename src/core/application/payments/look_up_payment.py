"""Ask the provider where a payment stands, when nothing is under way for it that would ask."""

from dataclasses import dataclass

from core.application.payments.gateway_of_payment import GatewayOfPayment
from core.application.payments.payment_news import PaymentNews
from core.application.payments.settle_payment import PaymentSettlement
from core.application.racing import again_after_races
from core.domain.attempts import Step
from core.domain.gateway_accounts import GatewayUnknown, SecretMissing
from core.domain.gateway_capabilities import Unsupported
from core.domain.gateway_settings import GatewaySettingsInvalid
from core.domain.gateways import CallContext, PaymentSnapshot
from core.domain.identifiers import PaymentId, TenantId
from core.domain.outcomes import Conflict, Sighting, Unknown
from core.domain.payments import Payment
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWorkFactory

DEADLINE_SECONDS = 5.0
"""For one question."""


@dataclass(frozen=True, slots=True)
class LookUpPayment:
    """The provider is asked outside any transaction; what it shows is observed as a webhook's news are."""

    unit_of_work: UnitOfWorkFactory
    gateway_of: GatewayOfPayment
    news: PaymentNews
    settlement: PaymentSettlement
    ids: IdGenerator
    clock: Clock

    async def __call__(self, tenant_id: TenantId, payment_id: PaymentId) -> None:
        """
        Ask, and observe what it shows; a provider that cannot be asked now changes nothing.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            Unavailable: If the database cannot be reached.
        """
        async with self.unit_of_work() as work:
            payment = await work.payments.get(tenant_id, payment_id)
        sighting = await self._ask(payment)
        seen = getattr(sighting, "evidence", None)
        if isinstance(seen, PaymentSnapshot):
            await again_after_races(lambda: self._observe(payment, seen))
        elif isinstance(sighting, Conflict):
            await again_after_races(lambda: self._flag(payment, sighting))

    async def _ask(self, payment: Payment) -> Sighting:
        context = CallContext(
            key=str(self.ids.new()),
            deadline_at=self.clock.monotonic() + DEADLINE_SECONDS,
            trace_id=payment.trace_id,
        )
        try:
            found = await self.gateway_of.find(payment.tenant_id, payment.id)
            return await found.gateway.find_payment(found.reference, payment.provider_ref, context)
        except (GatewayUnknown, GatewaySettingsInvalid, SecretMissing, Unsupported) as error:
            return Unknown(error.detail)

    async def _observe(self, payment: Payment, seen: PaymentSnapshot) -> None:
        async with self.unit_of_work(trace_id=payment.trace_id) as work:
            now = await work.now()
            await self.news(work, payment.tenant_id, payment.id, seen, step=Step.LOOK_UP, now=now)
            await work.commit()

    async def _flag(self, payment: Payment, conflict: Conflict) -> None:
        async with self.unit_of_work(trace_id=payment.trace_id) as work:
            now = await work.now()
            locked = await work.payments.lock(payment.tenant_id, payment.id)
            await self.settlement.keep(work, locked, locked.flag(conflict.detail, now=now), now=now)
            await work.commit()
