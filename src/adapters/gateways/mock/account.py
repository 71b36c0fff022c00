"""One account with the provider, as all its desks need it."""

from dataclasses import dataclass

from adapters.gateways.mock.connection import MockConnection
from adapters.gateways.mock.decline_codes import DeclineCodes
from adapters.gateways.mock.mapping import DocumentReader
from core.domain.gateway_capabilities import Capabilities, GatewayOperation, LookUp


@dataclass(frozen=True, slots=True, kw_only=True)
class MockAccount:
    """
    How to reach it, what it may be asked for, and what its codes mean.

    Attributes:
        id: The provider's name for the account.
    """

    id: str
    connection: MockConnection
    capabilities: Capabilities
    codes: DeclineCodes

    @property
    def reader(self) -> DocumentReader:
        """Reads the provider's documents."""
        return DocumentReader(self.codes)

    def absence_is_proof(self, operation: GatewayOperation) -> bool:
        """
        Whether a look-up that finds nothing proves that nothing happened.

        Raises:
            Unsupported: If the operation is not declared: there is nothing to look up.
        """
        declared = self.capabilities.require(operation).look_up
        return declared is LookUp.AUTHORITATIVE_INCLUDING_ABSENCE
