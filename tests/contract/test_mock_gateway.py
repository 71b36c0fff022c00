"""What is the mock adapter's own; what every adapter must do is in tests/conformance."""

import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
import structlog

from adapters.gateways.mock import factory
from adapters.http.provider_http import HttpcoreProviderHttp
from adapters.system.clock import SystemClock
from contract.scripted_server import ScriptedServer, answering, json_answer, scripted_server
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateway_settings import GatewaySettingsInvalid
from core.domain.gateways import CallContext, CaptureMode, CreatePayment
from core.domain.identifiers import GatewayAccountId, TenantId
from core.domain.outcomes import (
    Absent,
    Conflict,
    Declined,
    FailureClass,
    NextStep,
    Outcome,
    Rejected,
    Succeeded,
    Unknown,
)
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port
from ports.payment_gateway import PaymentGateway

TLS = ssl.create_default_context()  # one for all, as it takes longer to make than any test
API_KEY = "key-of-the-tests"


@dataclass(frozen=True, slots=True)
class Merchant:
    """An account of the test's own at the simulator."""

    simulator: SimulatorProcess
    id: str
    payments: PaymentGateway


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    home = tmp_path_factory.mktemp("simulator")
    async with SimulatorProcess(port=free_port(), log=home / "log", seed=7) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpcoreProviderHttp]:
    ours = HttpcoreProviderHttp(SystemClock(), tls=TLS)
    yield ours
    await ours.aclose()


@pytest.fixture
async def merchant(simulator: SimulatorProcess, http: HttpcoreProviderHttp) -> Merchant:
    name = f"acct_{uuid4().hex}"
    await simulator.open_account(name, api_keys=[f"key_{name}"])
    return Merchant(simulator, name, payments_of(http, simulator.base_url, account=name, api_key=f"key_{name}"))


def account_with(settings: Mapping[str, str]) -> GatewayAccount:
    return GatewayAccount(
        tenant_id=TenantId(UUID(int=1)),
        id=GatewayAccountId(UUID(int=2)),
        gateway="mock",
        name="main",
        enabled=True,
        credentials_secret="credentials",
        webhook_secrets=(),
        settings=settings,
    )


def payments_of(
    http: HttpcoreProviderHttp, base_url: str, *, account: str = "acct_1", api_key: str = API_KEY, **settings: str
) -> PaymentGateway:
    opened = account_with({"base_url": base_url, "account": account, **settings})
    payments = factory(opened, {"credentials": api_key}.__getitem__, http).payments
    assert payments is not None
    return payments


def context(key: str | None = None, *, scenario: str | None = None) -> CallContext:
    return CallContext(key=key or uuid4().hex, deadline_at=time.monotonic() + 5, trace_id="0" * 32, scenario=scenario)


def payment(method: str = "pm_card_ok") -> CreatePayment:
    return CreatePayment(
        reference=uuid4().hex, amount=1_000, currency="USD", capture=CaptureMode.AUTOMATIC, method=method
    )


async def declined_by(server: ScriptedServer, http: HttpcoreProviderHttp, **settings: str) -> Outcome:
    payments = payments_of(http, server.url.removesuffix("/path"), **settings)
    return await payments.create_payment(payment(), context())


class TestStoredFailures:
    """A provider that keeps a 500 under our key repeats it for a day (safety L11)."""

    async def test_after_a_replayed_500_only_the_look_up_can_tell(self, merchant: Merchant) -> None:
        asked, key = payment(), uuid4().hex
        first = await merchant.payments.create_payment(asked, context(key, scenario="after_effect_500"))
        assert first == Unknown("answered with 500")
        again = await merchant.payments.create_payment(asked, context(key))
        assert isinstance(again, Unknown)
        assert "look it up" in again.reason
        found = await merchant.payments.find_payment(asked.reference, None, context())
        assert isinstance(found, Succeeded)

    async def test_a_stored_500_without_effect_is_found_to_be_nothing(self, merchant: Merchant) -> None:
        asked, key = payment(), uuid4().hex
        for _ in range(2):
            assert isinstance(
                await merchant.payments.create_payment(asked, context(key, scenario="sticky_500")), Unknown
            )
        assert await merchant.payments.find_payment(asked.reference, None, context()) == Absent(authoritative=True)


class TestCodes:
    """The table of decline codes."""

    async def test_an_account_may_correct_the_table(self, merchant: Merchant, http: HttpcoreProviderHttp) -> None:
        row = {"code": "moon", "class": "hard_decline", "next_step": "never_retry", "failover_ok": False}
        payments = payments_of(
            http,
            merchant.simulator.base_url,
            account=merchant.id,
            api_key=f"key_{merchant.id}",
            decline_codes=json.dumps({"wrong_moon": row, "fraud": row}),
        )
        outcome = await payments.create_payment(payment("pm_card_declined_wrong_moon"), context())
        assert isinstance(outcome, Declined)
        assert (outcome.failure.code, outcome.failure.next_step) == ("moon", NextStep.NEVER_RETRY)
        corrected = await payments.create_payment(payment("pm_card_declined_fraud"), context())
        assert isinstance(corrected, Declined)
        assert corrected.failure.code == "moon"
        usual = await payments.create_payment(payment("pm_card_declined_lost_card"), context())
        assert isinstance(usual, Declined)
        assert usual.failure.failure_class is FailureClass.HARD_DECLINE

    async def test_an_unknown_code_is_told_to_people(self, merchant: Merchant) -> None:
        with structlog.testing.capture_logs() as logged:
            await merchant.payments.create_payment(payment("pm_card_declined_wrong_moon"), context())
        (entry,) = [each for each in logged if each["event"] == "gateway_code_unknown"]
        assert (entry["provider_code"], entry["treated_as"]) == ("wrong_moon", "generic")

    @pytest.mark.parametrize("table", ["[]", "{", '{"x": {"code": "x"}}', '{"x": {"code": "x", "class": "odd"}}'])
    def test_a_table_that_is_none_is_refused(self, http: HttpcoreProviderHttp, table: str) -> None:
        with pytest.raises(GatewaySettingsInvalid):
            payments_of(http, "http://127.0.0.1:1", decline_codes=table)


