"""Gateway accounts in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, table_of, value_in
from adapters.postgres.errors import constraint_of
from adapters.postgres.payment_tables import GatewayAccountRow
from core.domain.gateway_accounts import GatewayAccount, GatewayAccountNameTaken, GatewayAccountNotFound
from core.domain.identifiers import GatewayAccountId, TenantId

_ACCOUNTS = table_of(GatewayAccountRow)
_ALL = select(_ACCOUNTS).where(_ACCOUNTS.c.tenant_id == bindparam("tenant")).order_by(_ACCOUNTS.c.id)
_GET = select(_ACCOUNTS).where(_ACCOUNTS.c.tenant_id == bindparam("tenant"), _ACCOUNTS.c.id == bindparam("account"))
_LOCK = _GET.with_for_update(key_share=True)
_FIND = text("SELECT * FROM find_gateway_account(:account)").columns(*_ACCOUNTS.c)


class PostgresGatewayAccountRepository:
    """Implements `ports.gateway_account_repository.GatewayAccountRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, account: GatewayAccount) -> None:
        """See `ports.gateway_account_repository.GatewayAccountRepository.add`."""
        moment = func.schedule_now()
        values = _columns(account) | {"created_at": moment, "updated_at": moment}
        try:
            await self._session.execute(insert(GatewayAccountRow).values(values))
        except IntegrityError as error:
            raise _explained(error, account) from error

    async def save(self, account: GatewayAccount) -> None:
        """See `ports.gateway_account_repository.GatewayAccountRepository.save`."""
        values = _columns(account)
        changing = ("name", "enabled", "credentials_secret", "webhook_secrets", "settings")
        try:
            await self._session.execute(
                update(GatewayAccountRow)
                .where(GatewayAccountRow.tenant_id == account.tenant_id, GatewayAccountRow.id == account.id)
                .values({name: values[name] for name in changing} | {"updated_at": func.schedule_now()})
            )
        except IntegrityError as error:
            raise _explained(error, account) from error

    async def get(self, tenant_id: TenantId, account_id: GatewayAccountId) -> GatewayAccount:
        """See `ports.gateway_account_repository.GatewayAccountRepository.get`."""
        return await self._one(tenant_id, account_id, for_update=False)

    async def lock(self, tenant_id: TenantId, account_id: GatewayAccountId) -> GatewayAccount:
        """See `ports.gateway_account_repository.GatewayAccountRepository.lock`."""
        return await self._one(tenant_id, account_id, for_update=True)

    async def movement_cursor(self, tenant_id: TenantId, account_id: GatewayAccountId) -> str | None:
        """See `ports.gateway_account_repository.GatewayAccountRepository.movement_cursor`."""
        return await self._session.scalar(
            select(GatewayAccountRow.movement_cursor).where(
                GatewayAccountRow.tenant_id == tenant_id, GatewayAccountRow.id == account_id
            )
        )

    async def keep_movement_cursor(self, tenant_id: TenantId, account_id: GatewayAccountId, cursor: str) -> None:
        """See `ports.gateway_account_repository.GatewayAccountRepository.keep_movement_cursor`."""
        await self._session.execute(
            update(GatewayAccountRow)
            .where(GatewayAccountRow.tenant_id == tenant_id, GatewayAccountRow.id == account_id)
            .values(movement_cursor=cursor)
        )

    async def all(self, tenant_id: TenantId) -> Sequence[GatewayAccount]:
        """See `ports.gateway_account_repository.GatewayAccountRepository.all`."""
        return [_account(row) for row in await self._session.execute(_ALL, {"tenant": tenant_id})]

    async def find(self, account_id: GatewayAccountId) -> GatewayAccount | None:
        """See `ports.gateway_account_repository.GatewayAccountRepository.find`."""
        row = (await self._session.execute(_FIND, {"account": account_id})).one_or_none()
        return None if row is None else _account(row)

    async def _one(self, tenant_id: TenantId, account_id: GatewayAccountId, *, for_update: bool) -> GatewayAccount:
        statement = _LOCK if for_update else _GET
        row = (await self._session.execute(statement, {"tenant": tenant_id, "account": account_id})).one_or_none()
        if row is None:
            raise GatewayAccountNotFound(f"no gateway account {account_id}")
        return _account(row)


def _columns(account: GatewayAccount) -> dict[str, Any]:
    return columns_of(account) | {
        "webhook_secrets": list(account.webhook_secrets),
        "settings": msgspec.json.encode(dict(account.settings)).decode(),
    }


def _account(row: Row[Any]) -> GatewayAccount:
    return value_in(
        GatewayAccount,
        row,
        webhook_secrets=tuple(row.webhook_secrets),
        settings=msgspec.json.decode(row.settings, type=dict[str, str]),
    )


def _explained(error: IntegrityError, account: GatewayAccount) -> Exception:
    if constraint_of(error) == "gateway_accounts_one_per_name":
        return GatewayAccountNameTaken(f"the name {account.name} is taken", pointer="#/name")
    return error
