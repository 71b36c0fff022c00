"""C08: one call is one request; deadlines and cancellations are kept."""

import asyncio
import time

import pytest

from core.domain.outcomes import NotSent, Succeeded
from entrypoints.conformance.fault_proxy import Ending, Fault, canned
from entrypoints.conformance.stage import Stage, context

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS_AT_ONCE = 200
_TEMPTING = {
    "500": Fault(answer=canned(500)),
    "503": Fault(answer=canned(503, b"", retry_after="0")),
    "429": Fault(answer=canned(429, b"{}", retry_after="0")),
    "409": Fault(answer=canned(409, b"{}")),
    "dropped": Fault(ending=Ending.CLOSE),
    "reset": Fault(ending=Ending.RESET),
}


class TestC08Discipline:
    """Retries are the core's."""

    @pytest.mark.parametrize("fault", _TEMPTING.values(), ids=list(_TEMPTING))
    async def test_the_adapter_repeats_nothing_by_itself(self, stage: Stage, fault: Fault) -> None:
        stage.proxy.always(fault)
        await stage.pay()
        assert len(stage.proxy.requests) == 1

    async def test_a_redirect_is_not_followed(self, stage: Stage) -> None:
        elsewhere = f"{stage.proxy.url}/elsewhere"
        stage.proxy.always(Fault(reaches_provider=False, answer=canned(307, location=elsewhere)))
        await stage.pay()
        assert len(stage.proxy.requests) == 1

    async def test_past_the_deadline_nothing_is_sent(self, stage: Stage) -> None:
        assert isinstance(await stage.pay(seconds=-0.001), NotSent)
        assert stage.proxy.requests == []

    async def test_a_call_ends_by_its_deadline(self, stage: Stage) -> None:
        stage.proxy.always(Fault(ending=Ending.SILENCE))
        started = time.monotonic()
        await stage.pay(seconds=0.3)
        assert time.monotonic() - started < 2.0

    async def test_a_cancelled_call_leaves_the_adapter_usable(self, stage: Stage) -> None:
        stage.proxy.next(*[Fault(ending=Ending.SILENCE)] * 5)
        calls = [asyncio.create_task(stage.pay()) for _ in range(5)]
        await stage.proxy.until_asked(5)
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended), repr(ended)
        assert isinstance(await stage.pay(), Succeeded)

    async def test_many_calls_at_once_do_not_mix(self, stage: Stage) -> None:
        commands = [stage.payment(amount=1_000 + number) for number in range(CALLS_AT_ONCE)]
        outcomes = await asyncio.gather(
            *(stage.payments.create_payment(each, context(each.reference, seconds=30)) for each in commands)
        )
        for command, outcome in zip(commands, outcomes, strict=True):
            assert isinstance(outcome, Succeeded), repr(outcome)
            assert getattr(outcome.evidence, "reference", None) == command.reference
