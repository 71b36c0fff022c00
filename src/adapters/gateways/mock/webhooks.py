"""Webhooks of the provider of docs/simulator.md: ``Mock-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]``."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from adapters.gateways.mock.mapping import DocumentReader, NotUnderstood
from adapters.gateways.mock.wire import EventDocument, PaymentDocument, PayoutDocument, RefundDocument, read
from core.domain.gateways import MAX_WEBHOOK_BYTES, RawWebhook, Snapshot, VerifiedWebhook
from ports.webhook_reader import WebhookNotAuthentic

TOLERANCE = timedelta(minutes=5)
MAX_SIGNATURES = 10
SIGNATURE_HEADER = "mock-signature"

_TIMESTAMP = re.compile(r"(?:0|[1-9][0-9]{0,10})")
_log = structlog.get_logger()


class MockWebhooks:
    """Implements `ports.webhook_reader.WebhookReader`, for one account."""

    def __init__(self, account_id: str, reader: DocumentReader) -> None:
        """Take events of *account_id* alone: a good signature under a shared secret is not enough."""
        self._account_id = account_id
        self._reader = reader

    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        """
        Check the signature first, and only then look into the body.

        Raises:
            WebhookNotAuthentic: If anything is wrong.
        """
        header = raw.headers.get(SIGNATURE_HEADER, "")
        if len(raw.body) > MAX_WEBHOOK_BYTES or not _is_signed(header, raw.body, secrets, now):
            raise WebhookNotAuthentic("the webhook is not authentic")
        event = read(raw.body, EventDocument)
        if event is None or event.account != self._account_id:
            raise WebhookNotAuthentic("the webhook is not authentic")
        return VerifiedWebhook(event_id=event.id, event_type=event.type, body=raw.body, occurred_at=event.created_at)

    def translate(self, webhook: VerifiedWebhook) -> Sequence[Snapshot]:
        """The payment, refund or payout as it was then; nothing where we do not know the type or the status."""
        event = read(webhook.body, EventDocument)
        if event is None:
            return ()
        try:
            snapshot = self._snapshot(webhook.event_type, bytes(event.data.object))
        except NotUnderstood:
            snapshot = None
        if snapshot is None:
            _log.warning("gateway_event_not_understood", gateway="mock", event_id=webhook.event_id)
            return ()
        return (snapshot,)

    def _snapshot(self, event_type: str, encoded: bytes) -> Snapshot | None:
        match event_type.partition(".")[0]:
            case "payment" if (payment := read(encoded, PaymentDocument)) is not None:
                return self._reader.payment(payment)
            case "refund" if (refund := read(encoded, RefundDocument)) is not None:
                return self._reader.refund(refund)
            case "payout" if (payout := read(encoded, PayoutDocument)) is not None:
                return self._reader.payout(payout)
            case _:
                return None


def _is_signed(header: str, body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    parts = [part.strip().partition("=") for part in header.split(",", MAX_SIGNATURES + 1)]
    timestamps = [value for name, _, value in parts if name == "t"]
    presented = [value.encode(errors="surrogatepass") for name, _, value in parts if name == "v1"][:MAX_SIGNATURES]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]):
        return False
    if abs(now.timestamp() - int(timestamps[0])) > TOLERANCE.total_seconds():
        return False
    signed = timestamps[0].encode() + b"." + body
    # A blank secret would let anybody sign.
    expected = [
        hmac.new(secret.encode(), signed, "sha256").hexdigest().encode() for secret in secrets if secret.strip()
    ]
    # Every pair is compared, so that the time taken does not tell which one fits.
    matches = [hmac.compare_digest(ours, theirs) for theirs in presented for ours in expected]
    return any(matches)
