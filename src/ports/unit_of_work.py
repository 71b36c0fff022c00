"""One transaction over PostgreSQL: what happens in it is kept by commit, and only by commit."""

from types import TracebackType
from typing import Protocol, Self

from ports.asset_repository import AssetRepository
from ports.tenant_repository import TenantRepository
from ports.wallet_repository import WalletRepository


class UnitOfWork(Protocol):
    """Fresh for each use; leaving it without `commit` takes everything back. No network calls inside."""

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
            Unavailable: If the database cannot be reached.
        """
        ...


class UnitOfWorkFactory(Protocol):
    """Where a use case gets a fresh unit of work."""

    def __call__(self, *, trace_id: str | None = None) -> UnitOfWork:
        """A unit of work, not yet begun; what it adds carries *trace_id*."""
        ...
