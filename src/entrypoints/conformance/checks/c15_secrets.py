"""C15: credentials, card numbers and addresses of payers are seen nowhere."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
import structlog

from core.domain.gateways import RawWebhook
from entrypoints.conformance.fault_proxy import Ending, Fault, canned, json_changed
from entrypoints.conformance.stage import Stage, context, now
from ports.webhook_reader import WebhookNotAuthentic

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARD_NUMBER = "4242 4242 4242 4242"
ADDRESS = "payer@shop.example"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    """Everything that is logged, by structlog or by logging, at any level."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as entries:
        everything: list[Any] = [entries, caplog.records]
        yield everything


def _all_of(logged: list[Any]) -> str:
    entries, records = logged
    return repr(entries) + "".join(record.getMessage() for record in records)


class TestC15Secrets:
    """Nowhere: not in texts of objects, outcomes, exceptions or logs."""

    async def test_credentials_are_in_no_text(self, stage: Stage, logged: list[Any]) -> None:
        texts = [repr(stage.gateway), str(stage.gateway), _inside(stage.gateway)]
        stage.proxy.next(Fault(ending=Ending.CLOSE), Fault(answer=canned(401, b"{}")), Fault(answer=canned(500)))
        texts += [repr(await stage.pay()) for _ in range(4)]
        texts.append(repr(await stage.payments.check_credentials(context())))
        if stage.gateway.webhooks is not None:
            try:
                stage.webhooks.verify(RawWebhook({}, b"{}"), stage.account.webhook_secrets, now=now())
            except WebhookNotAuthentic as refusal:
                texts.append(repr(refusal))
        stage.proxy.refuse()
        texts += [repr(await stage.pay()), _all_of(logged)]
        for secret in stage.account.secrets:
            assert not any(secret in text for text in texts)

    async def test_refused_credentials_are_not_repeated(self, stage: Stage, logged: list[Any]) -> None:
        gateway = stage.account.gateway(stage.proxy.url, bad_credentials=True)
        assert gateway.payments is not None
        outcome = await gateway.payments.create_payment(stage.payment(), context())
        problem = await gateway.payments.check_credentials(context())
        for secret in stage.account.secrets:
            assert secret not in repr(outcome) + repr(problem) + _all_of(logged)

    async def test_what_a_decline_says_about_a_payer_is_struck_out(self, stage: Stage, logged: list[Any]) -> None:
        method = next(iter(stage.scenery.declines), None)
        if method is None:
            pytest.skip("the provider has no methods that are declined")
        stage.proxy.next(Fault(rewrite=json_changed(_every_message)))
        outcome = await stage.pay(stage.payment(method=method))
        shown = repr(outcome) + _all_of(logged)
        for private in (CARD_NUMBER, CARD_NUMBER.replace(" ", ""), ADDRESS):
            assert private not in shown


def _every_message(document: dict[str, Any]) -> None:
    """Write a card number and an address into every text called message, however deep."""
    for name, value in document.items():
        if name == "message":
            document[name] = f"card {CARD_NUMBER} ({CARD_NUMBER.replace(' ', '')}) of {ADDRESS} refused"
        elif isinstance(value, dict):
            _every_message(cast("dict[str, Any]", value))


def _inside(thing: object) -> str:
    """The texts of an adapter's ports, as a careless log line would show them."""
    with suppress(AttributeError):
        return json.dumps([repr(getattr(thing, name)) for name in ("payments", "payouts", "webhooks", "movements")])
    return ""
