"""One transaction over SQLAlchemy; rolled back unless committed."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.asset_repository import PostgresAssetRepository
from adapters.postgres.errors import translated
from adapters.postgres.tenant_repository import PostgresTenantRepository
from adapters.postgres.tracing import name_trace
from adapters.postgres.wallet_repository import PostgresWalletRepository


class PostgresUnitOfWork:
    """Implements `ports.unit_of_work.UnitOfWork`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], *, trace_id: str | None = None) -> None:
        """Begin on a session of *sessions*, when entered; what it adds carries *trace_id*."""
        self._session = sessions()
        self._trace_id = trace_id
        self._exit = AsyncExitStack()
        self.assets = PostgresAssetRepository(self._session)
        self.wallets = PostgresWalletRepository(self._session)
        self.tenants = PostgresTenantRepository(self._session)

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
