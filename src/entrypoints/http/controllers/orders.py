"""Orders: paid from a wallet, handed over by your fulfilment service."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from core.application.orders.place_order import PlaceOrder, PlaceOrderHandler
from core.application.orders.read_orders import ReadOrdersHandler
from core.domain.identifiers import OrderId, WalletId
from core.domain.orders import OrderStatus
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit, OrderInPath, WalletFilter, read_parameter
from entrypoints.http.positions import OrderPosition
from entrypoints.http.rendering import order_refusal, render_order
from entrypoints.http.schemas.orders import OrderResponse, PlaceOrderRequest
from entrypoints.http.stored_response import StoredResponse

StatusFilter = Annotated[
    str | None,
    QueryParameter(
        required=False,
        schema_extra={"enum": [status.value for status in OrderStatus]},
        description="Only orders of this status.",
    ),
]


class OrderController(Controller):
    """What users pay for."""

    path = "/orders"
    tags = ["Orders"]

    @post(operation_id="PlaceOrder", summary="Place an order")
    async def place(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[PlaceOrderRequest],
        place_order: NamedDependency[PlaceOrderHandler],
    ) -> Response[OrderResponse]:
        """
        Take the money and have the order handed over. 201 when it has ended: completed, or failed with the money back
        in the wallet. 202 while the fulfilment service has not answered; read the order again, or wait for its event.
        """
        command = PlaceOrder(
            **await money_request(request, order_refusal(context_of(request).request_id)),
            wallet_id=None if data.wallet_id is None else WalletId(data.wallet_id),
            user_id=data.user_id,
            asset=data.asset,
            amount=data.amount,
            items=data.canonical_items(),
            details=data.details(),
            render_order=render_order,
        )
        return StoredResponse(await place_order(command))

    @get(operation_id="ListOrders", summary="List orders")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_orders: NamedDependency[ReadOrdersHandler],
        wallet_id: WalletFilter = None,
        status: StatusFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[OrderResponse]:
        """All orders, or those of one wallet or status, newest first."""
        before = read_cursor(cursor, OrderPosition)
        of_wallet = read_parameter(wallet_id, UUID, "wallet_id")
        orders = await read_orders.page(
            principal_of(request).tenant_id,
            wallet_id=None if of_wallet is None else WalletId(of_wallet),
            status=read_parameter(status, OrderStatus, "status"),
            before=None if before is None else OrderId(before.id),
            limit=limit + 1,
        )
        return one_page(orders, limit, OrderResponse.of, lambda order: OrderPosition(order.id))

    @get("/{order_id:str}", operation_id="GetOrder", summary="Read an order")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        order_id: OrderInPath,
        read_orders: NamedDependency[ReadOrdersHandler],
    ) -> OrderResponse:
        """The order as it stands."""
        return OrderResponse.of(await read_orders.get(principal_of(request).tenant_id, OrderId(order_id)))
