"""
Signing webhooks, and checking their signatures (Standard Webhooks 1.0.0, symmetric keys).

What is signed is ``{id}.{timestamp}.{raw body}``; the timestamp is that of the attempt, so each attempt is signed anew.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from core.domain.webhook_secrets import SigningKey

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
TOLERANCE = timedelta(minutes=5)
"""How far a receiver's clock may be from the sender's, and how late a message may come."""

MAX_SIGNATURES = 20
"""How many signatures of one message a receiver looks at."""

_VERSION = "v1"
_MESSAGE_ID = re.compile(r"[!-\-/-~]{1,255}")
"""Visible ASCII but the dot, which parts the id from the timestamp in what is signed."""
_TIMESTAMP = re.compile(r"(?:0|[1-9][0-9]{0,10})")


class NotVerifiedReason(StrEnum):
    """Why a receiver turns a message away."""

    MISSING_HEADER = "missing_header"
    MALFORMED_ID = "malformed_id"
    MALFORMED_TIMESTAMP = "malformed_timestamp"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"
    NO_MATCHING_SIGNATURE = "no_matching_signature"


class WebhookNotVerified(Exception):
    """A receiver cannot trust the message."""

    def __init__(self, reason: NotVerifiedReason, detail: str) -> None:
        """Say which *reason*, and for people what it was."""
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    """What the signature vouches for beside the body; a receiver remembers the id and takes it once."""

    id: str
    sent_at: datetime


def signed_headers(message_id: str, *, sent_at: datetime, body: bytes, keys: Sequence[SigningKey]) -> dict[str, str]:
    """
    The three headers of one attempt: the same id at every attempt, the moment of this one, a signature for each key.

    Raises:
        ValueError: If the id is not 1 to 255 visible ASCII characters other than the dot, or there is no key.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("a message id is 1 to 255 visible ASCII characters, and no dot")
    if not keys:
        raise ValueError("a message is signed with one key at least")
    timestamp = str(int(sent_at.timestamp()))
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: " ".join(_signature(key, message_id, timestamp, body) for key in keys),
    }


def verify(
    headers: Mapping[str, str],
    body: bytes,
    keys: Iterable[SigningKey],
    *,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> VerifiedWebhook:
    """
    Check that one of *keys* signed *body* (the raw bytes), within *tolerance* of *now* on either side.

    Header names may be in any case. Signatures of other versions are passed over.

    Raises:
        WebhookNotVerified: With the reason.
    """
    message_id, timestamp, signatures = _three_headers(headers)
    if not _MESSAGE_ID.fullmatch(message_id):
        raise WebhookNotVerified(NotVerifiedReason.MALFORMED_ID, f"{ID_HEADER} is not an id")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise WebhookNotVerified(NotVerifiedReason.MALFORMED_TIMESTAMP, f"{TIMESTAMP_HEADER} is not in unix seconds")
    seconds = int(timestamp)
    if seconds < (now - tolerance).timestamp():
        raise WebhookNotVerified(NotVerifiedReason.TOO_OLD, "the message was sent too long ago")
    if seconds > (now + tolerance).timestamp():
        raise WebhookNotVerified(NotVerifiedReason.TOO_NEW, "the message comes from the future")
    expected = [_signature(key, message_id, timestamp, body).encode() for key in keys]
    presented = [one.encode(errors="surrogatepass") for one in signatures.split(" ", MAX_SIGNATURES)[:MAX_SIGNATURES]]
    # Every pair is compared, so that the time taken does not tell which one fits.
    matches = [hmac.compare_digest(ours, theirs) for theirs in presented for ours in expected]
    if not any(matches):
        raise WebhookNotVerified(
            NotVerifiedReason.NO_MATCHING_SIGNATURE, f"no signature of {_VERSION} fits the message"
        )
    return VerifiedWebhook(message_id, datetime.fromtimestamp(seconds, UTC))


def _three_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    by_name = {name.lower(): value for name, value in headers.items()}
    for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER):
        if not by_name.get(name):
            raise WebhookNotVerified(NotVerifiedReason.MISSING_HEADER, f"{name} is missing")
    return by_name[ID_HEADER], by_name[TIMESTAMP_HEADER], by_name[SIGNATURE_HEADER]


def _signature(key: SigningKey, message_id: str, timestamp: str, body: bytes) -> str:
    content = b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body)
    return f"{_VERSION},{b64encode(hmac.digest(key.key, content, 'sha256')).decode()}"
