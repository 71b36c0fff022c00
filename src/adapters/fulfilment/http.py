"""A fulfilment service over HTTP: what each of its answers proves (docs/fulfilment.md)."""

import re
from uuid import UUID

from adapters.fulfilment.wire import (
    KEY_REUSED_CODE,
    NOT_FOUND_CODE,
    Refusal,
    Report,
    Status,
    body_of,
    refusal_in,
    report_in,
)
from core.domain.outcomes import (
    Absent,
    Conflict,
    Declined,
    Failure,
    FailureClass,
    NextStep,
    NotSent,
    Outcome,
    Pending,
    Rejected,
    Sighting,
    Succeeded,
    Unknown,
)
from ports.fulfilment import FulfilmentRequest
from ports.provider_http import HttpAnswer, ProviderHttp

LONGEST_POLL_SECONDS = 3_600

_REJECTED = {
    400: FailureClass.INVALID_REQUEST,
    401: FailureClass.MERCHANT_CONFIG,
    403: FailureClass.MERCHANT_CONFIG,
    404: FailureClass.MERCHANT_CONFIG,
    405: FailureClass.MERCHANT_CONFIG,
    415: FailureClass.INVALID_REQUEST,
}
_REPORTING = frozenset({200, 201, 202})
_BASE_URL = re.compile(r"https?://[!\"$->@-~]+")  # printable, without query and fragment
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")


class HttpFulfilment:
    """Implements `ports.fulfilment.Fulfilment`; one service and one token each."""

    def __init__(self, http: ProviderHttp, *, base_url: str, token: str) -> None:
        """
        Speak to *base_url* by *http*, as the bearer of *token*.

        Raises:
            ValueError: If one of them cannot be sent; the message does not repeat the token.
        """
        if not _BASE_URL.fullmatch(base_url):
            raise ValueError("a fulfilment service's URL begins with https:// or http:// and has no query")
        if not _TOKEN.fullmatch(token):
            raise ValueError("a bearer token is made of letters, digits and ._~+/=-")
        self._http = http
        self._collection = base_url.rstrip("/") + "/fulfilments"
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/json"}

    async def submit(self, request: FulfilmentRequest, *, deadline_at: float) -> Outcome:
        """Ask for it once; what was answered decides what is proven, and what proves nothing is `Unknown`."""
        headers = self._headers | {"content-type": "application/json", "idempotency-key": f'"{request.key}"'}
        answer = await self._http.send(
            "POST", self._collection, headers=headers, body=body_of(request), deadline_at=deadline_at
        )
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status in _REPORTING:
            return _reported(answer, request.key, request)
        return _refused(answer)

    async def find(self, key: UUID, *, deadline_at: float) -> Sighting:
        """Look it up; only a service that says in its own words that it has no such key is believed."""
        answer = await self._http.send(
            "GET", f"{self._collection}/{key}", headers=self._headers, body=None, deadline_at=deadline_at
        )
        if not isinstance(answer, HttpAnswer):
            # A question that was never asked tells nothing about what was asked for before it.
            return Unknown(f"the look-up failed: {answer.reason}")
        if answer.status == 200:
            return _reported(answer, key)
        if answer.status == 404:
            return Absent(authoritative=refusal_in(answer.body).code == NOT_FOUND_CODE)
        return Unknown(f"the look-up was answered with {answer.status}")


def _reported(answer: HttpAnswer, key: UUID, request: FulfilmentRequest | None = None) -> Outcome:
    report = report_in(answer.body)
    if report is None:
        return Unknown(f"answered with {answer.status}, and nothing that can be read")
    different = _difference(report, key, request)
    if different is not None:
        return Conflict(f"the service's {different} is not ours", report.id)
    if report.status is Status.PENDING or answer.status == 202:
        return Pending(report.id, _poll_after(answer))
    if report.status is Status.FAILED:
        return Declined(_declined(report.failure or Refusal()), report.id)
    return Succeeded(report.id)


def _difference(report: Report, key: UUID, request: FulfilmentRequest | None) -> str | None:
    """Name what it understood differently, if anything."""
    if report.key != key:
        return "key"
    if request is None:
        return None
    if report.amount not in {None, request.amount}:
        return "amount"
    return "asset" if report.asset not in {None, request.asset} else None


def _refused(answer: HttpAnswer) -> Outcome:
    refusal = refusal_in(answer.body)
    if refusal.code == KEY_REUSED_CODE and 400 <= answer.status < 500:
        return Conflict("the service knows this key for something else")
    if answer.status == 422:
        return Declined(_declined(refusal))
    if answer.status == 429:
        return NotSent("the service is asked too much, and did not begin")
    failure_class = _REJECTED.get(answer.status)
    if failure_class is None:
        return Unknown(f"answered with {answer.status}")
    return Rejected(
        Failure(
            code="fulfilment_rejected",
            failure_class=failure_class,
            next_step=NextStep.FIX_REQUEST,
            provider_code=refusal.short_code,
            message=f"the fulfilment service answered with {answer.status}",
        )
    )


def _declined(refusal: Refusal) -> Failure:
    return Failure(
        code="fulfilment_declined",
        failure_class=FailureClass.HARD_DECLINE,
        next_step=NextStep.CONTACT_SUPPORT,
        provider_code=refusal.short_code,
        message=refusal.short_message,
    )


def _poll_after(answer: HttpAnswer) -> float | None:
    """What ``Retry-After`` asks for in whole seconds; its dates are not read."""
    text = answer.headers.get("retry-after", "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return float(min(max(1, int(text)), LONGEST_POLL_SECONDS))
