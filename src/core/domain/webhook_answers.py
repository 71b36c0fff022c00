"""What came of one attempt to deliver a webhook."""

from dataclasses import dataclass
from enum import StrEnum

MAX_EXCERPT_BYTES = 1024


class DeliveryError(StrEnum):
    """What went wrong on the way. Permanent names: they are kept with the delivery."""

    REFUSED_URL = "refused_url"
    """The URL breaks a rule of ours; nothing was looked up."""
    REFUSED_ADDRESS = "refused_address"
    """The host's name leads to an address we do not call; nothing was sent."""
    DNS_FAILURE = "dns_failure"
    """The host's name does not resolve, or not in time."""
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_FAILED = "connection_failed"
    """No connection came about, for another reason."""
    TLS_ERROR = "tls_error"
    """No TLS, or its certificate is not of that name, expired, or by nobody we trust."""
    CONNECTION_LOST = "connection_lost"
    """It broke before the answer was complete."""
    PROTOCOL_ERROR = "protocol_error"
    """What came back is not HTTP, or ended too soon."""
    TIMEOUT = "timeout"
    TOO_MANY_BYTES = "too_many_bytes"
    """The answer's body went on past what we read."""
    UNREADABLE_EVENT = "unreadable_event"
    """What our log holds cannot be told; nothing was sent, and the receiver is not to blame."""
    INTERNAL_FAULT = "internal_fault"
    """Our own program failed at it, before or after it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAnswer:
    """
    One attempt's outcome; at least one of *status* and *error* is there.

    Attributes:
        status: The HTTP status, once its line and headers have come whole; it alone decides.
        error: Why there is no status; beside one, only why the body was not read to its end.
        duration_ms: From the first look-up to the end, in milliseconds.
        retry_after: The header of that name as it came, at most 100 characters.
        excerpt: The body's beginning, at most 1 kB in UTF-8, without control characters but line breaks and tabs.
    """

    status: int | None
    error: DeliveryError | None = None
    duration_ms: int
    retry_after: str | None = None
    excerpt: str = ""

    def __post_init__(self) -> None:
        """Refuse an outcome that says nothing."""
        if self.status is None and self.error is None:
            raise ValueError("an attempt ends with a status or with an error")


def excerpt_of(body: bytes) -> str:
    """What of a stranger's *body* may be kept: text that any store takes, at most 1 kB of it."""
    text = body[:MAX_EXCERPT_BYTES].decode(errors="replace")
    clean = "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
    return clean.encode()[:MAX_EXCERPT_BYTES].decode(errors="ignore")
