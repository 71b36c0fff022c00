"""Events as CloudEvents 1.0 in JSON (docs/events.md)."""

import msgspec

from core.domain.events import Event

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
SCHEMAS = "https://bursar.dev/schemas/events/"
"""`dataschema` is an absolute URI (CloudEvents 1.0, "OPTIONAL Attributes"); docs/events has what it names."""

_encode = msgspec.json.Encoder().encode


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """
    One event; *position*, *tenantid* and *traceparent* are extension attributes.

    `position` is text: extension integers end at 2^31 - 1 (CloudEvents 1.0, "Type System").
    """

    specversion: str = SPEC_VERSION
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str = CONTENT_TYPE
    dataschema: str
    tenantid: str
    position: str
    traceparent: str
    data: msgspec.Raw


def cloud_event(event: Event) -> bytes:
    """The event in the JSON format, structured mode."""
    return _encode(
        CloudEvent(
            id=str(event.id),
            source=f"/tenants/{event.tenant_id}",
            type=event.type,
            subject=str(event.subject),
            time=event.occurred_at.isoformat().replace("+00:00", "Z"),
            dataschema=f"{SCHEMAS}{event.type}.json",
            tenantid=str(event.tenant_id),
            position=str(event.position),
            traceparent=f"00-{event.trace_id}-{event.trace_id[:16]}-01",
            data=msgspec.Raw(event.data),
        )
    )
