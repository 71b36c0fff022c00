"""What a snapshot means for the operation that asked for it."""

import pytest

from core.domain.gateways import ProviderPaymentStatus, ProviderRefundStatus
from core.domain.identifiers import OperationId
from core.domain.outcomes import Absent, Declined, Succeeded, Unknown
from core.domain.payments import Capture
from core.domain.snapshots import cancellation_seen, capture_seen, outcome_of
from operation_builders import NO
from payment_builders import payment, refund_seen, seen

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


def a_capture(amount: int, *, before: int) -> Capture:
    of = payment()
    return Capture(
        tenant_id=of.tenant_id,
        operation_id=OperationId(of.id),
        payment_id=of.id,
        amount=amount,
        final=False,
        captured_before=before,
    )


@pytest.mark.parametrize(
    ("status", "captured", "kind"),
    [
        ("partially_captured", 1000, Absent),
        ("partially_captured", 2999, Unknown),
        ("partially_captured", 3000, Succeeded),
        ("captured", 5000, Succeeded),
        ("captured", 1000, Declined),
        ("canceled", 1000, Declined),
        ("expired", 3000, Succeeded),
        ("authorized", 0, Unknown),
    ],
)
def test_a_capture_of_two_thousand_after_one_thousand_shows_in_what_is_captured(
    status: str, captured: int, kind: type
) -> None:
    snapshot = seen(status, captured=captured)

    told = capture_seen(a_capture(2000, before=1000), snapshot)

    assert isinstance(told, kind)
    if isinstance(told, Succeeded | Declined):
        assert told.evidence == snapshot


@pytest.mark.parametrize("status", ProviderPaymentStatus)
def test_a_cancellation_took_place_when_the_payment_is_over_and_not_when_money_was_taken(
    status: ProviderPaymentStatus,
) -> None:
    untouched, taken = cancellation_seen(seen(status.value, captured=0)), cancellation_seen(seen("captured"))

    assert isinstance(untouched, Succeeded if status.value in OVER else Absent)
    assert isinstance(taken, Declined)


@pytest.mark.parametrize(
    ("status", "kind"), [("captured", Succeeded), ("partially_captured", Unknown), ("canceled", Succeeded)]
)
def test_a_cancellation_after_a_part_was_captured_lets_the_rest_go(status: str, kind: type) -> None:
    assert isinstance(cancellation_seen(seen(status, captured=2000)), kind)
