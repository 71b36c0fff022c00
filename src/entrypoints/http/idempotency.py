"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07)."""

import re
from typing import Any

from litestar import Request

from core.domain.card_numbers import holds_card_number
from core.domain.idempotency import IdempotencyClaim, fingerprint
from core.domain.instructions import Render
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.problem_types import IDEMPOTENCY_KEY_MISSING, INVALID_IDEMPOTENCY_KEY
from entrypoints.http.problems import MalformedRequest

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
"""A string of RFC 9651."""
_ESCAPE = re.compile(r"\\(.)")


def parse_key(header: str | None) -> str:
    """
    The key: a structured-field string in quotes, or bare as many clients send it; 1 to 255 visible ASCII.

    Raises:
        MalformedRequest: 400, if it is missing, out of bounds, or looks like a card number.
    """
    if header is None:
        raise MalformedRequest(IDEMPOTENCY_KEY_MISSING, "Idempotency-Key is required on every request that moves money")
    key = header.strip()
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        key = "" if quoted is None else _ESCAPE.sub(r"\1", quoted[1])
    if not _KEY.fullmatch(key):
        raise MalformedRequest(
            INVALID_IDEMPOTENCY_KEY,
            "Idempotency-Key must be 1 to 255 visible ASCII characters, bare or as a string in double quotes",
        )
    if holds_card_number(key):
        raise MalformedRequest(INVALID_IDEMPOTENCY_KEY, "Idempotency-Key looks like a card number: choose another one")
    return key


async def money_request(request: Request[Any, Any, Any], render: Render) -> dict[str, Any]:
    """The fields every `MoneyRequest` needs, from the request as it came in."""
    claim = await claim_of(request)
    return {
        "tenant_id": claim.tenant_id,
        "claim": claim,
        "trace_id": context_of(request).trace_id,
        "render": render,
    }


async def claim_of(request: Request[Any, Any, Any]) -> IdempotencyClaim:
    """
    The request's right to its effect: its tenant, key, and the fingerprint of all it says.

    Raises:
        MalformedRequest: 400, if the key is missing or out of bounds.
    """
    scope = request.scope
    query = scope["query_string"]
    path = scope["path"] if not query else f"{scope['path']}?{query.decode('latin-1')}"
    return IdempotencyClaim(
        principal_of(request).tenant_id,
        parse_key(context_of(request).header(b"idempotency-key")),
        fingerprint(scope["method"], path, await request.body()),
    )
