"""Where each list can stand: the members of its cursors."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from entrypoints.http.pagination import Moment, Number, Position
from entrypoints.http.schemas.fields import ASSET_CODE_PATTERN


class AssetPosition(Position, frozen=True, tag="assets"):
    """Behind the asset of this code."""

    code: Annotated[str, Meta(pattern=ASSET_CODE_PATTERN)]


class WalletPosition(Position, frozen=True, tag="wallets"):
    """Behind the wallet of this id."""

    id: UUID


class HoldPosition(Position, frozen=True, tag="holds"):
    """Behind the hold of this id."""

    id: UUID


class OrderPosition(Position, frozen=True, tag="orders"):
    """Behind the order of this id."""

    id: UUID


class PaymentPosition(Position, frozen=True, tag="payments"):
    """Behind the payment of this id."""

    id: UUID


class GatewayEventPosition(Position, frozen=True, tag="gateway_events"):
    """Behind the gateway event of this id."""

    id: UUID


class OperationPosition(Position, frozen=True, tag="operations"):
    """Behind the operation of this id."""

    id: UUID


class WebhookEndpointPosition(Position, frozen=True, tag="webhook_endpoints"):
    """Behind the webhook endpoint of this id."""

    id: UUID


class WebhookDeliveryPosition(Position, frozen=True, tag="webhook_deliveries"):
    """Behind the webhook delivery of this id."""

    id: UUID


class DeadLetterPosition(Position, frozen=True, tag="dead-letters"):
    """Behind the dead letter of this id."""

    id: UUID


class ReconciliationPosition(Position, frozen=True, tag="reconciliations"):
    """Behind the reconciliation of this id."""

    id: UUID


class EntryPosition(Position, frozen=True, tag="entries"):
    """Behind this entry of one account."""

    posted_at: Moment
    sequence: Number


class StatementPosition(Position, frozen=True, tag="statement"):
    """Behind this entry of one account, in a statement that ends at *until* on every page."""

    until: Moment
    posted_at: Moment
    sequence: Number


class TransactionPosition(Position, frozen=True, tag="transactions"):
    """Behind this entry of one user, over all wallets."""

    posted_at: Moment
    transfer_id: UUID
    leg: Number
