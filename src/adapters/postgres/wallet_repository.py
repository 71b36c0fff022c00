"""Wallets in PostgreSQL: the wallet's row, and the accounts whose balances make its balance."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from adapters.postgres.errors import constraint_of
from adapters.postgres.tables import AccountRow, WalletRow
from core.domain.accounts import WALLET_FLOOR, AccountStatus, Purpose
from core.domain.assets import AssetNotFound
from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import Wallet, WalletBalance, WalletNotFound

_main = aliased(AccountRow)
_reserve = aliased(AccountRow)

# Built once: SQLAlchemy takes longer to put such a query together than PostgreSQL to answer it.
_WALLETS = (
    select(
        WalletRow.id,
        WalletRow.user_id,
        WalletRow.asset,
        _main.status,
        _main.balance,
        func.coalesce(_reserve.balance, 0),
        WalletRow.metadata_,
        WalletRow.created_at,
        WalletRow.tenant_id,
    )
    .join(_main, (_main.tenant_id == WalletRow.tenant_id) & (_main.id == WalletRow.id))
    .outerjoin(
        _reserve,
        (_reserve.tenant_id == WalletRow.tenant_id)
        & (_reserve.wallet_id == WalletRow.id)
        & (_reserve.purpose == Purpose.RESERVE.value),
    )
    .where(WalletRow.tenant_id == bindparam("tenant"))
)
_BY_ID = _WALLETS.where(WalletRow.id == bindparam("wallet"))
_OF_USER = _WALLETS.where(WalletRow.user_id == bindparam("user"), WalletRow.asset == bindparam("asset"))


class PostgresWalletRepository:
    """Implements `ports.wallet_repository.WalletRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def open(
        self, tenant_id: TenantId, wallet_id: WalletId, *, user_id: str, asset: str, metadata: str | None
    ) -> bool:
        """
        Open the wallet with its main account, unless the user has one in that asset; whether it was opened.

        Raises:
            AssetNotFound: If the tenant has no such asset.
        """
        taken = select(literal(1)).where(
            WalletRow.tenant_id == tenant_id, WalletRow.user_id == user_id, WalletRow.asset == asset
        )
        if await self._session.scalar(taken) is not None:
            return False
        try:
            await self._session.execute(
                insert(AccountRow).values(
                    tenant_id=tenant_id,
                    id=wallet_id,
                    asset=asset,
                    purpose=Purpose.MAIN.value,
                    wallet_id=wallet_id,
                    floor=WALLET_FLOOR,
                )
            )
        except IntegrityError as error:
            if constraint_of(error) == "accounts_asset_exists":
                raise AssetNotFound(f"no asset {asset}", pointer="#/asset") from error
            raise
        opened = await self._session.scalar(
            insert(WalletRow)
            .values(tenant_id=tenant_id, id=wallet_id, user_id=user_id, asset=asset, metadata_=metadata)
            .on_conflict_do_nothing(constraint="wallets_one_per_user_and_asset")
            .returning(WalletRow.id)
        )
        if opened is None:
            await self._session.rollback()  # another request opened it meanwhile: leave no account behind
        return opened is not None

    async def get(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        One wallet with its balance.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        row = (await self._session.execute(_BY_ID, {"tenant": tenant_id, "wallet": wallet_id})).one_or_none()
        if row is None:
            raise WalletNotFound(f"no wallet {wallet_id}")
        return _wallet(row)

    async def of_user(self, tenant_id: TenantId, user_id: str, asset: str) -> Wallet:
        """
        The user's wallet in one asset.

        Raises:
            WalletNotFound: If the user has none.
        """
        values = {"tenant": tenant_id, "user": user_id, "asset": asset}
        row = (await self._session.execute(_OF_USER, values)).one_or_none()
        if row is None:
            raise WalletNotFound(f"user {user_id} has no wallet in {asset}")
        return _wallet(row)

    async def page(
        self, tenant_id: TenantId, *, user_id: str | None, after: WalletId | None, limit: int
    ) -> Sequence[Wallet]:
        """The next *limit* wallets by id, behind *after*; of one user, when given."""
        query = _WALLETS.order_by(WalletRow.id).limit(limit)
        if user_id is not None:
            query = query.where(WalletRow.user_id == user_id)
        if after is not None:
            query = query.where(WalletRow.id > after)
        return [_wallet(row) for row in await self._session.execute(query, {"tenant": tenant_id})]

    async def lock(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        The wallet, kept from changing until the unit of work ends.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        await self._session.execute(
            select(AccountRow.id)
            .where(AccountRow.tenant_id == tenant_id, AccountRow.wallet_id == wallet_id)
            .order_by(AccountRow.id)
            .with_for_update(key_share=True)
        )
        return await self.get(tenant_id, wallet_id)

    async def set_status(self, tenant_id: TenantId, wallet_id: WalletId, status: AccountStatus) -> None:
        """Change the status of its accounts."""
        await self._session.execute(
            update(AccountRow)
            .where(AccountRow.tenant_id == tenant_id, AccountRow.wallet_id == wallet_id)
            .values(status=status.value)
        )

    async def set_metadata(self, tenant_id: TenantId, wallet_id: WalletId, metadata: str | None) -> None:
        """Replace its metadata (canonical JSON text, or None for none)."""
        await self._session.execute(
            update(WalletRow)
            .where(WalletRow.tenant_id == tenant_id, WalletRow.id == wallet_id)
            .values(metadata_=metadata)
        )


def _wallet(row: Row[*tuple[Any, ...]]) -> Wallet:
    wallet_id, user_id, asset, status, available, reserved, metadata, created_at, tenant_id = row
    return Wallet(
        tenant_id=tenant_id,
        id=wallet_id,
        user_id=user_id,
        asset=asset,
        status=AccountStatus(status),
        balance=WalletBalance(available=available, reserved=reserved),
        metadata=metadata,
        created_at=created_at,
    )
