"""Top-ups, bonuses and spends by user and asset."""

from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.transfers.move_user_money import MoveUserMoney, MoveUserMoneyHandler
from core.domain.transfers import TransferType
from entrypoints.http.context import context_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.rendering import transfer_rendering
from entrypoints.http.schemas.transfers import (
    TransferResponse,
    UserBonusRequest,
    UserSpendRequest,
    UserTopUpRequest,
)
from entrypoints.http.stored_response import StoredResponse


class UserMovementController(Controller):
    """Each needs an Idempotency-Key."""

    path = "/"
    tags = ["Movements"]

    @post("/topups", operation_id="TopUpUser", summary="Top a user up")
    async def topup(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[UserTopUpRequest],
        move_user_money: NamedDependency[MoveUserMoneyHandler],
    ) -> Response[TransferResponse]:
        """Opens the user's wallet in that asset if there is none."""
        return await _move(request, TransferType.TOPUP, data, move_user_money)

    @post("/bonuses", operation_id="GrantUserBonus", summary="Grant a user a bonus")
    async def bonus(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[UserBonusRequest],
        move_user_money: NamedDependency[MoveUserMoneyHandler],
    ) -> Response[TransferResponse]:
        """Opens the user's wallet in that asset if there is none."""
        return await _move(request, TransferType.BONUS, data, move_user_money)

    @post("/spends", operation_id="SpendByUser", summary="Spend by user")
    async def spend(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[UserSpendRequest],
        move_user_money: NamedDependency[MoveUserMoneyHandler],
    ) -> Response[TransferResponse]:
        """From the user's wallet in that asset, which must be there."""
        return await _move(request, TransferType.SPEND, data, move_user_money)


async def _move(
    request: Request[Any, Any, Any],
    type_: TransferType,
    data: UserTopUpRequest | UserBonusRequest | UserSpendRequest,
    move_user_money: MoveUserMoneyHandler,
) -> Response[TransferResponse]:
    command = MoveUserMoney(
        **await money_request(request, transfer_rendering(context_of(request).request_id)),
        type=type_,
        user_id=data.user_id,
        asset=data.asset,
        amount=data.amount,
        details=data.details(),
    )
    return StoredResponse(await move_user_money(command))
