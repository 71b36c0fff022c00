"""
The tables of payments as SQLAlchemy sees them.

The migrations make them; tests/integration/postgres/test_migrations.py proves that both agree.
"""

from datetime import datetime
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from adapters.postgres.tables import JsonText

_Moment = DateTime(timezone=True)


class GatewayAccountRow(DefaultBase):
    """A tenant's account with a provider."""

    __tablename__ = "gateway_accounts"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    gateway: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean)
    credentials_secret: Mapped[str] = mapped_column(Text)
    webhook_secrets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    settings: Mapped[str] = mapped_column(JsonText)
    movement_cursor: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    updated_at: Mapped[datetime] = mapped_column(_Moment)
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")


class PaymentRow(DefaultBase):
    """Money on its way into a wallet."""

    __tablename__ = "payments"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    wallet_id: Mapped[UUID] = mapped_column(Uuid)
    user_id: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    capture: Mapped[str] = mapped_column(Text)
    gateway_account: Mapped[UUID] = mapped_column(Uuid)
    method: Mapped[str | None] = mapped_column(Text)
    return_url: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    metadata_: Mapped[str | None] = mapped_column("metadata", JsonText)
    operation_id: Mapped[UUID] = mapped_column(Uuid)
    trace_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    status: Mapped[str] = mapped_column(Text)
    provider_ref: Mapped[str | None] = mapped_column(Text)
    authorized: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = mapped_column(BigInteger)
    refund_pending: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    next_action: Mapped[str | None] = mapped_column(JsonText)
    method_summary: Mapped[str | None] = mapped_column(JsonText)
    failure: Mapped[str | None] = mapped_column(JsonText)
    review: Mapped[str | None] = mapped_column(Text)
    provider_updated_at: Mapped[datetime | None] = mapped_column(_Moment)
    updated_at: Mapped[datetime] = mapped_column(_Moment)
    asked_at: Mapped[datetime | None] = mapped_column(_Moment)
    expiry_tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    expiry_tried_at: Mapped[datetime | None] = mapped_column(_Moment)


class CaptureRow(DefaultBase):
    """What a capture asked for."""

    __tablename__ = "captures"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    operation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(Uuid)
    amount: Mapped[int] = mapped_column(BigInteger)
    final: Mapped[bool] = mapped_column(Boolean)
    captured_before: Mapped[int] = mapped_column(BigInteger)


class RefundRow(DefaultBase):
    """Money on its way back to a payer."""

    __tablename__ = "refunds"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(Uuid)
    wallet_id: Mapped[UUID] = mapped_column(Uuid)
    gateway_account: Mapped[UUID] = mapped_column(Uuid)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    operation_id: Mapped[UUID | None] = mapped_column(Uuid)
    trace_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    status: Mapped[str] = mapped_column(Text)
    provider_ref: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(JsonText)
    updated_at: Mapped[datetime] = mapped_column(_Moment)


class GatewayEventRow(DefaultBase):
    """What a provider told us, as it came."""

    __tablename__ = "gateway_events"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    gateway_account: Mapped[UUID] = mapped_column(Uuid)
    event_id: Mapped[str] = mapped_column(Text)
    event_type: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    body_digest: Mapped[bytes] = mapped_column(LargeBinary)
    is_first: Mapped[bool] = mapped_column(Boolean)
    occurred_at: Mapped[datetime | None] = mapped_column(_Moment)
    received_at: Mapped[datetime] = mapped_column(_Moment)
    times_received: Mapped[int] = mapped_column(server_default="1")
    status: Mapped[str] = mapped_column(Text, server_default="received")
    detail: Mapped[str | None] = mapped_column(Text)
    applied_at: Mapped[datetime | None] = mapped_column(_Moment)
    trace_id: Mapped[str] = mapped_column(Text)
