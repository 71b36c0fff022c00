"""Where providers tell us what happened: nobody is asked who they are, the signature says it."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from core.application.gateway_events.receive_gateway_event import ReceiveGatewayEventHandler
from core.domain.errors import Unavailable
from core.domain.gateway_accounts import GatewayAccountNotFound, GatewayUnknown, SecretMissing
from core.domain.gateway_settings import GatewaySettingsInvalid
from core.domain.gateways import MAX_WEBHOOK_BYTES, RawWebhook
from core.domain.identifiers import GatewayAccountId
from entrypoints.http.context import context_of
from entrypoints.http.metrics import count_gateway_webhook
from entrypoints.http.parameters import GatewayAccountInPath
from entrypoints.http.problem_types import WEBHOOK_NOT_AUTHENTIC
from entrypoints.http.problems import MalformedRequest
from ports.webhook_reader import WebhookNotAuthentic

GatewayInPath = Annotated[str, PathParameter(max_length=64, description="The gateway's name, such as `mock`.")]
_log = structlog.get_logger(__name__)


class ProviderWebhookController(Controller):
    """Messages of providers."""

    path = "/v1/webhooks"
    tags = ["Payments"]
    security = [{}]

    @post(
        "/{gateway:str}/{account_id:str}",
        operation_id="ReceiveProviderWebhook",
        summary="Take in a provider's webhook",
        status_code=202,
        request_max_body_size=MAX_WEBHOOK_BYTES,
    )
    async def receive(
        self,
        request: Request[Any, Any, Any],
        *,
        gateway: GatewayInPath,
        account_id: GatewayAccountInPath,
        receive_gateway_event: NamedDependency[ReceiveGatewayEventHandler],
    ) -> Response[bytes]:
        """
        For providers alone: the address to give them is a gateway account's `webhook_path`. The body counts byte for
        byte. 202 once it is stored; the same message again is stored once.
        """
        context = context_of(request)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in context.headers.items()}
        raw = RawWebhook(headers, await request.body())
        try:
            await receive_gateway_event(gateway, GatewayAccountId(account_id), raw, trace_id=context.trace_id)
        except GatewayAccountNotFound:
            _note("unknown_account", account_id, context.trace_id)
            raise
        except WebhookNotAuthentic:
            _note("not_authentic", account_id, context.trace_id)
            raise MalformedRequest(WEBHOOK_NOT_AUTHENTIC, WEBHOOK_NOT_AUTHENTIC.title) from None
        except (SecretMissing, GatewayUnknown, GatewaySettingsInvalid) as error:
            _note("not_readable", account_id, context.trace_id, reason=error.detail)
            raise Unavailable("this account's webhooks cannot be read now") from None  # to anybody: without names
        _note("accepted", account_id, context.trace_id)
        return Response(b"", status_code=202)


def _note(outcome: str, account_id: UUID, trace_id: str, *, reason: str | None = None) -> None:
    """Counted, and logged without what it says."""
    count_gateway_webhook(outcome)
    _log.info("gateway webhook", outcome=outcome, gateway_account=str(account_id), trace_id=trace_id, reason=reason)
