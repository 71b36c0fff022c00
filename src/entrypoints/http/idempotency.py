"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07)."""

import re
from typing import Any

from litestar import Request

from core.domain.book import Render
from core.domain.idempotency import IdempotencyClaim, fingerprint
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.problems import MalformedRequest

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def parse_key(header: str | None) -> str:
    """
    The key: a structured-field string in quotes, or bare as many clients send it; 1 to 255 visible ASCII.

    Raises:
        MalformedRequest: 400, if it is missing or out of bounds.
    """
    if header is None:
        raise MalformedRequest(
            400, "Idempotency-Key is required on every request that moves money", code="idempotency_key_missing"
        )
    bare = header.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    if not _KEY.fullmatch(bare):
        raise MalformedRequest(
            400, "Idempotency-Key must be 1 to 255 visible ASCII characters", code="invalid_idempotency_key"
        )
    return bare


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
