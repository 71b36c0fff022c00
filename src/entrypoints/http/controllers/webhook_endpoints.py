"""Webhook endpoints: where you want to hear of events."""

from typing import Any

from litestar import Controller, Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.webhooks.change_endpoint import ChangeEndpointHandler
from core.application.webhooks.delete_endpoint import DeleteEndpointHandler
from core.application.webhooks.read_endpoints import ReadEndpointsHandler
from core.application.webhooks.register_endpoint import RegisterEndpointHandler
from core.application.webhooks.rotate_secret import RotateSecretHandler
from core.application.webhooks.send_test_event import SendTestEventHandler
from core.domain.identifiers import WebhookEndpointId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, EndpointInPath, Limit
from entrypoints.http.positions import WebhookEndpointPosition
from entrypoints.http.schemas.webhook_endpoints import (
    ChangeEndpointRequest,
    RegisterEndpointRequest,
    RotateSecretRequest,
    TestEventResponse,
    WebhookEndpointResponse,
    WebhookEndpointWithSecretResponse,
)


class WebhookEndpointController(Controller):
    """Receivers of webhooks."""

    path = "/webhook-endpoints"
    tags = ["Webhooks"]

    @post(operation_id="RegisterWebhookEndpoint", summary="Register an endpoint")
    async def register(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[RegisterEndpointRequest],
        register_webhook_endpoint: NamedDependency[RegisterEndpointHandler],
    ) -> WebhookEndpointWithSecretResponse:
        """Events are sent there from now on. The answer shows the secret that signs them: keep it, it is not shown
        again.
        """
        command = data.to_command(principal_of(request).tenant_id, trace_id=context_of(request).trace_id)
        return WebhookEndpointWithSecretResponse.of(await register_webhook_endpoint(command))

    @get(operation_id="ListWebhookEndpoints", summary="List endpoints")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_webhook_endpoints: NamedDependency[ReadEndpointsHandler],
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[WebhookEndpointResponse]:
        """Oldest first, without their secrets."""
        after = read_cursor(cursor, WebhookEndpointPosition)
        endpoints = await read_webhook_endpoints.page(
            principal_of(request).tenant_id,
            after=None if after is None else WebhookEndpointId(after.id),
            limit=limit + 1,
        )
        return one_page(
            endpoints, limit, WebhookEndpointResponse.of, lambda endpoint: WebhookEndpointPosition(endpoint.id)
        )

    @get("/{endpoint_id:str}", operation_id="GetWebhookEndpoint", summary="Read an endpoint")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        endpoint_id: EndpointInPath,
        read_webhook_endpoints: NamedDependency[ReadEndpointsHandler],
    ) -> WebhookEndpointResponse:
        """The endpoint as it stands, without its secrets."""
        found = await read_webhook_endpoints.get(principal_of(request).tenant_id, WebhookEndpointId(endpoint_id))
        return WebhookEndpointResponse.of(found)

    @patch("/{endpoint_id:str}", operation_id="ChangeWebhookEndpoint", summary="Change an endpoint")
    async def change(
        self,
        request: Request[Any, Any, Any],
        *,
        endpoint_id: EndpointInPath,
        data: JSONBody[ChangeEndpointRequest],
        change_webhook_endpoint: NamedDependency[ChangeEndpointHandler],
    ) -> WebhookEndpointResponse:
        """
        Disabling cancels what waits for it; enabling begins with the next event, and what was canceled may be
        redelivered.
        """
        command = data.to_command(principal_of(request).tenant_id, WebhookEndpointId(endpoint_id))
        return WebhookEndpointResponse.of(await change_webhook_endpoint(command))

    @delete("/{endpoint_id:str}", operation_id="DeleteWebhookEndpoint", summary="Delete an endpoint")
    async def delete(
        self,
        request: Request[Any, Any, Any],
        *,
        endpoint_id: EndpointInPath,
        delete_webhook_endpoint: NamedDependency[DeleteEndpointHandler],
    ) -> None:
        """For good: what waits for it is canceled, and its secrets are forgotten. Its deliveries can still be read."""
        await delete_webhook_endpoint(principal_of(request).tenant_id, WebhookEndpointId(endpoint_id))

    @post(
        "/{endpoint_id:str}/rotate-secret",
        operation_id="RotateWebhookSecret",
        summary="Rotate an endpoint's secret",
        status_code=200,
    )
    async def rotate_secret(
        self,
        request: Request[Any, Any, Any],
        *,
        endpoint_id: EndpointInPath,
        data: JSONBody[RotateSecretRequest],
        rotate_webhook_secret: NamedDependency[RotateSecretHandler],
    ) -> WebhookEndpointWithSecretResponse:
        """Messages carry signatures by the new and the old secret until the overlap ends; the new one is shown here,
        and not again.
        """
        command = data.to_command(principal_of(request).tenant_id, WebhookEndpointId(endpoint_id))
        return WebhookEndpointWithSecretResponse.of(await rotate_webhook_secret(command))

    @post(
        "/{endpoint_id:str}/test",
        operation_id="TestWebhookEndpoint",
        summary="Send a test event",
        status_code=202,
    )
    async def test(
        self,
        request: Request[Any, Any, Any],
        *,
        endpoint_id: EndpointInPath,
        send_test_event: NamedDependency[SendTestEventHandler],
    ) -> TestEventResponse:
        """A `webhook_endpoint.tested` event for this endpoint alone, whatever it asked for; it goes the way of all
        events.
        """
        tenant_id = principal_of(request).tenant_id
        await send_test_event(tenant_id, WebhookEndpointId(endpoint_id), trace_id=context_of(request).trace_id)
        return TestEventResponse(endpoint_id=endpoint_id)
