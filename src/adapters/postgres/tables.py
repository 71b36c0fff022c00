"""
The tables as SQLAlchemy sees them, for everything but the posting path.

The migrations make them; tests/integration/postgres/test_migrations.py proves that both agree.
"""

from datetime import date, datetime
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import BigInteger, Boolean, Date, DateTime, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

_Moment = DateTime(timezone=True)


class JsonText(UserDefinedType[str]):
    """PostgreSQL's `json` as the text it keeps verbatim: what was hashed must be what is read."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """The type's name."""
        return "json"


class TenantRow(DefaultBase):
    """A third-party application."""

    __tablename__ = "tenants"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment, server_default="now()")


class ApiKeyRow(DefaultBase):
    """An API key, without its secret."""

    __tablename__ = "api_keys"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    environment: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    last_four: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(_Moment)


class AssetRow(DefaultBase):
    """A tenant's unit of value."""

    __tablename__ = "assets"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    exponent: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Moment, server_default="now()")
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")


class AccountRow(DefaultBase):
    """Where money is; balance, sequence and chain move by the trigger on entries alone."""

    __tablename__ = "accounts"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    asset: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    wallet_id: Mapped[UUID | None] = mapped_column(Uuid)
    floor: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(_Moment, server_default="now()")
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")
    debt_allowed: Mapped[bool] = mapped_column(Boolean, server_default="false")
    balance: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sequence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    chain: Mapped[bytes] = mapped_column(LargeBinary, server_default="genesis")
    last_posted_at: Mapped[datetime] = mapped_column(_Moment, server_default="epoch")
    gateway_account: Mapped[UUID | None] = mapped_column(Uuid)


class WalletRow(DefaultBase):
    """What a user sees."""

    __tablename__ = "wallets"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    metadata_: Mapped[str | None] = mapped_column("metadata", JsonText)
    created_at: Mapped[datetime] = mapped_column(_Moment, server_default="now()")
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")


class TransferRow(DefaultBase):
    """The journal's transactions, partitioned by month."""

    __tablename__ = "transfers"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    posted_at: Mapped[datetime] = mapped_column(_Moment, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    entry_count: Mapped[int] = mapped_column(SmallInteger)
    trace_id: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    metadata_: Mapped[str | None] = mapped_column("metadata", JsonText)
    reversal_of: Mapped[UUID | None] = mapped_column(Uuid)
    hold_id: Mapped[UUID | None] = mapped_column(Uuid)


class EntryRow(DefaultBase):
    """One debit or credit, partitioned by month."""

    __tablename__ = "entries"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    posted_at: Mapped[datetime] = mapped_column(_Moment, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transfer_id: Mapped[UUID] = mapped_column(Uuid)
    leg: Mapped[int] = mapped_column(SmallInteger)
    direction: Mapped[int] = mapped_column(SmallInteger)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes] = mapped_column(LargeBinary)


class TransferRegisterRow(DefaultBase):
    """Every transfer's id, once and for ever."""

    __tablename__ = "transfer_register"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    transfer_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    posted_at: Mapped[datetime] = mapped_column(_Moment)
    entry_count: Mapped[int] = mapped_column(SmallInteger)


class TransferKeyRow(DefaultBase):
    """References, and which transfers were reversed: once and for ever."""

    __tablename__ = "transfer_keys"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    transfer_id: Mapped[UUID] = mapped_column(Uuid)


class HoldRow(DefaultBase):
    """Money set aside."""

    __tablename__ = "holds"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    wallet_id: Mapped[UUID] = mapped_column(Uuid)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger, server_default="0")
    released: Mapped[int] = mapped_column(BigInteger, server_default="0")
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    placed_at: Mapped[datetime] = mapped_column(_Moment)
    reference: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    metadata_: Mapped[str | None] = mapped_column("metadata", JsonText)
    trace_id: Mapped[str | None] = mapped_column(Text, server_default="of the unit of work")


class BalanceSnapshotRow(DefaultBase):
    """Where an account stood at a month's end."""

    __tablename__ = "balance_snapshots"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    balance: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(_Moment)


class CheckpointRow(DefaultBase):
    """A signed statement of the account heads changed since the one before."""

    __tablename__ = "checkpoints"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(_Moment)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    head_count: Mapped[int] = mapped_column()
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointHeadRow(DefaultBase):
    """One account head a checkpoint speaks of."""

    __tablename__ = "checkpoint_heads"
    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    balance: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
