"""Money into and out of users' wallets, by operators."""

from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.transfers.move_user_money import MoveUserMoney, MoveUserMoneyHandler
from core.domain.transfers import TransferType
from entrypoints.http.context import context_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.parameters import UserInPath
from entrypoints.http.rendering import transfer_rendering
from entrypoints.http.schemas.operations import AdministeredMovementRequest
from entrypoints.http.schemas.transfers import TransferResponse
from entrypoints.http.stored_response import StoredResponse


class UserAdministrationController(Controller):
    """The operator's own tenant."""

    path = "/users/{user_id:str}"
    tags = ["Administration"]

    @post("/credit", operation_id="CreditUser", summary="Credit a user")
    async def credit(
        self,
        request: Request[Any, Any, Any],
        *,
        user_id: UserInPath,
        data: JSONBody[AdministeredMovementRequest],
        move_user_money: NamedDependency[MoveUserMoneyHandler],
    ) -> Response[TransferResponse]:
        """An adjustment in the user's favour; opens the wallet in that asset if there is none."""
        return await _move(request, TransferType.CREDIT, user_id, data, move_user_money)

    @post("/debit", operation_id="DebitUser", summary="Debit a user")
    async def debit(
        self,
        request: Request[Any, Any, Any],
        *,
        user_id: UserInPath,
        data: JSONBody[AdministeredMovementRequest],
        move_user_money: NamedDependency[MoveUserMoneyHandler],
    ) -> Response[TransferResponse]:
        """An adjustment against the user, from the wallet in that asset, which must be there."""
        return await _move(request, TransferType.DEBIT, user_id, data, move_user_money)


async def _move(
    request: Request[Any, Any, Any],
    type_: TransferType,
    user_id: str,
    data: AdministeredMovementRequest,
    move_user_money: MoveUserMoneyHandler,
) -> Response[TransferResponse]:
    command = MoveUserMoney(
        **await money_request(request, transfer_rendering(context_of(request).request_id)),
        type=type_,
        user_id=user_id,
        asset=data.asset,
        amount=data.amount,
        details=data.details(),
    )
    return StoredResponse(await move_user_money(command))
