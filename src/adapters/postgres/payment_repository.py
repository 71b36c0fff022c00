"""Payments in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import parameters_of, table_of, value_in, value_of
from adapters.postgres.json_columns import from_json, to_json
from adapters.postgres.payment_tables import CaptureRow, PaymentRow
from core.domain.gateways import CaptureMode, MethodSummary, NextAction
from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, TenantId, WalletId
from core.domain.outcomes import Failure
from core.domain.payments import (
    EXPIRE_AGAIN_AFTER,
    QUIET_BEFORE_LOOK_UP,
    QUIET_BEFORE_LOOK_UP_WHEN_AUTHORIZED,
    Capture,
    OverduePayment,
    Payment,
    PaymentNotFound,
    PaymentStatus,
)
from core.domain.transfers import ReferenceAlreadyUsed
from ports.payment_repository import PaymentFilter

_STANDING = (
    "status",
    "provider_ref",
    "authorized",
    "captured",
    "refunded",
    "refund_pending",
    "fee",
    "next_action",
    "method_summary",
    "failure",
    "review",
    "provider_updated_at",
    "updated_at",
)
# Made once: to make a statement of so many columns takes longer than PostgreSQL takes to run it.
_PAYMENTS, _CAPTURES = table_of(PaymentRow), table_of(CaptureRow)
_ADD = (
    insert(_PAYMENTS)
    .on_conflict_do_nothing(
        index_elements=[_PAYMENTS.c.tenant_id, _PAYMENTS.c.reference],
        index_where=_PAYMENTS.c.reference.is_not(None),
    )
    .returning(_PAYMENTS.c.id)
)
_GET = select(_PAYMENTS).where(_PAYMENTS.c.tenant_id == bindparam("tenant"), _PAYMENTS.c.id == bindparam("payment"))
_LOCK = _GET.with_for_update(key_share=True)
_SAVE = (
    update(_PAYMENTS)
    .where(_PAYMENTS.c.tenant_id == bindparam("tenant"), _PAYMENTS.c.id == bindparam("payment"))
    .values({name: bindparam(name) for name in _STANDING})
)
_ADD_CAPTURE = insert(_CAPTURES)
_UNSETTLED = text("""
SELECT (SELECT count(*) FROM payments WHERE tenant_id = :tenant AND wallet_id = :wallet
        AND status IN ('created', 'requires_action', 'processing', 'authorized', 'partially_captured'))
     + (SELECT count(*) FROM refunds JOIN payments ON payments.tenant_id = refunds.tenant_id
        AND payments.id = refunds.payment_id
        WHERE payments.tenant_id = :tenant AND payments.wallet_id = :wallet
        AND refunds.status IN ('created', 'pending'))
