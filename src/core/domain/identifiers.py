"""
Typed ids, and the ids that follow from their cause.

Most ids are UUIDv7 and come in through a port. Three kinds of account have ids that can be computed,
so that no look-up stands in the way of a posting (docs/decisions/0003).
"""

from typing import NewType
from uuid import UUID, uuid5

TenantId = NewType("TenantId", UUID)
AccountId = NewType("AccountId", UUID)
WalletId = NewType("WalletId", UUID)
TransferId = NewType("TransferId", UUID)
HoldId = NewType("HoldId", UUID)
OperationId = NewType("OperationId", UUID)
OrderId = NewType("OrderId", UUID)
PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)
GatewayAccountId = NewType("GatewayAccountId", UUID)
GatewayEventId = NewType("GatewayEventId", UUID)
EventId = NewType("EventId", UUID)
DeadLetterId = NewType("DeadLetterId", UUID)
ReconciliationId = NewType("ReconciliationId", UUID)
ApiKeyId = NewType("ApiKeyId", str)
WebhookEndpointId = NewType("WebhookEndpointId", UUID)
WebhookDeliveryId = NewType("WebhookDeliveryId", UUID)

_SYSTEM_ACCOUNTS = UUID("6f3c2f0e-6d0b-5c1c-9a51-2f6d0a4b7c11")


def main_account_id(wallet_id: WalletId) -> AccountId:
    """A wallet is known by the id of its main account, so that a transfer needs no look-up."""
    return AccountId(wallet_id)


def reserve_account_id(wallet_id: WalletId) -> AccountId:
    """The account that keeps a wallet's held money."""
    return AccountId(uuid5(wallet_id, "reserve"))


def system_account_id(tenant_id: TenantId, purpose: str, asset: str) -> AccountId:
    """A tenant's own account of one purpose in one asset, such as its treasury in USD."""
    return AccountId(uuid5(_SYSTEM_ACCOUNTS, f"{tenant_id}/{purpose}/{asset}"))


def gateway_account_id(tenant_id: TenantId, gateway_account: GatewayAccountId, purpose: str, asset: str) -> AccountId:
    """The tenant's account of one purpose at one gateway account, such as what it clears there in USD."""
    return AccountId(uuid5(_SYSTEM_ACCOUNTS, f"{tenant_id}/{purpose}:{gateway_account}/{asset}"))
