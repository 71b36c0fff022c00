"""Outcomes as the very bytes that are stored with the idempotency key: pure, and without PII."""

import msgspec

from core.domain.idempotency import Answer
from core.domain.instructions import Outcome, Posted, Refused, Render
from entrypoints.http.problems import refusal
from entrypoints.http.schemas.holds import HoldMovementResponse
from entrypoints.http.schemas.transfers import TransferResponse, TransfersResponse

_CREATED, _OK = 201, 200
_encode = msgspec.json.Encoder().encode


def transfer_rendering(request_id: str) -> Render:
    """201 with the transfer, or the problem."""

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Refused):
            return refusal(outcome.error, request_id)
        return Answer(_CREATED, _encode(TransferResponse.of(outcome.transfers[0])))

    return render


def batch_rendering(request_id: str) -> Render:
    """201 with all transfers, or the problem."""

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Refused):
            return refusal(outcome.error, request_id)
        return Answer(_CREATED, _encode(TransfersResponse.of(outcome)))

    return render


def hold_rendering(request_id: str, *, placing: bool) -> Render:
    """201 for a new hold, 200 for a step on one, or the problem."""
    status = _CREATED if placing else _OK

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Posted):
            return Answer(status, _encode(HoldMovementResponse.of(outcome)))
        return refusal(outcome.error, request_id)

    return render
