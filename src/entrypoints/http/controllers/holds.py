"""Holds: reserve, capture, release."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from core.application.holds.capture_hold import CaptureHold, CaptureHoldHandler
from core.application.holds.place_hold import PlaceHold, PlaceHoldHandler
from core.application.holds.read_holds import ReadHoldsHandler
from core.application.holds.release_hold import ReleaseHold, ReleaseHoldHandler
from core.domain.identifiers import HoldId, WalletId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, HoldInPath, Limit, WalletFilter, read_parameter
from entrypoints.http.positions import HoldPosition
from entrypoints.http.rendering import hold_rendering
from entrypoints.http.schemas.holds import (
    CaptureHoldRequest,
    HoldMovementResponse,
    HoldResponse,
    PlaceHoldRequest,
    ReleaseHoldRequest,
)
from entrypoints.http.stored_response import StoredResponse
from ports.clock import Clock


class HoldController(Controller):
    """Money set aside."""

    path = "/holds"
    tags = ["Holds"]

    @post(operation_id="PlaceHold", summary="Place a hold")
    async def place(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[PlaceHoldRequest],
        place_hold: NamedDependency[PlaceHoldHandler],
    ) -> Response[HoldMovementResponse]:
        """Set money of a wallet aside until it is captured, released or expires."""
        command = PlaceHold(
            **await money_request(request, hold_rendering(context_of(request).request_id, placing=True)),
            wallet_id=WalletId(data.wallet_id),
            amount=data.amount,
            lifetime=data.lifetime(),
            details=data.details(),
        )
        return StoredResponse(await place_hold(command))

    @get(operation_id="ListHolds", summary="List holds")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_holds: NamedDependency[ReadHoldsHandler],
        clock: NamedDependency[SkipValidation[Clock]],
        wallet_id: WalletFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[HoldResponse]:
        """All holds, or those of one wallet, newest first."""
        before = read_cursor(cursor, HoldPosition)
        of_wallet = read_parameter(wallet_id, UUID, "wallet_id")
        holds = await read_holds.page(
            principal_of(request).tenant_id,
            wallet_id=None if of_wallet is None else WalletId(of_wallet),
            before=None if before is None else HoldId(before.id),
            limit=limit + 1,
        )
        now = clock.now()
        return one_page(holds, limit, lambda hold: HoldResponse.of(hold, now=now), lambda hold: HoldPosition(hold.id))

    @get("/{hold_id:str}", operation_id="GetHold", summary="Read a hold")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        hold_id: HoldInPath,
        read_holds: NamedDependency[ReadHoldsHandler],
        clock: NamedDependency[SkipValidation[Clock]],
    ) -> HoldResponse:
        """The hold as it is; past its time it shows as expired at once."""
        return HoldResponse.of(await read_holds.get(principal_of(request).tenant_id, HoldId(hold_id)), now=clock.now())

    @post(
        "/{hold_id:str}/capture",
        operation_id="CaptureHold",
        summary="Capture a hold",
        status_code=200,
    )
    async def capture(
        self,
        request: Request[Any, Any, Any],
        *,
        hold_id: HoldInPath,
        data: JSONBody[CaptureHoldRequest],
        capture_hold: NamedDependency[CaptureHoldHandler],
    ) -> Response[HoldMovementResponse]:
        """All that remains, or a part, again and again until it is final."""
        command = CaptureHold(
            **await money_request(request, hold_rendering(context_of(request).request_id, placing=False)),
            hold_id=HoldId(hold_id),
            amount=data.amount,
            final=data.final,
            to_wallet_id=None if data.to_wallet_id is None else WalletId(data.to_wallet_id),
            details=data.details(),
        )
        return StoredResponse(await capture_hold(command))

    @post(
        "/{hold_id:str}/release",
        operation_id="ReleaseHold",
        summary="Release a hold",
        status_code=200,
    )
    async def release(
        self,
        request: Request[Any, Any, Any],
        *,
        hold_id: HoldInPath,
        data: JSONBody[ReleaseHoldRequest],
        release_hold: NamedDependency[ReleaseHoldHandler],
    ) -> Response[HoldMovementResponse]:
        """What remains goes back to the wallet."""
        command = ReleaseHold(
            **await money_request(request, hold_rendering(context_of(request).request_id, placing=False)),
            hold_id=HoldId(hold_id),
            details=data.details(),
        )
        return StoredResponse(await release_hold(command))
