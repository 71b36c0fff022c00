"""For how long a provider recognises a key: what its adapter declares, taken down with each operation."""

from dataclasses import dataclass
from datetime import timedelta

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.identifiers import GatewayAccountId, TenantId
from ports.gateways import Gateways
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class KeyWindows:
    """Without idempotency at the provider, what may have been sent is never sent again (core.domain.attempts)."""

    gateways: Gateways

    async def of(
        self, work: UnitOfWork, tenant_id: TenantId, account_id: GatewayAccountId, operation: GatewayOperation
    ) -> timedelta | None:
        """
        The window for that operation at that account; None when the provider knows no keys.

        Raises:
            Unsupported: If the gateway does not do that.
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing: If the account cannot be opened.
        """
        account = await work.gateway_accounts.get(tenant_id, account_id)
        declared = self.gateways.open(account).capabilities.require(operation)
        return None if declared.idempotency is None else declared.idempotency.window
