"""The gateway a payment goes through, and the context of a call there."""

from dataclasses import dataclass

from core.domain.gateway_capabilities import GatewayOperation, Unsupported
from core.domain.gateways import CallContext
from core.domain.identifiers import GatewayAccountId, PaymentId, TenantId
from core.domain.operations import Operation
from core.domain.payments import Payment
from ports.gateway_plugin import Gateway
from ports.gateways import Gateways
from ports.payment_gateway import PaymentGateway
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class PaymentAndGateway:
    """
    A payment as it stands, and whoever speaks to its provider.

    Attributes:
        reference: What the provider knows the payment by of ours: the key of the operation that submitted it.
    """

    payment: Payment
    reference: str
    gateway: PaymentGateway


@dataclass(frozen=True, slots=True)
class GatewayOfPayment:
    """Reads in a transaction of its own, so that none is open while the provider is called."""

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways

    async def find(self, tenant_id: TenantId, payment_id: PaymentId) -> PaymentAndGateway:
        """
        The payment and its gateway.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing: If its account cannot be opened.
        """
        async with self.unit_of_work() as work:
            payment = await work.payments.get(tenant_id, payment_id)
            submitted = await work.operations.get(tenant_id, payment.operation_id)
            account = await work.gateway_accounts.get(tenant_id, GatewayAccountId(payment.gateway_account))
        return PaymentAndGateway(payment, str(submitted.key), payments_of(self.gateways.open(account)))


def payments_of(gateway: Gateway) -> PaymentGateway:
    """
    The part of a gateway that takes money.

    Raises:
        Unsupported: If it does not.
    """
    if gateway.payments is None:
        raise Unsupported(f"this gateway does not support {GatewayOperation.CREATE_PAYMENT}")
    return gateway.payments


def context_of(operation: Operation, *, deadline_at: float) -> CallContext:
    """What every call for an operation carries."""
    return CallContext(key=str(operation.key), deadline_at=deadline_at, trace_id=operation.trace_id)
