"""Events as CloudEvents 1.0 in JSON (docs/events.md)."""

import msgspec

from core.domain.events import Event

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
SCHEMAS = "https://bursar.dev/schemas/events/"
"""`dataschema` is an absolute URI (CloudEvents 1.0, "OPTIONAL Attributes"); docs/events has what it names."""

MAX_DATA_BYTES = 2_500
"""Longer data stays in the log, so that the stream has a size that can be known."""

_encode = msgspec.json.Encoder().encode


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """
    One event; *position*, *tenantid*, *traceparent* and *truncated* are extension attributes.

    `position` is text: extension integers end at 2^31 - 1 (CloudEvents 1.0, "Type System").
    """

    specversion: str = SPEC_VERSION
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str = CONTENT_TYPE
    dataschema: str | msgspec.UnsetType = msgspec.UNSET
    tenantid: str
    position: str
    traceparent: str
    truncated: bool | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def cloud_event(event: Event) -> bytes:
    """The event in the JSON format, structured mode; without its data when that is long: the log has it."""
    fits = len(event.data) <= MAX_DATA_BYTES
    return _encode(
        CloudEvent(
            id=str(event.id),
            source=f"/tenants/{event.tenant_id}",
            type=event.type,
            subject=str(event.subject),
            time=event.occurred_at.isoformat().replace("+00:00", "Z"),
            dataschema=f"{SCHEMAS}{event.type}.json" if fits else msgspec.UNSET,
            tenantid=str(event.tenant_id),
            position=str(event.position),
            traceparent=f"00-{event.trace_id}-{event.trace_id[:16]}-01",
            truncated=msgspec.UNSET if fits else True,
            data=msgspec.Raw(event.data) if fits else msgspec.UNSET,
        )
    )
