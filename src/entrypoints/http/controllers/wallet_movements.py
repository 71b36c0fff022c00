"""Money into, out of and between wallets, from one wallet's point of view."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.transfers.move_wallet_money import MoveWalletMoney, MoveWalletMoneyHandler
from core.application.transfers.transfer_between_wallets import (
    TransferBetweenWallets,
    TransferBetweenWalletsHandler,
    WalletLeg,
)
from core.domain.identifiers import WalletId
from core.domain.transfers import TransferType
from entrypoints.http.context import context_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.parameters import WalletInPath
from entrypoints.http.rendering import transfer_rendering
from entrypoints.http.schemas.transfers import (
    BonusRequest,
    CreditRequest,
    DebitRequest,
    SendRequest,
    SpendRequest,
    TopUpRequest,
    TransferResponse,
)
from entrypoints.http.stored_response import StoredResponse

_Movement = TopUpRequest | BonusRequest | SpendRequest | CreditRequest | DebitRequest


class WalletMovementController(Controller):
    """Each needs an Idempotency-Key."""

    path = "/wallets/{wallet_id:str}"
    tags = ["Movements"]

    @post("/credit", operation_id="CreditWallet", summary="Credit a wallet")
    async def credit(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[CreditRequest],
        move_wallet_money: NamedDependency[MoveWalletMoneyHandler],
    ) -> Response[TransferResponse]:
        """An adjustment in the user's favour, from your treasury."""
        return await _move(request, TransferType.CREDIT, wallet_id, data, move_wallet_money)

    @post("/debit", operation_id="DebitWallet", summary="Debit a wallet")
    async def debit(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[DebitRequest],
        move_wallet_money: NamedDependency[MoveWalletMoneyHandler],
    ) -> Response[TransferResponse]:
        """An adjustment against the user, into your treasury."""
        return await _move(request, TransferType.DEBIT, wallet_id, data, move_wallet_money)

    @post("/topup", operation_id="TopUpWallet", summary="Top a wallet up")
    async def topup(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[TopUpRequest],
        move_wallet_money: NamedDependency[MoveWalletMoneyHandler],
    ) -> Response[TransferResponse]:
        """Points bought, or external money already taken, from your treasury."""
        return await _move(request, TransferType.TOPUP, wallet_id, data, move_wallet_money)

    @post("/bonus", operation_id="GrantBonus", summary="Grant a bonus")
    async def bonus(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[BonusRequest],
        move_wallet_money: NamedDependency[MoveWalletMoneyHandler],
    ) -> Response[TransferResponse]:
        """A present, from your promotions."""
        return await _move(request, TransferType.BONUS, wallet_id, data, move_wallet_money)

    @post("/spend", operation_id="SpendFromWallet", summary="Spend from a wallet")
    async def spend(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[SpendRequest],
        move_wallet_money: NamedDependency[MoveWalletMoneyHandler],
    ) -> Response[TransferResponse]:
        """The user pays you: into your revenue."""
        return await _move(request, TransferType.SPEND, wallet_id, data, move_wallet_money)

    @post("/transfer", operation_id="SendFromWallet", summary="Send to another wallet")
    async def transfer(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[SendRequest],
        transfer_between_wallets: NamedDependency[TransferBetweenWalletsHandler],
    ) -> Response[TransferResponse]:
        """To another wallet of the same asset."""
        command = TransferBetweenWallets(
            **await money_request(request, transfer_rendering(context_of(request).request_id)),
            legs=[WalletLeg(WalletId(wallet_id), WalletId(data.to_wallet_id), data.amount)],
            details=data.details(),
        )
        return StoredResponse(await transfer_between_wallets(command))


async def _move(
    request: Request[Any, Any, Any],
    type_: TransferType,
    wallet_id: UUID,
    data: _Movement,
    move_wallet_money: MoveWalletMoneyHandler,
) -> Response[TransferResponse]:
    command = MoveWalletMoney(
        **await money_request(request, transfer_rendering(context_of(request).request_id)),
        type=type_,
        wallet_id=WalletId(wallet_id),
        amount=data.amount,
        details=data.details(),
    )
    return StoredResponse(await move_wallet_money(command))
