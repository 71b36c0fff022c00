"""Failed orders, tried again by operators."""

from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency

from core.application.orders.retry_order import RetryOrder, RetryOrderHandler
from core.domain.identifiers import OrderId
from entrypoints.http.context import context_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.parameters import OrderInPath
from entrypoints.http.rendering import order_refusal, render_order
from entrypoints.http.schemas.orders import OrderResponse
from entrypoints.http.stored_response import StoredResponse


class OrderAdministrationController(Controller):
    """The operator's own tenant."""

    path = "/orders"
    tags = ["Administration"]

    @post("/{order_id:str}/retry", operation_id="RetryOrder", summary="Retry a failed order")
    async def retry(
        self, request: Request[Any, Any, Any], *, order_id: OrderInPath, retry_order: NamedDependency[RetryOrderHandler]
    ) -> Response[OrderResponse]:
        """Take the money again and ask the fulfilment service again, under a new key. Answers as placing does."""
        command = RetryOrder(
            **await money_request(request, order_refusal(context_of(request).request_id)),
            order_id=OrderId(order_id),
            render_order=render_order,
        )
        return StoredResponse(await retry_order(command))
