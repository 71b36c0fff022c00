"""Wallets over the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.application.wallets.change_wallet import ChangeWallet
from core.application.wallets.open_wallet import OpenWallet
from core.domain.accounts import AccountStatus
from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import Wallet, WalletBalance
from entrypoints.http.schemas.fields import (
    AssetCode,
    Metadata,
    Request,
    StoredMetadata,
    UserId,
    canonical_metadata,
    raw_json,
)


class OpenWalletRequest(Request, frozen=True, kw_only=True):
    """A wallet for a user in one asset."""

    user_id: UserId
    asset: AssetCode
    metadata: Metadata | None = None

    def to_command(self, tenant_id: TenantId, *, trace_id: str) -> OpenWallet:
        """The same for the core."""
        return OpenWallet(
            tenant_id=tenant_id,
            user_id=self.user_id,
            asset=self.asset,
            metadata=canonical_metadata(self.metadata),
            trace_id=trace_id,
        )


class ChangeWalletRequest(Request, frozen=True, kw_only=True):
    """What is left out stays as it is; metadata null clears it."""

    status: AccountStatus | None = None
    metadata: Metadata | UnsetType | None = UNSET

    def to_command(self, tenant_id: TenantId, wallet_id: WalletId) -> ChangeWallet:
        """The same for the core."""
        metadata = None if self.metadata is UNSET or self.metadata is None else canonical_metadata(self.metadata)
        return ChangeWallet(
            tenant_id=tenant_id,
            wallet_id=wallet_id,
            status=self.status,
            metadata=metadata,
            replaces_metadata=self.metadata is not UNSET,
        )


class BalanceResponse(msgspec.Struct, frozen=True):
    """Minor units: what may be spent, what holds keep, and both together."""

    available: int
    reserved: int
    total: int

    @classmethod
    def of(cls, balance: WalletBalance) -> Self:
        """As clients read it."""
        return cls(balance.available, balance.reserved, balance.total)


class WalletResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet with its balance."""

    id: UUID
    user_id: str
    asset: str
    status: AccountStatus
    balance: BalanceResponse
    metadata: StoredMetadata | None
    created_at: datetime

    @classmethod
    def of(cls, wallet: Wallet) -> Self:
        """As clients read it."""
        return cls(
            id=wallet.id,
            user_id=wallet.user_id,
            asset=wallet.asset,
            status=wallet.status,
            balance=BalanceResponse.of(wallet.balance),
            metadata=raw_json(wallet.metadata),
            created_at=wallet.created_at,
        )


class WalletBalanceResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's balance, now or at the instant asked for."""

    wallet_id: UUID
    asset: str
    at: datetime | None
    balance: BalanceResponse


class UserBalancesResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All of a user's wallets."""

    user_id: str
    wallets: list[WalletResponse]
