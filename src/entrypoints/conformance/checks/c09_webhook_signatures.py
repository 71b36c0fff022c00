"""C09: only what the provider signed, just now, for our account, is believed."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.gateways import MAX_WEBHOOK_BYTES, RawWebhook
from entrypoints.conformance.stage import Stage, now
from ports.webhook_reader import WebhookNotAuthentic

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _refused(stage: Stage, raw: RawWebhook, secrets: list[str] | None = None) -> bool:
    try:
        stage.webhooks.verify(raw, stage.account.webhook_secrets if secrets is None else secrets, now=now())
    except WebhookNotAuthentic:
        return True
    return False


def _signed(stage: Stage, body: bytes | None = None, *, age: timedelta = timedelta()) -> RawWebhook:
    secrets = stage.account.webhook_secrets
    return stage.account.signed(stage.account.event() if body is None else body, secrets=secrets, at=now() - age)


class TestC09WebhookSignatures:
    """Authenticity."""

    async def test_a_good_webhook_is_taken(self, stage: Stage) -> None:
        raw = _signed(stage)
        verified = stage.webhooks.verify(raw, stage.account.webhook_secrets, now=now())
        assert verified.event_id
        assert verified.event_type
        assert verified.body == raw.body

    async def test_a_wrong_secret_is_refused(self, stage: Stage) -> None:
        raw = stage.account.signed(stage.account.event(), secrets=["somebody-elses-secret"], at=now())
        assert _refused(stage, raw)

    @pytest.mark.parametrize("secret", ["", "   "])
    async def test_an_empty_secret_lets_nobody_in(self, stage: Stage, secret: str) -> None:
        raw = stage.account.signed(stage.account.event(), secrets=[secret], at=now())
        assert _refused(stage, raw, [secret])

    async def test_without_any_secret_nobody_gets_in(self, stage: Stage) -> None:
        assert _refused(stage, _signed(stage), [])

    async def test_missing_headers_are_refused(self, stage: Stage) -> None:
        raw = _signed(stage)
        for name in raw.headers:
            if name != "content-type":
                assert _refused(stage, replace(raw, headers={k: v for k, v in raw.headers.items() if k != name}))

    async def test_one_changed_byte_is_refused(self, stage: Stage) -> None:
        raw = _signed(stage)
        for position in range(0, len(raw.body), 7):
            changed = bytearray(raw.body)
            changed[position] ^= 0x01
            assert _refused(stage, replace(raw, body=bytes(changed)))

    async def test_the_same_json_in_other_bytes_is_refused(self, stage: Stage) -> None:
        raw = _signed(stage)
        assert _refused(stage, replace(raw, body=json.dumps(json.loads(raw.body), indent=1).encode()))

    @pytest.mark.parametrize("seconds", [301, 3_600, -301, -3_600])
    async def test_an_old_or_future_timestamp_is_refused(self, stage: Stage, seconds: int) -> None:
        # A second more, as signatures count whole seconds.
        later = timedelta(seconds=seconds + (1 if seconds > 0 else -1))
        assert _refused(stage, _signed(stage, age=later))

    @pytest.mark.parametrize("seconds", [290, -290])
    async def test_clocks_may_differ_by_nearly_five_minutes(self, stage: Stage, seconds: int) -> None:
        assert not _refused(stage, _signed(stage, age=timedelta(seconds=seconds)))

    async def test_two_secrets_overlap_while_one_is_replaced(self, stage: Stage) -> None:
        old, new = "the-secret-that-goes", "the-secret-that-comes"
        body = stage.account.event()
        for signing, accepted in (([old, new], [new]), ([old], [new, old]), ([old, new], [old])):
            assert not _refused(stage, stage.account.signed(body, secrets=signing, at=now()), accepted)

    @pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"no json", b"[]", b"{}", b"", b"null"])
    async def test_a_signed_body_that_is_no_event_is_refused(self, stage: Stage, body: bytes) -> None:
        assert _refused(stage, _signed(stage, body))

    async def test_an_event_of_another_account_is_refused(self, stage: Stage) -> None:
        assert _refused(stage, _signed(stage, stage.account.event(of_another_account=True)))

    async def test_a_huge_body_is_refused(self, stage: Stage) -> None:
        largest = stage.account.event().ljust(MAX_WEBHOOK_BYTES)

        assert not _refused(stage, _signed(stage, largest))
        assert _refused(stage, _signed(stage, largest + b" "))

    async def test_what_the_provider_really_sends_is_taken(self, stage: Stage) -> None:
        payment = await stage.paid()
        for raw in await stage.account.events_about(payment.provider_ref):
            assert not _refused(stage, raw)
