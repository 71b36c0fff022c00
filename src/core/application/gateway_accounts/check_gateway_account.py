"""Ask the provider whether an account can be used: a wrong key is found here, not at the first payer."""

from dataclasses import dataclass

from core.application.payments.gateway_of_payment import payments_of
from core.domain.gateways import CallContext
from core.domain.identifiers import GatewayAccountId, TenantId
from ports.clock import Clock
from ports.gateways import Gateways
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWorkFactory

DEADLINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CheckGatewayAccountHandler:
    """Changes nothing, here and there."""

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways
    ids: IdGenerator
    clock: Clock

    async def __call__(self, tenant_id: TenantId, account_id: GatewayAccountId, *, trace_id: str) -> str | None:
        """
        Why it cannot be used, or None.

        Raises:
            GatewayAccountNotFound: If the tenant has none of that id.
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing, Unsupported: If it cannot even be opened.
        """
        async with self.unit_of_work() as work:
            account = await work.gateway_accounts.get(tenant_id, account_id)
        context = CallContext(
            key=str(self.ids.new()), deadline_at=self.clock.monotonic() + DEADLINE_SECONDS, trace_id=trace_id
        )
        return await payments_of(self.gateways.open(account)).check_credentials(context)
