"""One transaction over SQLAlchemy; rolled back unless committed."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.asset_repository import PostgresAssetRepository
from adapters.postgres.dead_letter_repository import PostgresDeadLetterRepository
from adapters.postgres.errors import translated
from adapters.postgres.gateway_account_repository import PostgresGatewayAccountRepository
from adapters.postgres.gateway_event_repository import PostgresGatewayEventRepository
from adapters.postgres.idempotency_repository import PostgresIdempotencyRepository
from adapters.postgres.ledger import Ledger
from adapters.postgres.operation_repository import PostgresOperationRepository
from adapters.postgres.order_repository import PostgresOrderRepository
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.payment_repository import PostgresPaymentRepository
from adapters.postgres.reconciliation_repository import PostgresReconciliationRepository
from adapters.postgres.refund_repository import PostgresRefundRepository
from adapters.postgres.session_ledger import SessionLedger
from adapters.postgres.tenant_repository import PostgresTenantRepository
from adapters.postgres.tracing import name_trace
from adapters.postgres.wallet_repository import PostgresWalletRepository
from adapters.postgres.webhook_delivery_repository import PostgresWebhookDeliveryRepository
from adapters.postgres.webhook_endpoint_repository import PostgresWebhookEndpointRepository
from adapters.postgres.webhook_message_repository import PostgresWebhookMessageRepository
from ports.cipher import Cipher
from ports.id_generator import IdGenerator
from ports.relay_wake import RelayWake

_SCHEDULE_NOW = select(func.schedule_now())


class PostgresUnitOfWork:
    """Implements `ports.unit_of_work.UnitOfWork`."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        ledger: Ledger,
        ids: IdGenerator,
        cipher: Callable[[], Cipher],
        relay_wake: RelayWake,
        *,
        trace_id: str | None = None,
    ) -> None:
        """Begin on a session of *sessions*, when entered; what it adds carries *trace_id*. *cipher* seals secrets."""
        self._session = sessions()
        self._relay_wake = relay_wake
        self._trace_id = trace_id
        self._exit = AsyncExitStack()
        self.assets = PostgresAssetRepository(self._session)
        self.wallets = PostgresWalletRepository(self._session)
        self.tenants = PostgresTenantRepository(self._session)
        self.operations = PostgresOperationRepository(self._session)
        self.orders = PostgresOrderRepository(self._session)
        self.ledger = SessionLedger(self._session, ledger)
        self.idempotency = PostgresIdempotencyRepository(self._session)
        self.dead_letters = PostgresDeadLetterRepository(self._session)
        self.reconciliations = PostgresReconciliationRepository(self._session)
        self.webhook_endpoints = PostgresWebhookEndpointRepository(self._session, cipher)
        self.webhook_deliveries = PostgresWebhookDeliveryRepository(self._session)
        self.webhook_messages = PostgresWebhookMessageRepository(self._session)
        self.gateway_accounts = PostgresGatewayAccountRepository(self._session)
        self.gateway_events = PostgresGatewayEventRepository(self._session)
        self.payments = PostgresPaymentRepository(self._session)
        self.refunds = PostgresRefundRepository(self._session)
        self.outbox = PostgresOutbox(self._session, ids)

    async def now(self) -> datetime:
        """See `ports.unit_of_work.UnitOfWork.now`."""
        moment: datetime = (await self._session.execute(_SCHEDULE_NOW)).scalar_one()
        return moment

    async def __aenter__(self) -> Self:
        """Begin."""
        async with AsyncExitStack() as beginning:
            beginning.enter_context(translated())
            beginning.push_async_callback(self._session.close)
            await name_trace(self._session, self._trace_id)
            self._exit = beginning.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and give the connection back."""
        await self._exit.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        """Keep everything, durably."""
        with translated():
            await self._session.commit()
        self._relay_wake.nudge()
