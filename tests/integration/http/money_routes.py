"""Every request that moves money, as data, for the rules that hold for all of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from conftest import Tenant, register_tenant
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant with Alice, who is rich, Bob, a pending hold and a transfer that may be reversed."""

    tenant: Tenant
    user_id: str
    alice: str
    bob: str
    hold: str
    transfer: str


@dataclass(frozen=True, slots=True)
class MoneyRoute:
    """
    One way to move money.

    Attributes:
        operation: Its operationId.
        repeats: Whether the same request with a fresh key moves money again.
    """

    operation: str
    path: Callable[[Shop], str]
    body: Callable[[Shop], Body]
    status: int = 201
    repeats: bool = True

    @property
    def has_amount(self) -> bool:
        """Whether the body itself has an amount."""
        return self.operation not in {"ReverseTransfer", "ReleaseHold", "CreateTransferBatch"}


def _of_alice(action: str) -> Callable[[Shop], str]:
    return lambda shop: f"/v1/wallets/{shop.alice}/{action}"


def _always(path: str) -> Callable[[Shop], str]:
    return lambda _shop: path


def _amount(_shop: Shop) -> Body:
    return {"amount": 5}


def _by_user(shop: Shop) -> Body:
    return {"user_id": shop.user_id, "asset": "USD", "amount": 5}


def _between(shop: Shop) -> Body:
    return {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 5}


MONEY_ROUTES = (
    MoneyRoute("CreditWallet", _of_alice("credit"), _amount),
    MoneyRoute("DebitWallet", _of_alice("debit"), _amount),
    MoneyRoute("TopUpWallet", _of_alice("topup"), _amount),
    MoneyRoute("GrantBonus", _of_alice("bonus"), _amount),
    MoneyRoute("SpendFromWallet", _of_alice("spend"), _amount),
    MoneyRoute("SendFromWallet", _of_alice("transfer"), lambda shop: {"to_wallet_id": shop.bob, "amount": 5}),
    MoneyRoute("TopUpUser", _always("/v1/topups"), _by_user),
    MoneyRoute("GrantUserBonus", _always("/v1/bonuses"), _by_user),
    MoneyRoute("SpendByUser", _always("/v1/spends"), _by_user),
    MoneyRoute("CreateTransfer", _always("/v1/transfers"), _between),
    MoneyRoute(
        "CreateTransferBatch",
        _always("/v1/transfers/batch"),
        lambda shop: {"mode": "atomic", "transfers": [_between(shop)]},
    ),
    MoneyRoute(
        "ReverseTransfer", lambda shop: f"/v1/transfers/{shop.transfer}/reverse", lambda _shop: {}, repeats=False
    ),
    MoneyRoute("PlaceHold", _always("/v1/holds"), lambda shop: {"wallet_id": shop.alice, "amount": 5}),
    MoneyRoute("CaptureHold", lambda shop: f"/v1/holds/{shop.hold}/capture", _amount, status=200),
    MoneyRoute(
        "ReleaseHold", lambda shop: f"/v1/holds/{shop.hold}/release", lambda _shop: {}, status=200, repeats=False
    ),
)
AMOUNT_ROUTES = tuple(route for route in MONEY_ROUTES if route.has_amount)


@asynccontextmanager
async def tenant_with_client(api: ApiProcess, container: Container) -> AsyncIterator[Tenant]:
    """A tenant for the time of the block, for fixtures that many tests share."""
    tenant_id, api_key, operator_key = await register_tenant(container)
    headers, limits = {"Authorization": f"Bearer {api_key}"}, httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=api.base_url, headers=headers, timeout=30, limits=limits) as client:
        yield Tenant(tenant_id, api_key, operator_key, client)


async def open_shop(tenant: Tenant, *, user_id: str = "alice") -> Shop:
    """A shop for a user of that id, Alice."""
    alice = await tenant.wallet(user_id, balance=1_000_000)
    bob = await tenant.wallet(f"bob-of-{user_id}")
    hold = await tenant.post("/v1/holds", {"wallet_id": alice, "amount": 1000})
    sent = await tenant.post("/v1/transfers", {"from_wallet_id": alice, "to_wallet_id": bob, "amount": 100})
    assert (hold.status_code, sent.status_code) == (201, 201)
    return Shop(tenant, user_id, alice, bob, hold.json()["hold"]["id"], sent.json()["id"])


def fresh_key() -> dict[str, str]:
    """Headers with an idempotency key nobody used."""
    return {"Idempotency-Key": uuid4().hex}


def ids(route: MoneyRoute) -> str:
    """A route's name in the test report."""
    return route.operation
