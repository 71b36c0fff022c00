"""C04: the provider's no, in our words; and its changes of mind about documents."""

from typing import Any

import pytest

from core.domain.outcomes import Declined, FailureClass, NextStep, Succeeded
from entrypoints.conformance.fault_proxy import Fault, json_changed
from entrypoints.conformance.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


class TestC04Declines:
    """Taxonomy and tolerance."""

    async def test_every_decline_has_its_code_and_class(self, stage: Stage) -> None:
        if not stage.scenery.declines:
            pytest.skip("the provider has no methods that are declined")
        seen: dict[str, tuple[str, FailureClass]] = {}
        for method in stage.scenery.declines:
            outcome = await stage.pay(stage.payment(method=method))
            assert isinstance(outcome, Declined), f"{method}: {outcome!r}"
            seen[method] = (outcome.failure.code, outcome.failure.failure_class)
            never = outcome.failure.failure_class in {FailureClass.HARD_DECLINE, FailureClass.FRAUD}
            assert not (never and outcome.failure.failover_ok), f"{method} must not be tried elsewhere"
            assert not never or outcome.failure.next_step is NextStep.NEVER_RETRY
        assert seen == dict(stage.scenery.declines)

    async def test_an_unknown_code_is_no_hard_decline(self, stage: Stage) -> None:
        if stage.scenery.declined_with_unknown_code is None:
            pytest.skip("the provider has no method that is declined with an unknown code")
        outcome = await stage.pay(stage.payment(method=stage.scenery.declined_with_unknown_code))
        assert isinstance(outcome, Declined), repr(outcome)
        assert outcome.failure.code == "generic"
        assert outcome.failure.failure_class is FailureClass.SOFT_DECLINE
        assert outcome.failure.failover_ok is False
        assert outcome.failure.next_step is not NextStep.NEVER_RETRY
        assert outcome.failure.provider_code, "people need the provider's own code"

    async def test_fields_that_are_new_or_missing_do_no_harm(self, stage: Stage) -> None:
        def change(document: dict[str, Any]) -> None:
            document["brand_new_field"] = {"nested": [1, 2, 3]}
            for name in stage.scenery.optional_fields:
                document.pop(name, None)

        stage.proxy.next(Fault(rewrite=json_changed(change)))
        assert isinstance(await stage.pay(), Succeeded)
