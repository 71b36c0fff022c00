"""Keys, faults and signatures as this protocol has them."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from entrypoints.simulator.engine.occasions import Occasion
from entrypoints.simulator.exchange.answer import Answer, WireRequest
from entrypoints.simulator.exchange.dialect import Trouble
from entrypoints.simulator.protocol_mock.documents import encode, subject_document
from entrypoints.simulator.protocol_mock.errors import trouble_answer

SIGNATURE_HEADER = "Mock-Signature"
_SCHEME = "bearer"


class MockDialect:
    """A `Dialect`."""

    prefix = "/v1/"
    scenario_header = "mock-scenario"

    def api_key(self, request: WireRequest) -> str | None:
        """From ``Authorization: Bearer …``."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == _SCHEME else None

    def idempotency_key(self, request: WireRequest) -> str | None:
        """From ``Idempotency-Key``, on POST alone; one pair of double quotes around it is not part of it."""
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or key is None:
            return None
        is_quoted = len(key) > 1 and key[0] == key[-1] == '"'
        return key[1:-1] if is_quoted else key

    def trouble(self, trouble: Trouble) -> Answer:
        """As an error document."""
        return trouble_answer(trouble)

    def replayed(self, answer: Answer) -> Answer:
        """With ``Idempotent-Replayed: true``."""
        return replace(answer, headers={**answer.headers, "Idempotent-Replayed": "true"})


class MockVoice:
    """A `WebhookVoice`."""

    def __init__(self, base_url: str) -> None:
        """Name hosted pages under *base_url*."""
        self._base_url = base_url

    def body(self, occasion: Occasion) -> bytes:
        """The event with its object as it was then."""
        return encode(
            {
                "id": occasion.id,
                "type": occasion.type,
                "created_at": occasion.at,
                "account": occasion.account_id,
                "data": {"object": subject_document(occasion.subject, self._base_url)},
            }
        )

    def headers(self, body: bytes, secrets: Sequence[str], *, at: datetime) -> Mapping[str, str]:
        """``Mock-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." and body>``, one v1 for each secret."""
        timestamp = str(int(at.timestamp()))
        signed = timestamp.encode() + b"." + body
        marks = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
        return {"Content-Type": "application/json", SIGNATURE_HEADER: ",".join([f"t={timestamp}", *marks])}
