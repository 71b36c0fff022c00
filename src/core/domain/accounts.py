"""Accounts: where money is. Each holds one asset, for one purpose, with a lowest balance it may have."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.errors import Conflict, Rejected
from core.domain.identifiers import AccountId, TenantId, WalletId

WALLET_FLOOR = 0
"""A wallet never owes."""


class Purpose(StrEnum):
    """What an account is for. A wallet has a main account and, once it was needed, a reserve."""

    MAIN = "main"
    RESERVE = "reserve"
    TREASURY = "treasury"
    PROMOTIONS = "promotions"
    REVENUE = "revenue"
    ORDERS_IN_FULFILMENT = "orders_in_fulfilment"
    GATEWAY_CLEARING = "gateway_clearing"
    REFUNDS_IN_TRANSIT = "refunds_in_transit"
    FEES = "fees"
    SUSPENSE = "suspense"


NEVER_OWING = frozenset({Purpose.ORDERS_IN_FULFILMENT, Purpose.REFUNDS_IN_TRANSIT})
"""Money in doubt: what leaves such an account came into it before, so settling twice is refused by its floor."""

WALLET_PURPOSES = frozenset({Purpose.MAIN, Purpose.RESERVE})


class AccountStatus(StrEnum):
    """Frozen: refuses what a user or tenant begins. Closed: refuses everything."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class InsufficientFunds(Rejected):
    """The account would fall below its floor."""

    code = "insufficient_funds"
    title = "Not enough money"


class WalletFrozen(Rejected):
    """The wallet is frozen."""

    code = "wallet_frozen"
    title = "The wallet is frozen"


class WalletClosed(Rejected):
    """The wallet is closed for good."""

    code = "wallet_closed"
    title = "The wallet is closed"


class WalletInDebt(Rejected):
    """A dispute took the wallet below its floor: nothing leaves until credits clear that."""

    code = "wallet_in_debt"
    title = "The wallet is in debt"


class BalanceTooLarge(Rejected):
    """The balance would pass 2^53 - 1 minor units."""

    code = "balance_too_large"
    title = "The balance would be too large"


class WalletNotEmpty(Conflict):
    """A wallet closes only at zero."""

    code = "wallet_not_empty"
    title = "The wallet is not empty"


class InvalidStatusChange(Conflict):
    """Closed is for good."""

    code = "invalid_status_change"
    title = "The status cannot change so"


_ALLOWED_STATUS_CHANGES = frozenset(
    {
        (AccountStatus.ACTIVE, AccountStatus.FROZEN),
        (AccountStatus.FROZEN, AccountStatus.ACTIVE),
        (AccountStatus.ACTIVE, AccountStatus.CLOSED),
        (AccountStatus.FROZEN, AccountStatus.CLOSED),
    }
)


def check_status_change(current: AccountStatus, wanted: AccountStatus, *, total_minor: int) -> None:
    """
    Allow freeze, unfreeze and, at a total of zero minor units, close; the same status again changes nothing.

    Raises:
        InvalidStatusChange: From closed to anything else.
        WalletNotEmpty: On closing with money left, held money included.
    """
    if current is wanted:
        return
    if (current, wanted) not in _ALLOWED_STATUS_CHANGES:
        raise InvalidStatusChange(f"a {current} wallet cannot become {wanted}", pointer="#/status")
    if wanted is AccountStatus.CLOSED and total_minor != 0:
        raise WalletNotEmpty(
            f"{total_minor} minor units are left; move them away first", pointer="#/status", total=total_minor
        )


@dataclass(slots=True)
class Account:
    """
    One account as the Book works on it: read under lock, moved forward by each decision.

    Attributes:
        wallet_id: The wallet it belongs to, or None for an account of the tenant's own.
        floor: The lowest balance it may have in minor units, or None for no limit.
        debt_allowed: Below its floor by a dispute; cleared by credits.
        balance: Credits minus debits over its entries, in minor units.
        sequence: How many entries it has.
        chain: Hash over its last entry and, through it, all before (32 bytes).
        last_posted_at: When its last entry was posted.
    """

    tenant_id: TenantId
    id: AccountId
    asset: str
    purpose: Purpose
    wallet_id: WalletId | None
    floor: int | None
    status: AccountStatus
    debt_allowed: bool
    balance: int
    sequence: int
    chain: bytes
    last_posted_at: datetime
