"""What a gateway declares decides what it is asked for."""

from datetime import timedelta

import pytest

from core.domain.gateway_capabilities import Idempotency, OperationCapability, PartsUnsupported

WHOLE = OperationCapability()
PARTLY, AGAIN = OperationCapability(partial=True), OperationCapability(multiple=True)
FREELY = OperationCapability(partial=True, multiple=True)


@pytest.mark.parametrize(
    ("declared", "amount", "before", "final", "refusal"),
    [
        (WHOLE, 500, 0, True, None),
        (WHOLE, 499, 0, True, ("partial", "#/amount")),
        (WHOLE, 500, 1, True, ("multiple", "#/amount")),
        (PARTLY, 499, 0, True, None),
        (PARTLY, 499, 0, False, ("multiple", "#/final")),
        (PARTLY, 499, 1, True, ("multiple", "#/amount")),
        (AGAIN, 500, 1, True, None),
        (AGAIN, 499, 1, True, ("partial", "#/amount")),
        (FREELY, 1, 1, False, None),
    ],
)
def test_of_five_hundred_a_gateway_is_asked_for_what_it_declares(
    declared: OperationCapability, amount: int, before: int, *, final: bool, refusal: tuple[str, str] | None
) -> None:
    if refusal is None:
        declared.check_part(amount, left=500, before=before, final=final)
        return
    with pytest.raises(PartsUnsupported) as refused:
        declared.check_part(amount, left=500, before=before, final=final)
    assert (refused.value.facts["rule"], refused.value.pointer) == refusal


def test_without_idempotency_there_is_no_window_for_keys() -> None:
    day = timedelta(hours=24)

    assert OperationCapability(idempotency=Idempotency(window=day)).key_window == day
    assert WHOLE.key_window is None
