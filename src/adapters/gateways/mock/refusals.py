"""What answers without an object prove."""

from adapters.gateways.mock.decline_codes import DeclineCodes
from adapters.gateways.mock.wire import ErrorDocument, read
from core.domain.money import MAX_AMOUNT
from core.domain.outcomes import Failure, FailureClass, NextStep, NotSent, Outcome, Rejected, Unknown
from ports.provider_http import HttpAnswer

LONGEST_RETRY_AFTER_SECONDS = 3_600

_NOT_US = frozenset({401, 403})
_REFUSED = frozenset({400, 404, 405, 413, 415, 422})
_ON_NOBODYS_WORD = "not_authenticated"


def refused(answer: HttpAnswer, codes: DeclineCodes) -> Outcome:
    """
    The meaning of an answer that is neither 2xx nor 402.

    A refusal is believed in the provider's own words alone: anybody on the way can say 404.
    """
    if answer.status in _NOT_US:
        return Rejected(_without_access(answer, codes))
    if answer.status == 429:
        return NotSent("the provider is asked too much, and did not begin", retry_after(answer))
    if answer.status == 500 and answer.headers.get("idempotent-replayed") == "true":
        # The key is spent: whether there was an effect before that 500 only a look-up can tell (safety L11).
        return Unknown("the provider replays a stored failure for this key; look it up")
    if answer.status not in _REFUSED:
        return Unknown(f"answered with {answer.status}")
    document = read(answer.body, ErrorDocument)
    if document is None:
        return Unknown(f"answered with {answer.status}, and not in the provider's words")
    return Rejected(codes.refusal(document.error.code, document.error.message))


def check_amount(amount: int) -> Rejected | None:
    """Refuse what no provider should be asked for: amounts are 1 to 10^15 minor units."""
    if 1 <= amount <= MAX_AMOUNT:
        return None
    return Rejected(
        Failure(
            code="amount_invalid",
            failure_class=FailureClass.INVALID_REQUEST,
            next_step=NextStep.FIX_REQUEST,
            message="the amount must be 1 to 10^15 minor units",
        )
    )


def retry_after(answer: HttpAnswer) -> float | None:
    """What ``Retry-After`` asks for in whole seconds; its dates are not read."""
    text = answer.headers.get("retry-after", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return float(min(max(1, int(text)), LONGEST_RETRY_AFTER_SECONDS))


def _without_access(answer: HttpAnswer, codes: DeclineCodes) -> Failure:
    document = read(answer.body, ErrorDocument)
    code = None if document is None else document.error.code
    known = codes.meanings.get(code or "")
    is_about_access = known is not None and known.failure_class is FailureClass.MERCHANT_CONFIG
    return codes.refusal(code if is_about_access else _ON_NOBODYS_WORD)
