"""The body of a webhook: ``{type, timestamp, data}``, below 20 kB (Standard Webhooks 1.0.0)."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

MAX_BODY_BYTES = 20_000
"""The body is shorter than this."""

MAX_TYPE_LENGTH = 100
_TYPE = re.compile(r"[a-zA-Z0-9_]+(?:\.[a-zA-Z0-9_]+)*")


class WebhookMessageTooLarge(ValueError):
    """The body has 20 kB or more: whoever composes it sends less of the event, and the receiver asks for the rest."""


def message_body(event_type: str, *, occurred_at: datetime, data: Mapping[str, object]) -> bytes:
    """
    The JSON that is sent and signed, byte for byte the same whenever it is composed of the same.

    Raises:
        ValueError: If the type is not of [a-zA-Z0-9_] in parts joined by dots, the moment has no zone,
            or *data* is not JSON.
        WebhookMessageTooLarge: If it comes to 20 kB or more.
    """
    if len(event_type) > MAX_TYPE_LENGTH or not _TYPE.fullmatch(event_type):
        raise ValueError(f"{event_type!r} is not an event type")
    if occurred_at.tzinfo is None:
        raise ValueError("the moment of an event names its zone")
    message = {
        "type": event_type,
        "timestamp": occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": data,
    }
    body = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(body) >= MAX_BODY_BYTES:
        raise WebhookMessageTooLarge(f"{len(body)} bytes, where fewer than {MAX_BODY_BYTES} may be sent")
    return body
