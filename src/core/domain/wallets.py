"""
Wallets, and the recipes: between which accounts each kind of movement runs.

A wallet is what a user sees: at most one per (tenant, user, asset). Its available money is its main account's
balance, its held money the reserve's.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from core.domain.accounts import AccountStatus, Purpose
from core.domain.errors import NotFound, Rejected
from core.domain.identifiers import (
    AccountId,
    TenantId,
    WalletId,
    main_account_id,
    reserve_account_id,
    system_account_id,
)
from core.domain.transfers import Leg, TransferType

_USER_ID = re.compile(r"[A-Za-z0-9_.:@|-]{1,128}")


class WalletNotFound(NotFound):
    """The tenant has no wallet of that id, or of that user and asset."""

    code = "wallet_not_found"
    title = "There is no such wallet"


class InvalidUserId(Rejected):
    """User ids are the tenant's own, within a plain alphabet."""

    code = "invalid_user_id"
    title = "The user id is not valid"


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """Minor units: available to spend, reserved by holds, and both together."""

    available: int
    reserved: int

    @property
    def total(self) -> int:
        """All that is the user's."""
        return self.available + self.reserved


@dataclass(frozen=True, slots=True)
class Wallet:
    """A user's wallet in one asset; *metadata* is canonical JSON text or None."""

    tenant_id: TenantId
    id: WalletId
    user_id: str
    asset: str
    status: AccountStatus
    balance: WalletBalance
    metadata: str | None
    created_at: datetime


def check_user_id(user_id: str) -> str:
    """
    Give *user_id* back when it may name a user: 1 to 128 of letters, digits and ``_ . : @ | -``.

    Raises:
        InvalidUserId: Otherwise.
    """
    if not _USER_ID.fullmatch(user_id):
        raise InvalidUserId("user_id must be 1 to 128 of letters, digits and _ . : @ | -", pointer="#/user_id")
    return user_id


RECIPES: dict[TransferType, frozenset[tuple[Purpose, Purpose]]] = {
    TransferType.TOPUP: frozenset({(Purpose.TREASURY, Purpose.MAIN)}),
    TransferType.BONUS: frozenset({(Purpose.PROMOTIONS, Purpose.MAIN)}),
    TransferType.SPEND: frozenset({(Purpose.MAIN, Purpose.REVENUE)}),
    TransferType.CREDIT: frozenset({(Purpose.TREASURY, Purpose.MAIN)}),
    TransferType.DEBIT: frozenset({(Purpose.MAIN, Purpose.TREASURY)}),
    TransferType.TRANSFER: frozenset({(Purpose.MAIN, Purpose.MAIN)}),
    TransferType.HOLD: frozenset({(Purpose.MAIN, Purpose.RESERVE)}),
    TransferType.CAPTURE: frozenset({(Purpose.RESERVE, Purpose.REVENUE), (Purpose.RESERVE, Purpose.MAIN)}),
    TransferType.RELEASE: frozenset({(Purpose.RESERVE, Purpose.MAIN)}),
    TransferType.EXPIRY: frozenset({(Purpose.RESERVE, Purpose.MAIN)}),
    TransferType.ORDER_PAYMENT: frozenset({(Purpose.MAIN, Purpose.ORDERS_IN_FULFILMENT)}),
    TransferType.ORDER_COMPLETION: frozenset({(Purpose.ORDERS_IN_FULFILMENT, Purpose.REVENUE)}),
    TransferType.ORDER_RETURN: frozenset({(Purpose.ORDERS_IN_FULFILMENT, Purpose.MAIN)}),
    TransferType.PAYMENT: frozenset(
        {(Purpose.GATEWAY_CLEARING, Purpose.MAIN), (Purpose.GATEWAY_CLEARING, Purpose.SUSPENSE)}
    ),
    TransferType.PAYMENT_FEE: frozenset({(Purpose.FEES, Purpose.GATEWAY_CLEARING)}),
    TransferType.REFUND: frozenset(
        {
            (Purpose.MAIN, Purpose.REFUNDS_IN_TRANSIT),
            (Purpose.MAIN, Purpose.GATEWAY_CLEARING),
            (Purpose.SUSPENSE, Purpose.GATEWAY_CLEARING),
        }
    ),
    TransferType.REFUND_COMPLETION: frozenset({(Purpose.REFUNDS_IN_TRANSIT, Purpose.GATEWAY_CLEARING)}),
    TransferType.REFUND_RETURN: frozenset(
        {
            (Purpose.REFUNDS_IN_TRANSIT, Purpose.MAIN),
            (Purpose.GATEWAY_CLEARING, Purpose.MAIN),
            (Purpose.REFUNDS_IN_TRANSIT, Purpose.SUSPENSE),
            (Purpose.GATEWAY_CLEARING, Purpose.SUSPENSE),
        }
    ),
    TransferType.REVERSAL: frozenset(
        {
            (Purpose.MAIN, Purpose.TREASURY),
            (Purpose.MAIN, Purpose.PROMOTIONS),
            (Purpose.REVENUE, Purpose.MAIN),
            (Purpose.TREASURY, Purpose.MAIN),
            (Purpose.MAIN, Purpose.MAIN),
        }
    ),
}
"""Debit purpose and credit purpose of each type's legs; whatever else is asked for names no wallet."""

WITHIN_ONE_WALLET = frozenset({TransferType.HOLD, TransferType.RELEASE, TransferType.EXPIRY})
"""These move between the two accounts of one wallet."""

COUNTERPART: dict[TransferType, Purpose] = {
    TransferType.TOPUP: Purpose.TREASURY,
    TransferType.BONUS: Purpose.PROMOTIONS,
    TransferType.SPEND: Purpose.REVENUE,
    TransferType.CREDIT: Purpose.TREASURY,
    TransferType.DEBIT: Purpose.TREASURY,
}
"""The tenant's own account on the other side of a movement that names one wallet."""

OPENING_TYPES = frozenset({TransferType.TOPUP, TransferType.BONUS, TransferType.CREDIT})
"""What brings money in from the tenant; named by user, it opens the wallet that is missing."""


def counterpart_leg(type_: TransferType, *, tenant_id: TenantId, wallet_id: WalletId, asset: str, amount: int) -> Leg:
    """The leg of a top-up, bonus, spend, credit or debit of *amount* minor units."""
    counterpart = system_account_id(tenant_id, COUNTERPART[type_], asset)
    main = main_account_id(wallet_id)
    return Leg(counterpart, main, amount) if type_ in OPENING_TYPES else Leg(main, counterpart, amount)


def hold_leg(*, wallet_id: WalletId, amount: int) -> Leg:
    """The leg that sets *amount* minor units aside."""
    return Leg(main_account_id(wallet_id), reserve_account_id(wallet_id), amount)


def capture_destination(*, tenant_id: TenantId, asset: str, to_wallet_id: WalletId | None) -> AccountId:
    """Where captured money goes: the named wallet, or the tenant's revenue."""
    if to_wallet_id is not None:
        return main_account_id(to_wallet_id)
    return system_account_id(tenant_id, Purpose.REVENUE, asset)
