"""Guards: who asks, and whether they may administer."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from core.domain.access import NotAuthenticated, NotPermitted, Role
from entrypoints.http.context import context_of, principal_of
from ports.authenticator import Authenticator

_BEARER = "bearer "


def authentication(authenticator: Authenticator) -> Guard:
    """A guard that knows callers by ``Authorization: Bearer`` or ``X-API-Key`` (headers only, ASVS 14.2.1)."""

    async def authenticate(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        presented = connection.headers.get("authorization")
        if presented is not None and presented[: len(_BEARER)].lower() == _BEARER:
            credential = presented[len(_BEARER) :].strip()
        else:
            credential = connection.headers.get("x-api-key", "")
        if not credential:
            raise NotAuthenticated("send the API key as Authorization: Bearer, or as X-API-Key")
        context_of(connection).principal = await authenticator.authenticate(credential)

    return authenticate


def requires_operator(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """
    Let operators pass.

    Raises:
        NotPermitted: For everybody else.
    """
    if principal_of(connection).role is not Role.OPERATOR:
        raise NotPermitted("this needs an operator's key")
