"""The control answers clients on this machine alone."""

import ipaddress
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.exceptions import NotFoundException

from entrypoints.simulator.exchange.answer import JSON
from entrypoints.simulator.protocol_mock.bodies import read
from entrypoints.simulator.simulator import Simulator

_Body = TypeVar("_Body", bound=msgspec.Struct)


def loopback_only(request: Request[Any, Any, Any]) -> None:
    """
    Go on for programs on this machine. Pages of strangers in its browser are none: those send `Origin`.

    Raises:
        NotFoundException: For all others: they need not know that there is a control.
    """
    client = request.scope["client"]
    try:
        is_local = client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        is_local = False
    if not is_local or "origin" in request.headers:
        raise NotFoundException


def simulator_of(request: Request[Any, Any, Any]) -> Simulator:
    """The provider to be steered."""
    simulator: Simulator = request.app.state.simulator
    return simulator


async def read_control(request: Request[Any, Any, Any], kind: type[_Body]) -> _Body:
    """
    The body as *kind*.

    Raises:
        InvalidRequest: If it is no JSON, or of another shape.
    """
    return read(await request.body(), kind)


def told(document: Any, status: int = 200) -> Response[bytes]:
    """A document as a response."""
    return Response(msgspec.json.encode(document), status_code=status, media_type=JSON)
