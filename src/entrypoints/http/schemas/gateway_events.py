"""What providers told us, over the wire."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec

from core.application.gateway_events.apply_gateway_event import Application
from core.domain.gateway_events import GatewayEvent, GatewayEventStatus
from entrypoints.http.schemas.fields import Request


class ReplayGatewayEventRequest(Request, frozen=True, kw_only=True):
    """`dry_run` tells what it would come to, and changes nothing."""

    dry_run: bool


class GatewayEventResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's message, and what came of it; `event_id` and `event_type` are the provider's."""

    id: UUID
    gateway_account_id: UUID
    event_id: str
    event_type: str
    status: GatewayEventStatus
    detail: str | None
    times_received: int
    occurred_at: datetime | None
    received_at: datetime
    applied_at: datetime | None
    trace_id: str

    @classmethod
    def of(cls, event: GatewayEvent) -> Self:
        """As operators read it in a list."""
        return cls(**_members(event))


class GatewayEventWithBodyResponse(GatewayEventResponse, frozen=True, kw_only=True):
    """The same with its body, as text."""

    body: str

    @classmethod
    def of(cls, event: GatewayEvent) -> Self:
        """As operators read it."""
        return cls(**_members(event), body=event.body.decode(errors="replace"))


class GatewayEventApplicationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What applying it came to, or would come to."""

    status: GatewayEventStatus
    detail: str
    dry_run: bool

    @classmethod
    def of(cls, application: Application, *, dry_run: bool) -> Self:
        """As operators read it."""
        return cls(status=application.status, detail=application.detail, dry_run=dry_run)


def _members(event: GatewayEvent) -> dict[str, Any]:
    names = (name for name in GatewayEventResponse.__struct_fields__ if name != "gateway_account_id")
    return {name: getattr(event, name) for name in names} | {"gateway_account_id": event.gateway_account}
