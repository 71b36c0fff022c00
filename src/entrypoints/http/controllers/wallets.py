"""Wallets: open, read, change."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from core.application.wallets.change_wallet import ChangeWalletHandler
from core.application.wallets.open_wallet import OpenWalletHandler
from core.application.wallets.read_wallets import ReadWalletsHandler
from core.domain.identifiers import WalletId
from entrypoints.http.context import principal_of
from entrypoints.http.instants import aware
from entrypoints.http.openapi import CHANGING, READING
from entrypoints.http.pagination import DEFAULT_PAGE, Cursor, Limit, Page, read_cursor, write_cursor
from entrypoints.http.schemas.wallets import (
    BalanceResponse,
    ChangeWalletRequest,
    OpenWalletRequest,
    WalletBalanceResponse,
    WalletResponse,
)


class WalletController(Controller):
    """What users have."""

    path = "/wallets"
    tags = ["Wallets"]

    @post(operation_id="OpenWallet", summary="Open a wallet", responses=CHANGING)
    async def open(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[OpenWalletRequest],
        open_wallet: NamedDependency[OpenWalletHandler],
    ) -> Response[WalletResponse]:
        """One wallet per user and asset. The same again answers 200 with the wallet that is there."""
        wallet, is_new = await open_wallet(data.to_command(principal_of(request).tenant_id))
        return Response(WalletResponse.of(wallet), status_code=201 if is_new else 200)

    @get(operation_id="ListWallets", summary="List wallets", responses=READING)
    async def page(
        self,
        request: Request[Any, Any, Any],
        read_wallets: NamedDependency[ReadWalletsHandler],
        user_id: Annotated[str | None, QueryParameter(max_length=128, required=False)] = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[WalletResponse]:
        """All wallets, or those of one user, oldest first."""
        after = read_cursor(cursor, tuple[UUID])
        wallets = await read_wallets.page(
            principal_of(request).tenant_id,
            user_id=user_id,
            after=None if after is None else WalletId(after[0]),
            limit=limit,
        )
        more = write_cursor(wallets[-1].id) if len(wallets) == limit else None
        return Page([WalletResponse.of(wallet) for wallet in wallets], more)

    @get("/{wallet_id:uuid}", operation_id="GetWallet", summary="Read a wallet", responses=READING)
    async def read(
        self,
        request: Request[Any, Any, Any],
        wallet_id: FromPath[UUID],
        read_wallets: NamedDependency[ReadWalletsHandler],
    ) -> WalletResponse:
        """The wallet with its balance now."""
        return WalletResponse.of(await read_wallets.get(principal_of(request).tenant_id, WalletId(wallet_id)))

    @patch("/{wallet_id:uuid}", operation_id="ChangeWallet", summary="Change a wallet", responses=CHANGING)
    async def change(
        self,
        request: Request[Any, Any, Any],
        wallet_id: FromPath[UUID],
        data: JSONBody[ChangeWalletRequest],
        change_wallet: NamedDependency[ChangeWalletHandler],
    ) -> WalletResponse:
        """Freeze, unfreeze or close it (close only at zero), or replace its metadata."""
        command = data.to_command(principal_of(request).tenant_id, WalletId(wallet_id))
        return WalletResponse.of(await change_wallet(command))

    @get("/{wallet_id:uuid}/balance", operation_id="GetBalance", summary="Read a balance", responses=READING)
    async def balance(
        self,
        request: Request[Any, Any, Any],
        wallet_id: FromPath[UUID],
        read_wallets: NamedDependency[ReadWalletsHandler],
        at: Annotated[datetime | None, QueryParameter(description="RFC 3339; now unless said.", required=False)] = None,
    ) -> WalletBalanceResponse:
        """The balance now, or as it was at a past instant."""
        tenant_id = principal_of(request).tenant_id
        if at is None:
            wallet = await read_wallets.get(tenant_id, WalletId(wallet_id))
            balance = wallet.balance
        else:
            wallet, balance = await read_wallets.balance_at(tenant_id, WalletId(wallet_id), aware(at))
        return WalletBalanceResponse(
            wallet_id=wallet.id, asset=wallet.asset, at=at, balance=BalanceResponse.of(balance)
        )
