"""Payment methods of the test world: what is named tells what will happen."""

import re
from dataclasses import dataclass
from enum import StrEnum

from entrypoints.simulator.engine.refusals import InvalidRequest


class Course(StrEnum):
    """What becomes of a payment with a method."""

    SUCCEED = "succeed"
    CHALLENGE = "challenge"
    """The payer has to authenticate (3-D Secure); what follows is in `Method.decline_code`."""
    DECLINE = "decline"
    SUCCEED_LATER = "succeed_later"
    """First it is processing."""
    FAIL_LATER = "fail_later"
    SUCCEED_AFTER_DECLINE = "succeed_after_decline"
    """It fails, and is captured all the same later on: providers do that."""


class RefundCourse(StrEnum):
    """What becomes of refunds of a payment with a method."""

    SUCCEED = "succeed"
    FAIL = "fail"
    FAIL_AFTER_SUCCESS = "fail_after_success"


@dataclass(frozen=True, slots=True)
class Method:
    """
    One way to pay. Of a card, brand and last four digits are all that is kept.

    Attributes:
        token: The name merchants use; None for a card typed on the hosted page.
        kind: `card` or `bank`.
        decline_code: Why it is declined, where the course ends so.
    """

    token: str | None
    kind: str
    brand: str | None
    last4: str
    course: Course = Course.SUCCEED
    decline_code: str | None = None
    refunds: RefundCourse = RefundCourse.SUCCEED


_CARDS = {
    "pm_card_ok": Method("pm_card_ok", "card", "visa", "4242"),
    "pm_card_3ds": Method("pm_card_3ds", "card", "visa", "3155", Course.CHALLENGE),
    "pm_card_3ds_declined": Method(
        "pm_card_3ds_declined", "card", "visa", "3178", Course.CHALLENGE, "insufficient_funds"
    ),
    "pm_card_late_success": Method(
        "pm_card_late_success", "card", "visa", "0077", Course.SUCCEED_AFTER_DECLINE, "processing_error"
    ),
    "pm_card_refund_fails": Method("pm_card_refund_fails", "card", "visa", "5126", refunds=RefundCourse.FAIL),
    "pm_card_refund_fails_late": Method(
        "pm_card_refund_fails_late", "card", "visa", "7726", refunds=RefundCourse.FAIL_AFTER_SUCCESS
    ),
    "pm_bank_async": Method("pm_bank_async", "bank", None, "6789", Course.SUCCEED_LATER),
    "pm_bank_async_fail": Method("pm_bank_async_fail", "bank", None, "2227", Course.FAIL_LATER, "bank_declined"),
}
_DECLINED_TOKEN = re.compile(r"pm_card_declined_([a-z][a-z0-9_]{0,39})")

# Numbers that card networks and providers reserve for tests; no real card has one.
_TYPED = {
    "4242424242424242": Method(None, "card", "visa", "4242"),
    "5555555555554444": Method(None, "card", "mastercard", "4444"),
    "4000002500003155": Method(None, "card", "visa", "3155", Course.CHALLENGE),
    "4000000000000002": Method(None, "card", "visa", "0002", Course.DECLINE, "do_not_honor"),
    "4000000000009995": Method(None, "card", "visa", "9995", Course.DECLINE, "insufficient_funds"),
    "4000000000009987": Method(None, "card", "visa", "9987", Course.DECLINE, "lost_card"),
    "4000000000009979": Method(None, "card", "visa", "9979", Course.DECLINE, "stolen_card"),
    "4000000000000069": Method(None, "card", "visa", "0069", Course.DECLINE, "expired_card"),
    "4000000000000127": Method(None, "card", "visa", "0127", Course.DECLINE, "incorrect_cvc"),
    "4100000000000019": Method(None, "card", "visa", "0019", Course.DECLINE, "fraud"),
}


def method_of(token: str) -> Method:
    """
    The method that *token* names.

    Raises:
        InvalidRequest: If there is none.
    """
    if token in _CARDS:
        return _CARDS[token]
    if declined := _DECLINED_TOKEN.fullmatch(token):
        return Method(token, "card", "visa", "0002", Course.DECLINE, declined[1])
    raise InvalidRequest("unknown_payment_method", "There is no such payment method.")


def method_typed(number: str) -> Method:
    """
    The method behind a test number that a payer typed; *number* is forgotten.

    Raises:
        InvalidRequest: If it is no test number: the simulator wants to know no other.
    """
    method = _TYPED.get("".join(filter(str.isdigit, number[:64])))
    if method is None:
        raise InvalidRequest("not_a_test_card", "Only test cards are taken here.")
    return method
