"""Headers, described once and referred to."""

from typing import Any

_TEXT = {"type": "string"}

HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "The request's id: yours, when you sent X-Request-Id (or X-Trace-Id), else ours.",
        "schema": _TEXT,
        "example": "9f1c3a6f0f0e4b55a0f0a6b8f4f0d7c1",
    },
    "traceparent": {
        "description": "W3C Trace Context: the trace id is the one of the records this request made.",
        "schema": _TEXT,
        "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    },
    "Idempotent-Replayed": {
        "description": "`true` when these are the stored bytes of the first answer.",
        "schema": {"type": "string", "const": "true"},
        "example": "true",
    },
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}, "example": 1},
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": _TEXT,
        "example": 'Bearer realm="bursar"',
    },
}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": (
        "Yours, fresh for each thing you want done, the same when you ask again. 1 to 255 visible ASCII characters, "
        "bare or as a string in double quotes; kept for 30 days at least, business refusals included."
    ),
    "schema": {"type": "string", "maxLength": 255, "pattern": r"^[\x21\x23-\x7e][\x21-\x7e]*$(?!\n)"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}


def header_references(
    *, replayable: bool = False, retryable: bool = False, challenging: bool = False
) -> dict[str, Any]:
    """References to the headers of one response."""
    names = ["X-Request-Id", "traceparent"]
    names += ["Idempotent-Replayed"] if replayable else []
    names += ["Retry-After"] if retryable else []
    names += ["WWW-Authenticate"] if challenging else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
