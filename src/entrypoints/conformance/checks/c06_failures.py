"""C06: what surely did not happen is told from what may have happened."""

import json

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.outcomes import FailureClass, NotSent, Outcome, Rejected, Unknown
from entrypoints.conformance.fault_proxy import Ending, Fault, canned, nobody_accepts
from entrypoints.conformance.stage import Stage, context

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON = 0.4
"""Seconds a call may take that gets no answer."""

_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_MAY_HAVE_HAPPENED = {
    "no answer in time": Fault(ending=Ending.SILENCE),
    "closed without an answer": Fault(reaches_provider=False, ending=Ending.CLOSE),
    "reset without an answer": Fault(reaches_provider=False, ending=Ending.RESET),
    "done, then closed": Fault(ending=Ending.CLOSE),
    "done, then reset": Fault(ending=Ending.RESET),
    "half an answer": Fault(ending=Ending.HALF),
    "500": Fault(answer=canned(500, b'{"error": {"type": "api_error", "code": "server_error", "message": "x"}}')),
    "502 in HTML": Fault(answer=canned(502, _HTML, content_type="text/html")),
    "503": Fault(answer=canned(503)),
    "504": Fault(answer=canned(504, b"upstream timed out", content_type="text/plain")),
    "200 in HTML": Fault(answer=canned(200, _HTML, content_type="text/html")),
    "200 with broken JSON": Fault(answer=canned(200, b'{"id": "x", "amou')),
    "200 with another shape": Fault(answer=canned(200, json.dumps([1, 2, 3]).encode())),
    "200 with nothing": Fault(answer=canned(200)),
    "200 that is not UTF-8": Fault(answer=canned(200, b'{"id": "\xff\xfe"}')),
    "a redirect": Fault(answer=canned(302, location="http://127.0.0.1:1/elsewhere")),
    "409 in progress": Fault(answer=canned(409, b'{"error": {"type": "idempotency", "code": "in_progress"}}')),
}


async def _every_way(stage: Stage, fault: Fault) -> list[Outcome]:
    """The fault for a payment, and for a payout if there are any."""
    stage.proxy.always(fault)
    outcomes = [await stage.pay(seconds=SOON)]
    if stage.gateway.capabilities.supports(GatewayOperation.CREATE_PAYOUT) and stage.scenery.destination is not None:
        outcomes.append(await stage.pay_out(seconds=SOON))
    return outcomes


class TestC06Failures:
    """The fault matrix."""

    @pytest.mark.parametrize(
        "fault", _MAY_HAVE_HAPPENED.values(), ids=[name.replace(" ", "_") for name in _MAY_HAVE_HAPPENED]
    )
    async def test_what_may_have_happened_is_unknown(self, stage: Stage, fault: Fault) -> None:
        for outcome in await _every_way(stage, fault):
            assert isinstance(outcome, Unknown), repr(outcome)

    async def test_a_refused_connection_sends_nothing(self, stage: Stage) -> None:
        stage.proxy.refuse()
        assert isinstance(await stage.pay(), NotSent)

    async def test_a_connection_that_is_never_made_sends_nothing(self, stage: Stage) -> None:
        async with nobody_accepts() as url:
            payments = stage.account.gateway(url).payments
            assert payments is not None
            outcome = await payments.create_payment(stage.payment(), context(seconds=SOON))
        assert isinstance(outcome, NotSent), repr(outcome)

    async def test_an_unknown_host_gets_nothing(self, stage: Stage) -> None:
        payments = stage.account.gateway("http://no-such-provider.invalid").payments
        assert payments is not None
        assert isinstance(await payments.create_payment(stage.payment(), context(seconds=5)), NotSent)

    async def test_a_connection_that_is_closed_at_once_proves_little(self, stage: Stage) -> None:
        stage.proxy.hang_up()
        for outcome in (await stage.pay(), await stage.pay()):
            assert isinstance(outcome, Unknown | NotSent), repr(outcome)

    async def test_too_many_requests_did_not_begin(self, stage: Stage) -> None:
        stage.proxy.always(Fault(reaches_provider=False, answer=canned(429, b"{}", retry_after="7")))
        outcome = await stage.pay()
        assert isinstance(outcome, NotSent), repr(outcome)
        assert outcome.retry_after_seconds == 7

    @pytest.mark.parametrize("status", [401, 403])
    async def test_refused_credentials_are_our_configuration(self, stage: Stage, status: int) -> None:
        answer = canned(status, b'{"error": {"type": "authentication", "code": "no", "message": "no"}}')
        for outcome in await _every_way(stage, Fault(reaches_provider=False, answer=answer)):
            assert isinstance(outcome, Rejected), repr(outcome)
            assert outcome.failure.failure_class is FailureClass.MERCHANT_CONFIG
            assert outcome.failure.code == "auth_config"

    async def test_a_refusal_in_nobodys_words_proves_nothing(self, stage: Stage) -> None:
        fault = Fault(answer=canned(404, b"<html>not found</html>", content_type="text/html"))
        for outcome in await _every_way(stage, fault):
            assert isinstance(outcome, Unknown | Rejected), repr(outcome)
