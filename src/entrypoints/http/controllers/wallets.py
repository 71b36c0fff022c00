"""Wallets: open, read, change."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation

from core.application.wallets.change_wallet import ChangeWalletHandler
from core.application.wallets.open_wallet import OpenWalletHandler
from core.application.wallets.read_wallets import ReadWalletsHandler
from core.domain.identifiers import WalletId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.instants import read_past_instant
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit, UserFilter, WalletInPath
from entrypoints.http.positions import WalletPosition
from entrypoints.http.schemas.wallets import (
    BalanceResponse,
    ChangeWalletRequest,
    OpenWalletRequest,
    WalletBalanceResponse,
    WalletResponse,
)
from ports.clock import Clock

At = Annotated[
    str | None,
    QueryParameter(
        required=False,
        schema_extra={"format": "date-time"},
        description="A past instant, RFC 3339 with offset; now, when left out.",
    ),
]


class WalletController(Controller):
    """What users have."""

    path = "/wallets"
    tags = ["Wallets"]

    @post(operation_id="OpenWallet", summary="Open a wallet")
    async def open(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[OpenWalletRequest],
        open_wallet: NamedDependency[OpenWalletHandler],
    ) -> Response[WalletResponse]:
        """One wallet per user and asset. The same again answers 200 with the wallet that is there."""
        wallet, is_new = await open_wallet(
            data.to_command(principal_of(request).tenant_id, trace_id=context_of(request).trace_id)
        )
        return Response(WalletResponse.of(wallet), status_code=201 if is_new else 200)

    @get(operation_id="ListWallets", summary="List wallets")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_wallets: NamedDependency[ReadWalletsHandler],
        user_id: UserFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[WalletResponse]:
        """All wallets, or those of one user, oldest first."""
        after = read_cursor(cursor, WalletPosition)
        wallets = await read_wallets.page(
            principal_of(request).tenant_id,
            user_id=user_id,
            after=None if after is None else WalletId(after.id),
            limit=limit + 1,
        )
        return one_page(wallets, limit, WalletResponse.of, lambda wallet: WalletPosition(wallet.id))

    @get("/{wallet_id:str}", operation_id="GetWallet", summary="Read a wallet")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        read_wallets: NamedDependency[ReadWalletsHandler],
    ) -> WalletResponse:
        """The wallet with its balance now."""
        return WalletResponse.of(await read_wallets.get(principal_of(request).tenant_id, WalletId(wallet_id)))

    @patch("/{wallet_id:str}", operation_id="ChangeWallet", summary="Change a wallet")
    async def change(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[ChangeWalletRequest],
        change_wallet: NamedDependency[ChangeWalletHandler],
    ) -> WalletResponse:
        """Freeze, unfreeze or close it (close only at zero), or replace its metadata."""
        command = data.to_command(principal_of(request).tenant_id, WalletId(wallet_id))
        return WalletResponse.of(await change_wallet(command))

    @get("/{wallet_id:str}/balance", operation_id="GetBalance", summary="Read a balance")
    async def balance(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        read_wallets: NamedDependency[ReadWalletsHandler],
        clock: NamedDependency[SkipValidation[Clock]],
        at: At = None,
    ) -> WalletBalanceResponse:
        """The balance now, or as it was at a past instant (movements of that very microsecond included)."""
        tenant_id = principal_of(request).tenant_id
        moment = None if at is None else read_past_instant(at, "at", now=clock.now())
        if moment is None:
            wallet = await read_wallets.get(tenant_id, WalletId(wallet_id))
            balance = wallet.balance
        else:
            wallet, balance = await read_wallets.balance_at(tenant_id, WalletId(wallet_id), moment)
        return WalletBalanceResponse(
            wallet_id=wallet.id, asset=wallet.asset, at=moment, balance=BalanceResponse.of(balance)
        )
