"""The Litestar application, from a container."""

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.types import ASGIApp

from entrypoints.container import Container
from entrypoints.http.authentication import authentication, operator_authentication
from entrypoints.http.context import RequestContextMiddleware
from entrypoints.http.controllers.assets import AssetController
from entrypoints.http.controllers.dead_letters import DeadLetterController
from entrypoints.http.controllers.events import EventController
from entrypoints.http.controllers.gateway_accounts import GatewayAccountController
from entrypoints.http.controllers.gateway_events import GatewayEventController
from entrypoints.http.controllers.history import HistoryController
from entrypoints.http.controllers.holds import HoldController
from entrypoints.http.controllers.integrity import IntegrityController
from entrypoints.http.controllers.money_in_doubt import MoneyInDoubtController
from entrypoints.http.controllers.operations import OperationController
from entrypoints.http.controllers.order_administration import OrderAdministrationController
from entrypoints.http.controllers.orders import OrderController
from entrypoints.http.controllers.payment_reviews import PaymentReviewController
from entrypoints.http.controllers.payments import DepositController, PaymentController
from entrypoints.http.controllers.provider_webhooks import ProviderWebhookController
from entrypoints.http.controllers.queue_page import queue_page_router
from entrypoints.http.controllers.reconciliations import ReconciliationController
from entrypoints.http.controllers.refunds import RefundController
from entrypoints.http.controllers.statements import StatementController
from entrypoints.http.controllers.transfers import TransferController
from entrypoints.http.controllers.user_administration import UserAdministrationController
from entrypoints.http.controllers.user_movements import UserMovementController
from entrypoints.http.controllers.wallet_movements import WalletMovementController
from entrypoints.http.controllers.wallets import WalletController
from entrypoints.http.controllers.webhook_deliveries import WebhookDeliveryController
from entrypoints.http.controllers.webhook_endpoints import WebhookEndpointController
from entrypoints.http.dependencies import from_container
from entrypoints.http.exception_handlers import EXCEPTION_HANDLERS
from entrypoints.http.health import HealthController
from entrypoints.http.metrics import metrics
from entrypoints.http.openapi.config import openapi_config
from entrypoints.http.strict_request import StrictRequest
from entrypoints.version import VERSION

MAX_BODY_BYTES = 256 * 1024
_GC_THRESHOLDS = (50_000, 20, 100)
_HANDLERS = (
    "create_asset",
    "list_assets",
    "open_wallet",
    "change_wallet",
    "read_wallets",
    "read_entries",
    "move_wallet_money",
    "move_user_money",
    "transfer_between_wallets",
    "post_batch",
    "reverse_transfer",
    "read_transfers",
    "place_hold",
    "capture_hold",
    "release_hold",
    "read_holds",
    "place_order",
    "retry_order",
    "read_orders",
    "create_payment",
    "confirm_payment",
    "request_capture",
    "request_cancellation",
    "read_payments",
    "create_refund",
    "read_refunds",
    "create_gateway_account",
    "change_gateway_account",
    "check_gateway_account",
    "read_gateway_accounts",
    "receive_gateway_event",
    "apply_gateway_event",
    "read_gateway_events",
    "read_money_in_doubt",
    "hurry_operation",
    "resolve_operation",
    "clear_review",
    "read_operations",
    "register_webhook_endpoint",
    "change_webhook_endpoint",
    "delete_webhook_endpoint",
    "rotate_webhook_secret",
    "read_webhook_endpoints",
    "send_test_event",
    "read_webhook_deliveries",
    "redeliver_webhooks",
    "read_events",
    "read_dead_letters",
    "queue_page",
    "redrive_dead_letter",
    "redrive_open_dead_letters",
    "discard_dead_letter",
    "request_reconciliation",
    "read_reconciliations",
    "verify_ledger",
    "clock",
    "posting",
    "health_check",
)


def create_litestar(container: Container) -> Litestar:
    """Routes, guards, errors and life span; *container* has its settings."""
    tenants = Router(
        "/v1",
        before_request=authentication(container.authenticator()),
        route_handlers=[
            AssetController,
            WalletController,
            WalletMovementController,
            UserMovementController,
            TransferController,
            HoldController,
            OrderController,
            PaymentController,
            DepositController,
            RefundController,
            EventController,
            WebhookEndpointController,
            WebhookDeliveryController,
            HistoryController,
            StatementController,
        ],
    )

    operators = Router(
        "/v1/admin",
        before_request=operator_authentication(container.authenticator()),
        route_handlers=[
            IntegrityController,
            OrderAdministrationController,
            OperationController,
            UserAdministrationController,
            DeadLetterController,
            ReconciliationController,
            GatewayAccountController,
            GatewayEventController,
            MoneyInDoubtController,
            PaymentReviewController,
        ],
    )

    @asynccontextmanager
    async def life_span(_app: Litestar) -> AsyncGenerator[None]:
        posting = container.posting()
        # Settings that would fail the first order or webhook endpoint fail the start.
        container.fulfilment()
        container.cipher()
        container.outgoing_url_policy()
        await posting.start()
        # What start-up made stays for good: without it the collector walks it again and again (design: toolchain).
        gc.collect()
        gc.freeze()
        # A batch of 1,000 makes tens of thousands of objects that live until it is answered; by default the collector
        # would walk the young ones again every 700.
        gc.set_threshold(*_GC_THRESHOLDS)
        try:
            yield
        finally:
            await posting.stop(grace_seconds=container.settings().shutdown_grace_seconds)
            await container.provider_http().aclose()
            await container.gateways().aclose()
            await container.resolver().aclose()
            await container.relay_wake().aclose()
            await container.redis().aclose()
            if container.settings().redis_url is not None:
                await container.streams_queue().disconnect()
            await container.database().dispose()

    pages = [queue_page_router(container.authenticator())] if container.settings().queue_page else []
    return Litestar(
        route_handlers=[HealthController, metrics, ProviderWebhookController, tenants, operators, *pages],
        dependencies={name: from_container(getattr(container, name)) for name in _HANDLERS}
        | {"version": from_container(lambda: VERSION)},
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[life_span],
        openapi_config=openapi_config(VERSION),
        logging_config=None,
        request_class=StrictRequest,
        request_max_body_size=MAX_BODY_BYTES,
    )


def create_app(container: Container) -> ASGIApp:
    """The application as a server runs it, every answer with its ids."""
    return RequestContextMiddleware(create_litestar(container))
