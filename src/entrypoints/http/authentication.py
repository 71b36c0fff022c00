"""
Who asks, and whether they may administer.

These run as `before_request` hooks of routers, not as guards: Litestar copies the whole route handler for each guard
call, a tenth of what a transfer costs.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request

from core.domain.access import NotAuthenticated, NotPermitted, Role
from entrypoints.http.context import context_of
from ports.authenticator import Authenticator

_BEARER = b"bearer "
Authenticate = Callable[[Request[Any, Any, Any]], Awaitable[None]]


def authentication(authenticator: Authenticator) -> Authenticate:
    """A hook that knows callers by ``Authorization: Bearer`` or ``X-API-Key`` (headers only, ASVS 14.2.1)."""

    async def authenticate(request: Request[Any, Any, Any]) -> None:
        context = context_of(request)
        presented = context.headers.get(b"authorization")
        if presented is not None and presented[: len(_BEARER)].lower() == _BEARER:
            credential = presented[len(_BEARER) :].strip()
        else:
            credential = context.headers.get(b"x-api-key", b"")
        if not credential:
            raise NotAuthenticated("send the API key as Authorization: Bearer, or as X-API-Key")
        context.principal = await authenticator.authenticate(credential.decode("latin-1"))

    return authenticate


def operator_authentication(authenticator: Authenticator) -> Authenticate:
    """The same, and refuses everybody but operators."""
    authenticate = authentication(authenticator)

    async def authenticate_operator(request: Request[Any, Any, Any]) -> None:
        await authenticate(request)
        principal = context_of(request).principal
        if principal is None or principal.role is not Role.OPERATOR:
            raise NotPermitted("this needs an operator's key")

    return authenticate_operator
