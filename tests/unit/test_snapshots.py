"""What a snapshot means for the operation that asked for it."""

import pytest

from core.domain.gateways import ProviderPaymentStatus, ProviderRefundStatus
from core.domain.outcomes import Declined, Succeeded
from core.domain.snapshots import outcome_of
from operation_builders import NO
from payment_builders import refund_seen, seen

DONE = {"authorized", "partially_captured", "captured"}
OVER = {"failed", "canceled", "expired"}


@pytest.mark.parametrize("status", ProviderPaymentStatus)
def test_a_payment_is_decided_when_money_is_set_aside_or_will_not_come(status: ProviderPaymentStatus) -> None:
    snapshot = seen(status.value)
    outcome = outcome_of(snapshot)

    if status.value in DONE:
        assert outcome == Succeeded("pay_1", snapshot)
    elif status.value in OVER:
        assert isinstance(outcome, Declined)
        assert (outcome.provider_ref, outcome.evidence) == ("pay_1", snapshot)
    else:
        assert outcome is None


@pytest.mark.parametrize("status", ProviderRefundStatus)
def test_a_refund_is_decided_when_it_arrived_or_will_not(status: ProviderRefundStatus) -> None:
    outcome = outcome_of(refund_seen(status.value))

    kinds = {"succeeded": Succeeded, "failed": Declined, "canceled": Declined, "pending": type(None)}
    assert isinstance(outcome, kinds[status.value])


def test_the_providers_own_reason_is_kept_and_one_is_made_where_it_gives_none() -> None:
    told, silent = outcome_of(seen("failed", failure=NO)), outcome_of(seen("expired"))

    assert isinstance(told, Declined)
    assert told.failure == NO
    assert isinstance(silent, Declined)
    assert silent.failure.code == "payment_expired"
