"""Refunds in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.json_columns import from_json, to_json
from adapters.postgres.payment_tables import RefundRow
from core.domain.identifiers import GatewayAccountId, PaymentId, RefundId, TenantId
from core.domain.outcomes import Failure
from core.domain.refunds import Refund, RefundNotFound, RefundOrigin, RefundStatus


class PostgresRefundRepository:
    """Implements `ports.refund_repository.RefundRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, refund: Refund) -> None:
        """See `ports.refund_repository.RefundRepository.add`."""
        values = columns_of(refund) | {"failure": to_json(refund.failure)}
        await self._session.execute(insert(RefundRow).values(values))

    async def lock(self, tenant_id: TenantId, refund_id: RefundId) -> Refund:
        """See `ports.refund_repository.RefundRepository.lock`."""
        return await self._one(tenant_id, refund_id, for_update=True)

    async def get(self, tenant_id: TenantId, refund_id: RefundId) -> Refund:
        """See `ports.refund_repository.RefundRepository.get`."""
        return await self._one(tenant_id, refund_id, for_update=False)

    async def save(self, refund: Refund) -> None:
        """See `ports.refund_repository.RefundRepository.save`."""
        await self._session.execute(
            update(RefundRow)
            .where(RefundRow.tenant_id == refund.tenant_id, RefundRow.id == refund.id)
            .values(
                status=refund.status.value,
                provider_ref=refund.provider_ref,
                failure=to_json(refund.failure),
                updated_at=refund.updated_at,
            )
        )

    async def by_provider_ref(
        self, tenant_id: TenantId, gateway_account: GatewayAccountId, provider_ref: str
    ) -> RefundId | None:
        """See `ports.refund_repository.RefundRepository.by_provider_ref`."""
        found = await self._session.scalar(
            select(RefundRow.id).where(
                RefundRow.tenant_id == tenant_id,
                RefundRow.gateway_account == gateway_account,
                RefundRow.provider_ref == provider_ref,
            )
        )
        return None if found is None else RefundId(found)

    async def of_payment(self, tenant_id: TenantId, payment_id: PaymentId) -> Sequence[Refund]:
        """See `ports.refund_repository.RefundRepository.of_payment`."""
        rows = await self._session.scalars(
            select(RefundRow)
            .where(RefundRow.tenant_id == tenant_id, RefundRow.payment_id == payment_id)
            .order_by(RefundRow.id)
        )
        return [_refund(row) for row in rows]

    async def _one(self, tenant_id: TenantId, refund_id: RefundId, *, for_update: bool) -> Refund:
        query = select(RefundRow).where(RefundRow.tenant_id == tenant_id, RefundRow.id == refund_id)
        if for_update:
            query = query.with_for_update(key_share=True)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise RefundNotFound(f"no refund {refund_id}")
        return _refund(row)


def _refund(row: RefundRow) -> Refund:
    return value_of(
        Refund,
        row,
        status=RefundStatus(row.status),
        origin=RefundOrigin(row.origin),
        failure=from_json(row.failure, Failure),
    )
