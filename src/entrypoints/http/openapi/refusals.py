"""The error responses of all operations, each status with examples made by the code that answers."""

import json
from typing import Any
from uuid import UUID

from core.domain.access import NotAuthenticated, NotPermitted
from core.domain.accounts import InsufficientFunds, WalletFrozen, WalletNotEmpty
from core.domain.errors import CoreError
from core.domain.idempotency import IdempotencyKeyReused, RequestInProgress
from core.domain.transfers import ReferenceAlreadyUsed
from core.domain.wallets import WalletNotFound
from entrypoints.http.field_errors import FieldError
from entrypoints.http.openapi.headers import header_references
from entrypoints.http.problem_types import (
    BODY_TOO_LARGE,
    IDEMPOTENCY_KEY_MISSING,
    INTERNAL_ERROR,
    INVALID_FIELD,
    NOT_READY,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemType,
)
from entrypoints.http.problems import PROBLEM_JSON, problem, refusal
from ports.posting import PostingQueueFull

LISTING = (400, 401, 500, 503)
READING = (400, 401, 404, 500, 503)
ADMINISTERING = (400, 401, 403, 500, 503)
ADMINISTERING_ONE = (400, 401, 403, 404, 500, 503)
ADMINISTERING_MONEY = (400, 401, 403, 404, 409, 413, 415, 422, 500, 503)
CHANGING = (400, 401, 404, 409, 413, 415, 422, 500, 503)

_REQUEST_ID = "9f1c3a6f0f0e4b55a0f0a6b8f4f0d7c1"
_WALLET = UUID("01936d2e-7b1a-7cc3-9a54-5d3a3ad0a001")
_TRANSFER = UUID("01936d2e-8c2b-7dd4-8b65-6e4b4be1b002")

_MEANINGS: dict[int, str] = {
    400: "The request is malformed: `errors` names the field or parameter, and the rule.",
    401: "No valid API key.",
    403: "The key is known, and may not do this.",
    404: "There is no such thing, or it belongs to another tenant. Not kept with the idempotency key.",
    409: "The state does not allow it, or the first request with the key is still running.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A rule says no. Decided for good: the same key gets the same refusal.",
    500: "A bug of ours. What moves money may be repeated with the same key.",
    503: "Nothing was decided, or nobody knows yet: repeat with the same key after Retry-After.",
}
_MONEY_STATUSES = frozenset({409, 422})


def refusal_responses(schema: dict[str, Any]) -> dict[str, Any]:
    """The components that operations refer to, as `Refused<status>`."""
    return {
        f"Refused{status}": {
            "description": meaning,
            "headers": header_references(
                replayable=status in _MONEY_STATUSES, retryable=status == 503, challenging=status == 401
            ),
            "content": {PROBLEM_JSON: {"schema": schema, "examples": _examples(status)}},
        }
        for status, meaning in _MEANINGS.items()
    }


def _examples(status: int) -> dict[str, Any]:
    documents = [document for document in map(json.loads, _occurrences()) if document["status"] == status]
    return {document["code"]: {"summary": document["title"], "value": document} for document in documents}


def _occurrences() -> list[bytes]:
    errors: list[CoreError] = [
        NotAuthenticated("the credential is not valid"),
        NotPermitted("this needs an operator's key"),
        WalletNotFound(f"no wallet {_WALLET}"),
        ReferenceAlreadyUsed(
            f"transfer {_TRANSFER} has this reference", pointer="#/reference", transfer_id=str(_TRANSFER)
        ),
        WalletNotEmpty("250 minor units are left; move them away first", pointer="#/status", total=250),
        RequestInProgress("wait for the first request with this key"),
        InsufficientFunds(
            "2500 minor units wanted, 1000 available", available=1000, asset="USD", wallet_id=str(_WALLET)
        ),
        WalletFrozen("the wallet is frozen", wallet_id=str(_WALLET)),
        IdempotencyKeyReused("this key came before with another request"),
        PostingQueueFull("too much is waiting; try again"),
    ]
    malformed: list[tuple[ProblemType, str, str | None]] = [
        (INVALID_FIELD, "amount: Expected `int`, got `float`", "#/amount"),
        (IDEMPOTENCY_KEY_MISSING, "Idempotency-Key is required on every request that moves money", None),
        (BODY_TOO_LARGE, "the body may have 262144 bytes at most", None),
        (UNSUPPORTED_MEDIA_TYPE, "the body must be application/json", None),
        (INTERNAL_ERROR, "the request id helps us find it", None),
        (NOT_READY, "PostgreSQL does not answer", None),
    ]
    return [refusal(error, _REQUEST_ID).body for error in errors] + [
        problem(kind, detail, _REQUEST_ID, errors=() if pointer is None else [FieldError(pointer, detail)])
        for kind, detail, pointer in malformed
    ]
