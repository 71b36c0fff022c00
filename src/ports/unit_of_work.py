"""One transaction over PostgreSQL: what happens in it is kept by commit, and only by commit."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from core.domain.errors import Unavailable
from ports.asset_repository import AssetRepository
from ports.dead_letter_repository import DeadLetterRepository
from ports.gateway_account_repository import GatewayAccountRepository
from ports.gateway_event_repository import GatewayEventRepository
from ports.idempotency_repository import IdempotencyRepository
from ports.ledger import Ledger
from ports.operation_repository import OperationRepository
from ports.order_repository import OrderRepository
from ports.outbox import Outbox
from ports.payment_repository import PaymentRepository
from ports.reconciliation_repository import ReconciliationRepository
from ports.refund_repository import RefundRepository
from ports.tenant_repository import TenantRepository
from ports.wallet_repository import WalletRepository
from ports.webhook_delivery_repository import WebhookDeliveryRepository
from ports.webhook_endpoint_repository import WebhookEndpointRepository
from ports.webhook_message_repository import WebhookMessageRepository


class TransactionRaced(Unavailable):
    """Another transaction was in the way; the same work may succeed at once when begun again."""

    code = "transaction_raced"
    title = "Another transaction was in the way"


class UnitOfWork(Protocol):
    """
    Fresh for each use; leaving it without `commit` takes everything back. No network calls inside.

    Global lock order: subject rows (operation, then order; webhook endpoint, then deliveries) by id, accounts,
    idempotency keys, guards, outbox.
    """

    @property
    def assets(self) -> AssetRepository:
        """Assets."""
        ...

    @property
    def wallets(self) -> WalletRepository:
        """Wallets."""
        ...

    @property
    def tenants(self) -> TenantRepository:
        """Tenants and API keys."""
        ...

    @property
    def operations(self) -> OperationRepository:
        """Operations."""
        ...

    @property
    def orders(self) -> OrderRepository:
        """Orders."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        ...

    @property
    def idempotency(self) -> IdempotencyRepository:
        """Idempotency keys."""
        ...

    @property
    def dead_letters(self) -> DeadLetterRepository:
        """Jobs nobody could do."""
        ...

    @property
    def reconciliations(self) -> ReconciliationRepository:
        """What was compared."""
        ...

    @property
    def webhook_endpoints(self) -> WebhookEndpointRepository:
        """Webhook endpoints."""
        ...

    @property
    def webhook_deliveries(self) -> WebhookDeliveryRepository:
        """Webhook deliveries."""
        ...

    @property
    def webhook_messages(self) -> WebhookMessageRepository:
        """Webhook messages as they were first sent."""
        ...

    @property
    def gateway_accounts(self) -> GatewayAccountRepository:
        """Accounts with providers."""
        ...

    @property
    def gateway_events(self) -> GatewayEventRepository:
        """What providers told us."""
        ...

    @property
    def payments(self) -> PaymentRepository:
        """Payments."""
        ...

    @property
    def refunds(self) -> RefundRepository:
        """Refunds."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Events."""
        ...

    async def now(self) -> datetime:
        """The moment on the clock of schedules, which all processes share: PostgreSQL's, unless a test moves it."""
        ...

    async def __aenter__(self) -> Self:
        """Begin."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, rolling back what was not committed."""
        ...

    async def commit(self) -> None:
        """
        Keep everything, durably.

        Raises:
            Unavailable: If the database cannot be reached; then nobody knows whether it was kept.
        """
        ...


class UnitOfWorkFactory(Protocol):
    """Where a use case gets a fresh unit of work."""

    def __call__(self, *, trace_id: str | None = None) -> UnitOfWork:
        """A unit of work, not yet begun; what it adds carries *trace_id*."""
        ...
