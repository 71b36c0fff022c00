"""Accounts opened when they are first needed, each in a transaction of its own."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import constraint_of, translated
from adapters.postgres.remembered import Remembered
from adapters.postgres.tables import AccountRow
from adapters.postgres.tracing import name_trace
from core.domain.accounts import NEVER_OWING, WALLET_FLOOR, Purpose
from core.domain.assets import AssetNotFound
from core.domain.identifiers import (
    AccountId,
    GatewayAccountId,
    TenantId,
    WalletId,
    gateway_account_id,
    reserve_account_id,
    system_account_id,
)

_CAPACITY = 50_000


class PostgresAccountOpening:
    """Implements `ports.account_opening.AccountOpening`; remembers what is open, since accounts are never deleted."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Open through *sessions*."""
        self._sessions = sessions
        self._system: Remembered[tuple[TenantId, Purpose, str], AccountId] = Remembered(_CAPACITY)
        self._at_gateways: Remembered[tuple[TenantId, Purpose, AccountId], AccountId] = Remembered(_CAPACITY)
        self._reserves: Remembered[tuple[TenantId, WalletId], AccountId] = Remembered(_CAPACITY)

    async def ensure_system(
        self, tenant_id: TenantId, purpose: Purpose, asset: str, *, trace_id: str | None = None
    ) -> AccountId:
        """
        The tenant's account of that purpose and asset, open.

        Raises:
            AssetNotFound: If the tenant has no such asset.
        """
        key = (tenant_id, purpose, asset)
        account_id = self._system.get(key)
        if account_id is None:
            account_id = system_account_id(tenant_id, purpose, asset)
            values = _values(tenant_id, account_id, purpose, asset, wallet_id=None)
            await self._open(asset, values, trace_id)
            self._system.keep(key, account_id)
        return account_id

    async def ensure_reserve(
        self, tenant_id: TenantId, wallet_id: WalletId, asset: str, *, trace_id: str | None = None
    ) -> AccountId:
        """The wallet's reserve account, open."""
        key = (tenant_id, wallet_id)
        account_id = self._reserves.get(key)
        if account_id is None:
            account_id = reserve_account_id(wallet_id)
            values = _values(tenant_id, account_id, Purpose.RESERVE, asset, wallet_id=wallet_id)
            await self._open(asset, values, trace_id)
            self._reserves.keep(key, account_id)
        return account_id

    async def ensure_gateway(
        self,
        tenant_id: TenantId,
        gateway_account: GatewayAccountId,
        purpose: Purpose,
        asset: str,
        *,
        trace_id: str | None = None,
    ) -> AccountId:
        """
        The tenant's account of that purpose at a gateway account, open.

        Raises:
            AssetNotFound: If the tenant has no such asset.
        """
        account_id = gateway_account_id(tenant_id, gateway_account, purpose, asset)
        key = (tenant_id, purpose, account_id)
        if self._at_gateways.get(key) is None:
            values = _values(tenant_id, account_id, purpose, asset, wallet_id=None)
            await self._open(asset, values | {"gateway_account": gateway_account}, trace_id)
            self._at_gateways.keep(key, account_id)
        return account_id

    async def _open(self, asset: str, values: dict[str, object], trace_id: str | None) -> None:
        try:
            with translated():
                async with self._sessions() as session:
                    await name_trace(session, trace_id)
                    await session.execute(insert(AccountRow).values(values).on_conflict_do_nothing())
                    await session.commit()
        except IntegrityError as error:
            if constraint_of(error) == "accounts_asset_exists":
                raise AssetNotFound(f"no asset {asset}", pointer="#/asset") from error
            raise


def _values(
    tenant_id: TenantId, account_id: AccountId, purpose: Purpose, asset: str, *, wallet_id: WalletId | None
) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "id": account_id,
        "asset": asset,
        "purpose": purpose.value,
        "wallet_id": wallet_id,
        "floor": WALLET_FLOOR if wallet_id is not None or purpose in NEVER_OWING else None,
    }
