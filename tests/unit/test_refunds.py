"""A refund: its moves, and which news lead on."""

from datetime import timedelta
from itertools import product

import pytest

from builders import NOON
from core.domain.gateways import ProviderRefundStatus
from core.domain.payment_events import refund_event
from core.domain.refunds import REFUND_TRANSITIONS, InvalidRefundMove, RefundStatus
from payment_builders import refund

LATER = NOON + timedelta(minutes=1)
S = RefundStatus


@pytest.mark.parametrize(("source", "target"), list(product(S, S)))
def test_only_the_legal_moves_are_made_and_staying_is_none(source: RefundStatus, target: RefundStatus) -> None:
    if target in REFUND_TRANSITIONS[source] or target is source:
        assert refund(source).move(target, now=LATER, provider_ref="ref_1").status is target
    else:
        with pytest.raises(InvalidRefundMove):
            refund(source).move(target, now=LATER)


@pytest.mark.parametrize(("status", "news"), list(product(S, ProviderRefundStatus)))
def test_only_news_that_lead_on_are_followed(status: RefundStatus, news: ProviderRefundStatus) -> None:
    target = refund(status).leads_to(news)

    assert target is (S(news.value) if S(news.value) in REFUND_TRANSITIONS[status] else None)


def test_a_failure_after_the_success_is_told_as_one() -> None:
    def told(before: RefundStatus | None, after: RefundStatus) -> list[str]:
        events = refund_event(None if before is None else refund(before), refund(after))
        return [event.type for event in events]

    assert told(None, S.CREATED) == ["refund.created"]
    assert told(S.PENDING, S.SUCCEEDED) == ["refund.succeeded"]
    assert told(S.PENDING, S.FAILED) == ["refund.failed"]
    assert told(S.SUCCEEDED, S.FAILED) == ["refund.failed_late"]
    assert told(S.PENDING, S.PENDING) == []