class TestAnswers:
    """What the provider of docs/simulator.md would not say, and somebody might."""

    async def test_a_decline_with_a_payment_that_is_not_ours_is_a_conflict(self, http: HttpcoreProviderHttp) -> None:
        body = {
            "error": {"type": "declined", "code": "do_not_honor"},
            "payment": {
                "id": "pay_1",
                "reference": "somebody-elses",
                "status": "failed",
                "amount": 1_000,
                "currency": "USD",
                "authorized": 0,
                "captured": 0,
            },
        }
        async with scripted_server(answering(json_answer(402, json.dumps(body).encode()))) as server:
            assert isinstance(await declined_by(server, http), Conflict)

    async def test_a_decline_in_nobodys_words_is_unknown(self, http: HttpcoreProviderHttp) -> None:
        for body in (b'{"message": "pay for your proxy"}', b'{"error": {"type": "billing", "code": "unpaid"}}'):
            async with scripted_server(answering(json_answer(402, body))) as server:
                assert isinstance(await declined_by(server, http), Unknown)

    async def test_a_status_nobody_knows_is_unknown(self, merchant: Merchant) -> None:
        asked = payment()
        await merchant.simulator.control(
            "POST",
            "/faults",
            {"fault": "tamper", "match": {"reference": asked.reference}, "fields": {"status": "hovering"}},
        )
        assert isinstance(await merchant.payments.create_payment(asked, context()), Unknown)

    async def test_a_key_in_use_is_unknown(self, http: HttpcoreProviderHttp) -> None:
        body = {"error": {"type": "idempotency", "code": "in_progress", "message": "wait"}}
        async with scripted_server(answering(json_answer(409, json.dumps(body).encode()))) as server:
            assert await declined_by(server, http) == Unknown("answered with 409")

    async def test_a_path_that_is_not_there_is_no_absence(self, merchant: Merchant, http: HttpcoreProviderHttp) -> None:
        payments = payments_of(
            http, f"{merchant.simulator.base_url}/v2", account=merchant.id, api_key=f"key_{merchant.id}"
        )
        assert isinstance(await payments.find_payment("x", "pay_x", context()), Unknown)
        assert not isinstance(await payments.create_payment(payment(), context()), Succeeded)

    async def test_a_payment_the_provider_never_had_is_absent(self, merchant: Merchant) -> None:
        assert await merchant.payments.find_payment("x", "pay_unknown", context()) == Absent(authoritative=True)


class TestAccounts:
    """Opening an account."""

    async def test_the_key_of_another_account_is_found_out(
        self, merchant: Merchant, http: HttpcoreProviderHttp
    ) -> None:
        payments = payments_of(http, merchant.simulator.base_url, account="acct_other", api_key=f"key_{merchant.id}")
        assert await payments.check_credentials(context()) == "the credentials are those of another account"

    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"base_url": "http://127.0.0.1:1"},
            {"base_url": "ftp://127.0.0.1", "account": "a"},
            {"base_url": "http://127.0.0.1:1/?x=1", "account": "a"},
            {"base_url": "http://127.0.0.1:1", "account": "a", "curencies": "USD"},
            {"base_url": "http://127.0.0.1:1", "account": "a", "currencies": "USD,XYZ"},
            {"base_url": "http://127.0.0.1:1", "account": "a", "operations": "create_payment,teleport"},
        ],
    )
    def test_wrong_settings_are_refused(self, http: HttpcoreProviderHttp, settings: dict[str, str]) -> None:
        with pytest.raises(GatewaySettingsInvalid):
            factory(account_with(settings), {"credentials": API_KEY}.__getitem__, http)

    @pytest.mark.parametrize("api_key", ["", "two words", "line\nbreak", "ключ"])
    def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(
        self, http: HttpcoreProviderHttp, api_key: str
    ) -> None:
        with pytest.raises(GatewaySettingsInvalid) as refusal:
            payments_of(http, "http://127.0.0.1:1", api_key=api_key)
        assert not api_key or api_key not in str(refusal.value)

    def test_a_missing_secret_is_said(self, http: HttpcoreProviderHttp) -> None:
        account = account_with({"base_url": "http://127.0.0.1:1", "account": "a"})
        with pytest.raises(LookupError):
            factory(account, dict[str, str]().__getitem__, http)

    async def test_an_account_may_be_given_less(self, http: HttpcoreProviderHttp) -> None:
        account = account_with(
            {"base_url": "http://127.0.0.1:1", "account": "a", "operations": "create_payment,refund"}
        )
        gateway = factory(account, {"credentials": API_KEY}.__getitem__, http)
        assert gateway.payments is not None
        assert (gateway.payouts, gateway.movements) == (None, None)
        outcome = await gateway.payments.create_payment(replace(payment(), amount=0), context())
        assert isinstance(outcome, Rejected)
