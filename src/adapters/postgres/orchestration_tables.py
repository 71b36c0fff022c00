"""
The tables of orchestration as SQLAlchemy sees them; those of the ledger are in `tables`.

The migrations make them; tests/integration/postgres/test_migrations.py proves that both agree.
"""

from datetime import datetime, timedelta
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Interval, LargeBinary, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from adapters.postgres.tables import JsonText

_Moment = DateTime(timezone=True)


class ScheduleClockRow(DefaultBase):
    """How far the clock of schedules is moved; zero but in tests."""

    __tablename__ = "schedule_clock"
    single: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default="true")
    ahead: Mapped[timedelta] = mapped_column(Interval, server_default="0")


class OperationRow(DefaultBase):
    """One intent to change something outside."""

    __tablename__ = "operations"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[UUID] = mapped_column(Uuid)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    params_digest: Mapped[bytes] = mapped_column(LargeBinary)
    gateway_account: Mapped[UUID | None] = mapped_column(Uuid)
    key: Mapped[UUID] = mapped_column(Uuid)
    cause: Mapped[str] = mapped_column(Text)
    ordinal: Mapped[int] = mapped_column()
    trace_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    state: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column()
    submissions: Mapped[int] = mapped_column()
    lookups: Mapped[int] = mapped_column()
    unknown_since: Mapped[datetime | None] = mapped_column(_Moment)
    next_attempt_at: Mapped[datetime | None] = mapped_column(_Moment)
    provider_ref: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(_Moment)
    failure: Mapped[str | None] = mapped_column(JsonText)
    key_window: Mapped[timedelta | None] = mapped_column(Interval)


class OperationAttemptRow(DefaultBase):
    """What one attempt saw."""

    __tablename__ = "operation_attempts"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    operation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    counted: Mapped[bool] = mapped_column(Boolean)
    ended_at: Mapped[datetime] = mapped_column(_Moment, primary_key=True)


class OrderRow(DefaultBase):
    """What a user pays for from a wallet."""

    __tablename__ = "orders"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    wallet_id: Mapped[UUID] = mapped_column(Uuid)
    user_id: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    items: Mapped[str] = mapped_column(JsonText)
    reference: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    metadata_: Mapped[str | None] = mapped_column("metadata", JsonText)
    status: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column()
    operation_id: Mapped[UUID] = mapped_column(Uuid)
    payment_id: Mapped[UUID] = mapped_column(Uuid)
    settlement_id: Mapped[UUID | None] = mapped_column(Uuid)
    fulfilment_ref: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    failure_message: Mapped[str | None] = mapped_column(Text)
    trace_id: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(_Moment)
    updated_at: Mapped[datetime] = mapped_column(_Moment)


class EventRow(DefaultBase):
    """Every event, numbered without gaps per tenant."""

    __tablename__ = "events"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[UUID] = mapped_column(Uuid)
    trace_id: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(_Moment)
    payload: Mapped[str | None] = mapped_column(JsonText)
    recorded_at: Mapped[datetime] = mapped_column(_Moment, server_default="now()")


class EventPositionRow(DefaultBase):
    """How far a tenant's events are numbered, and how far published."""

    __tablename__ = "event_positions"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    recorded: Mapped[int] = mapped_column(BigInteger, server_default="0")
    published: Mapped[int] = mapped_column(BigInteger, server_default="0")


class WebhookEndpointRow(DefaultBase):
    """Where a tenant wants to be told."""

    __tablename__ = "webhook_endpoints"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    sealed_secrets: Mapped[bytes] = mapped_column(LargeBinary)
    failing_since: Mapped[datetime | None] = mapped_column(_Moment)
    resume_at: Mapped[datetime | None] = mapped_column(_Moment)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    updated_at: Mapped[datetime] = mapped_column(_Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(_Moment)
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")


class WebhookDeliveryRow(DefaultBase):
    """One event on its way to one endpoint."""

    __tablename__ = "webhook_deliveries"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(Uuid)
    event_position: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    event_type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    attempt: Mapped[int] = mapped_column(server_default="0")
    round_attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(_Moment)
    last_status: Mapped[int | None] = mapped_column()
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    finished_at: Mapped[datetime | None] = mapped_column(_Moment)


class WebhookMessageRow(DefaultBase):
    """An event as it was first sent."""

    __tablename__ = "webhook_messages"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class WebhookAttemptRow(DefaultBase):
    """One try of one delivery."""

    __tablename__ = "webhook_attempts"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    attempted_at: Mapped[datetime] = mapped_column(_Moment)
    status: Mapped[int | None] = mapped_column()
    error: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int] = mapped_column()
    excerpt: Mapped[str] = mapped_column(Text)


class DeadLetterRow(DefaultBase):
    """A job nobody could do."""

    __tablename__ = "dead_letters"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    queue: Mapped[str] = mapped_column(Text)
    job_key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    arguments: Mapped[str] = mapped_column(JsonText)
    attempts: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(Text)
    history: Mapped[str] = mapped_column(JsonText)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    first_enqueued_at: Mapped[datetime | None] = mapped_column(_Moment)
    died_at: Mapped[datetime] = mapped_column(_Moment)
    closed_at: Mapped[datetime | None] = mapped_column(_Moment)


class ReconciliationRow(DefaultBase):
    """One comparison of the books with themselves or with others."""

    __tablename__ = "reconciliations"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    accounts_checked: Mapped[int] = mapped_column(BigInteger)
    entries_checked: Mapped[int] = mapped_column(BigInteger)
    break_count: Mapped[int] = mapped_column()
    started_at: Mapped[datetime] = mapped_column(_Moment)
    finished_at: Mapped[datetime | None] = mapped_column(_Moment)
    attempts: Mapped[int] = mapped_column()
    next_attempt_at: Mapped[datetime | None] = mapped_column(_Moment)
    failure: Mapped[str | None] = mapped_column(Text)
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")


class ReconciliationBreakRow(DefaultBase):
    """One thing that did not agree."""

    __tablename__ = "reconciliation_breaks"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reconciliation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[str] = mapped_column(Text)
