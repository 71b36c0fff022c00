"""What a payment's gateway declares for what is asked of it, read where an operation begins."""

from dataclasses import dataclass

from core.domain.gateway_capabilities import GatewayOperation, OperationCapability
from core.domain.identifiers import GatewayAccountId, TenantId
from ports.gateways import Gateways
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeclaredCapability:
    """As its adapter and its account's settings have it at this moment."""

    gateways: Gateways

    async def of(
        self, work: UnitOfWork, tenant_id: TenantId, account_id: GatewayAccountId, operation: GatewayOperation
    ) -> OperationCapability:
        """
        What it declares for that operation.

        Raises:
            Unsupported: If the gateway does not do that.
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing: If the account cannot be opened.
        """
        account = await work.gateway_accounts.get(tenant_id, account_id)
        return self.gateways.open(account).capabilities.require(operation)