""")

# Nothing is under way: whatever is asks the provider by itself. Materialized: a subquery may run again for each row,
# and then takes other rows than those it has locked.
_TAKE_QUIET = text("""
WITH quiet AS MATERIALIZED (
    SELECT id FROM payments
    WHERE tenant_id = :tenant
      AND (status IN ('created', 'requires_action', 'processing') AND greatest(updated_at, asked_at) <= :waiting_since
           OR status IN ('authorized', 'partially_captured') AND greatest(updated_at, asked_at) <= :authorized_since)
      AND NOT EXISTS (SELECT FROM operations WHERE operations.tenant_id = payments.tenant_id
                      AND subject = payments.id AND state NOT IN ('succeeded', 'declined', 'rejected'))
    ORDER BY greatest(updated_at, asked_at), id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
UPDATE payments SET asked_at = :now FROM quiet WHERE payments.tenant_id = :tenant AND payments.id = quiet.id
RETURNING payments.id
""")

# A submission whose outcome nobody knows has no name at the provider yet to cancel it by, and asks by itself.
_TAKE_OVERDUE = text("""
WITH overdue AS MATERIALIZED (
    SELECT id FROM payments
    WHERE tenant_id = :tenant AND status IN ('created', 'requires_action') AND expires_at <= :now
      AND (expiry_tries = 0 OR expiry_tried_at
           + (CAST(:pauses AS interval[]))[least(expiry_tries, cardinality(CAST(:pauses AS interval[])))] <= :now)
      AND NOT EXISTS (SELECT FROM operations WHERE operations.tenant_id = payments.tenant_id
                      AND subject = payments.id AND state NOT IN ('succeeded', 'declined', 'rejected')
                      AND (kind = 'payment.cancel' OR operations.id = payments.operation_id
                           AND payments.provider_ref IS NULL))
    ORDER BY greatest(expires_at, expiry_tried_at), expires_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
UPDATE payments SET expiry_tries = expiry_tries + 1, expiry_tried_at = :now FROM overdue
WHERE payments.tenant_id = :tenant AND payments.id = overdue.id
RETURNING payments.id, payments.expiry_tries
""")


class PostgresPaymentRepository:
    """Implements `ports.payment_repository.PaymentRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, payment: Payment) -> None:
        """See `ports.payment_repository.PaymentRepository.add`."""
        # Not an error of the database's: after one, the transaction could not look for the answer of the same request.
        added = await self._session.scalar(_ADD, _parameters(payment))
        if added is None:
            raise ReferenceAlreadyUsed("another payment has this reference", pointer="#/reference")

    async def lock(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        """See `ports.payment_repository.PaymentRepository.lock`."""
        return await self._one(tenant_id, payment_id, for_update=True)

    async def get(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        """See `ports.payment_repository.PaymentRepository.get`."""
        return await self._one(tenant_id, payment_id, for_update=False)

    async def save(self, payment: Payment) -> None:
        """See `ports.payment_repository.PaymentRepository.save`."""
        values = _parameters(payment)
        standing = {name: values[name] for name in _STANDING}
        await self._session.execute(_SAVE, {"tenant": payment.tenant_id, "payment": payment.id, **standing})

    async def by_provider_ref(
        self, tenant_id: TenantId, gateway_account: GatewayAccountId, provider_ref: str
    ) -> PaymentId | None:
        """See `ports.payment_repository.PaymentRepository.by_provider_ref`."""
        found = await self._session.scalar(
            select(PaymentRow.id).where(
                PaymentRow.tenant_id == tenant_id,
                PaymentRow.gateway_account == gateway_account,
                PaymentRow.provider_ref == provider_ref,
            )
        )
        return None if found is None else PaymentId(found)

    async def page(
        self, tenant_id: TenantId, wanted: PaymentFilter, *, before: PaymentId | None, limit: int
    ) -> Sequence[Payment]:
        """See `ports.payment_repository.PaymentRepository.page`."""
        query = select(_PAYMENTS).where(PaymentRow.tenant_id == tenant_id).order_by(PaymentRow.id.desc()).limit(limit)
        if wanted.wallet_id is not None:
            query = query.where(PaymentRow.wallet_id == wanted.wallet_id)
        if wanted.status is not None:
            query = query.where(PaymentRow.status == wanted.status.value)
        if wanted.reference is not None:
            query = query.where(PaymentRow.reference == wanted.reference)
        if wanted.under_review:
            query = query.where(PaymentRow.review.is_not(None))
        if before is not None:
            query = query.where(PaymentRow.id < before)
        return [_payment(row) for row in await self._session.execute(query)]

    async def take_overdue(self, tenant_id: TenantId, *, now: datetime, limit: int) -> Sequence[OverduePayment]:
        """See `ports.payment_repository.PaymentRepository.take_overdue`."""
        values = {"tenant": tenant_id, "now": now, "pauses": list(EXPIRE_AGAIN_AFTER), "limit": limit}
        return [
            OverduePayment(PaymentId(row.id), row.expiry_tries)
            for row in await self._session.execute(_TAKE_OVERDUE, values)
        ]

    async def take_quiet(self, tenant_id: TenantId, *, now: datetime, limit: int) -> Sequence[PaymentId]:
        """See `ports.payment_repository.PaymentRepository.take_quiet`."""
        values = {
            "tenant": tenant_id,
            "now": now,
            "waiting_since": now - QUIET_BEFORE_LOOK_UP,
            "authorized_since": now - QUIET_BEFORE_LOOK_UP_WHEN_AUTHORIZED,
            "limit": limit,
        }
        return [PaymentId(row[0]) for row in await self._session.execute(_TAKE_QUIET, values)]

    async def unsettled(self, tenant_id: TenantId, wallet_id: WalletId) -> int:
        """See `ports.payment_repository.PaymentRepository.unsettled`."""
        values = {"tenant": tenant_id, "wallet": wallet_id}
        return int((await self._session.execute(_UNSETTLED, values)).scalar_one())

    async def add_capture(self, capture: Capture) -> None:
        """See `ports.payment_repository.PaymentRepository.add_capture`."""
        await self._session.execute(_ADD_CAPTURE, parameters_of(capture))

    async def capture_of(self, tenant_id: TenantId, operation_id: OperationId) -> Capture:
        """See `ports.payment_repository.PaymentRepository.capture_of`."""
        row = await self._session.scalar(
            select(CaptureRow).where(CaptureRow.tenant_id == tenant_id, CaptureRow.operation_id == operation_id)
        )
        assert row is not None
        return value_of(Capture, row)

    async def _one(self, tenant_id: TenantId, payment_id: PaymentId, *, for_update: bool) -> Payment:
        statement = _LOCK if for_update else _GET
        found = await self._session.execute(statement, {"tenant": tenant_id, "payment": payment_id})
        row = found.one_or_none()
        if row is None:
            raise PaymentNotFound(f"no payment {payment_id}")
        return _payment(row)


def _parameters(payment: Payment) -> dict[str, Any]:
    return parameters_of(payment) | {
        "next_action": to_json(payment.next_action),
        "method_summary": to_json(payment.method_summary),
        "failure": to_json(payment.failure),
    }


def _payment(row: Row[Any]) -> Payment:
    return value_in(
        Payment,
        row,
        status=PaymentStatus(row.status),
        capture=CaptureMode(row.capture),
        next_action=from_json(row.next_action, NextAction),
        method_summary=from_json(row.method_summary, MethodSummary),
        failure=from_json(row.failure, Failure),
    )
