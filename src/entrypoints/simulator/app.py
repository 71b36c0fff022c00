"""The simulator as an ASGI application."""

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.types import ASGIApp

from entrypoints.simulator.control.access import loopback_only
from entrypoints.simulator.control.happenings import HappeningControl, TruthControl
from entrypoints.simulator.control.settings import AccountControl, ClockControl, FaultControl, WebhookControl
from entrypoints.simulator.exchange.middleware import LARGEST_BODY, ExchangeMiddleware
from entrypoints.simulator.pages.front import front_page
from entrypoints.simulator.pages.hosted import HostedPageController
from entrypoints.simulator.protocol_mock.dialect import MockDialect
from entrypoints.simulator.protocol_mock.errors import EXCEPTION_HANDLERS
from entrypoints.simulator.protocol_mock.payments import PaymentController, RefundController
from entrypoints.simulator.protocol_mock.payouts import BalanceController, PayoutController
from entrypoints.simulator.simulator import Simulator


def create_app(simulator: Simulator, *, port: int) -> ASGIApp:
    """Every wire protocol, the control and the pages before *simulator*, to be served on *port*."""
    control = Router(
        "/_control",
        before_request=loopback_only,
        route_handlers=[
            AccountControl,
            ClockControl,
            FaultControl,
            WebhookControl,
            HappeningControl,
            TruthControl,
        ],
    )
    routes = Litestar(
        route_handlers=[
            front_page,
            HostedPageController,
            PaymentController,
            RefundController,
            PayoutController,
            BalanceController,
            control,
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
        state=State({"simulator": simulator}),
    )
    return ExchangeMiddleware(routes, simulator, [MockDialect()], port=port)
