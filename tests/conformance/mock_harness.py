"""The mock adapter and the simulator, as the conformance kit wants them."""

import hashlib
import hmac
import json
import ssl
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from adapters.gateways.mock import factory
from adapters.http.provider_http import HttpcoreProviderHttp
from adapters.system.clock import SystemClock
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import RawWebhook
from core.domain.identifiers import GatewayAccountId, TenantId
from core.domain.outcomes import FailureClass
from entrypoints.conformance.harness import Effects, Happening, Scenery
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port
from integration.simulator.merchants import WebhookReceiver
from ports.gateway_plugin import Gateway
from ports.provider_http import ProviderHttp

HOUR = 3_600.0
TLS = ssl.create_default_context()  # one for all, as it takes longer to make than any check

# Nothing moves by itself: what happens, happens because a check says so.
STILL = {
    "async_payment": HOUR,
    "late_success": HOUR,
    "refund": HOUR,
    "late_refund_failure": HOUR,
    "payout_in_transit": HOUR,
    "payout_paid": HOUR,
}

SCENERY = Scenery(
    paid="pm_card_ok",
    needs_action="pm_card_3ds",
    declines={
        f"pm_card_declined_{provider_code}": (ours, FailureClass(failure_class))
        for provider_code, ours, failure_class in (
            ("insufficient_funds", "insufficient_funds", "soft_decline"),
            ("do_not_honor", "do_not_honor", "soft_decline"),
            ("generic_decline", "generic", "soft_decline"),
            ("issuer_unavailable", "issuer_unavailable", "soft_decline"),
            ("processing_error", "processing_error", "soft_decline"),
            ("lost_card", "lost_card", "hard_decline"),
            ("stolen_card", "stolen_card", "hard_decline"),
            ("pickup_card", "pickup_card", "hard_decline"),
            ("fraud", "suspected_fraud", "fraud"),
            ("expired_card", "expired_card", "customer_input"),
            ("incorrect_cvc", "incorrect_cvc", "customer_input"),
            ("incorrect_number", "incorrect_number", "customer_input"),
            ("authentication_required", "authentication_required", "authentication"),
            ("card_not_supported", "card_not_supported", "unsupported"),
        )
    },
    declined_with_unknown_code="pm_card_declined_moon_in_wrong_phase",
    destination="ba_ok",
    unknown_destination="ba_nowhere",
    currencies=("USD", "JPY", "KWD", "ISK", "EUR"),
    largest_amount=10**15,
    tampering={
        "amount": {"amount": 999},
        "currency": {"currency": "EUR"},
        "reference": {"reference": "somebody-elses"},
        "captured too little": {"captured": 900, "authorized": 900},
        "captured too much": {"captured": 1_001},
        "captured nothing": {"captured": 0},
        "not authorized": {"authorized": 0},
        "refunded more than captured": {"refunded": 1_001},
    },
    refund_tampering={
        "amount": {"amount": 11},
        "currency": {"currency": "EUR"},
        "reference": {"reference": "somebody-elses"},
        "payment": {"payment": "pay_somebody_elses"},
    },
    payout_tampering={
        "amount": {"amount": 501},
        "currency": {"currency": "EUR"},
        "reference": {"reference": "somebody-elses"},
    },
    optional_fields=(
        "refunded",
        "refund_pending",
        "fee",
        "captures",
        "payment_method",
        "next_action",
        "failure",
        "return_url",
        "description",
        "metadata",
        "created_at",
        "updated_at",
        "released",
        "capturable",
        "object",
    ),
)

_HAPPENINGS = {
    Happening.PAYER_APPROVES: "/payments/{}/approve",
    Happening.PAYMENT_SUCCEEDS_LATE: "/payments/{}/succeed_late",
    Happening.REFUND_IN_DASHBOARD: "/payments/{}/refund",
    Happening.REFUND_SUCCEEDS: "/refunds/{}/succeed",
    Happening.REFUND_FAILS: "/refunds/{}/fail",
    Happening.PAYOUT_LEAVES: "/payouts/{}/send",
    Happening.PAYOUT_ARRIVES: "/payouts/{}/pay",
    Happening.PAYOUT_FAILS: "/payouts/{}/fail",
    Happening.PAYOUT_RETURNS: "/payouts/{}/return",
}

WrapGateway = Callable[[Gateway], Gateway]
WrapHttp = Callable[[ProviderHttp], ProviderHttp]


@dataclass(frozen=True, slots=True)
class Around:
    """What runs as long as the checks do: shared by all harnesses of one process."""

    simulator: SimulatorProcess
    receiver: WebhookReceiver


@dataclass(frozen=True, slots=True, kw_only=True)
class MockAccountOnTrial:
    """Implements `entrypoints.conformance.harness.AccountOnTrial`, with a merchant of its own."""

    around: Around
    name: str
    http: ProviderHttp
    wrap: WrapGateway

    @property
    def provider_url(self) -> str:
        return self.around.simulator.base_url

    @property
    def webhook_secrets(self) -> Sequence[str]:
        return [f"whsec_{self.name}"]

    @property
    def secrets(self) -> Sequence[str]:
        return [self._api_key, f"wrong_{self.name}", *self.webhook_secrets]

    @property
    def _id(self) -> str:
        return f"acct_{self.name}"

    @property
    def _api_key(self) -> str:
        return f"key_{self.name}"

    def gateway(
        self,
        base_url: str,
        *,
        bad_credentials: bool = False,
        without: GatewayOperation | None = None,
        currencies: frozenset[str] | None = None,
        more_settings: Mapping[str, str] | None = None,
    ) -> Gateway:
        settings = {"base_url": base_url, "account": self._id, **(more_settings or {})}
        if without is not None:
            settings["operations"] = ",".join(each for each in GatewayOperation if each is not without)
        if currencies is not None:
            settings["currencies"] = ",".join(currencies)
        account = GatewayAccount(
            tenant_id=TenantId(UUID(int=1)),
            id=GatewayAccountId(UUID(int=2)),
            gateway="mock",
            name="on-trial",
            enabled=True,
            credentials_secret="bad" if bad_credentials else "good",
            webhook_secrets=("webhook",),
            settings=settings,
        )
        return self.wrap(factory(account, {"good": self._api_key, "bad": f"wrong_{self.name}"}.__getitem__, self.http))

    async def open(self) -> None:
        await self.around.simulator.open_account(
            self._id,
            api_keys=[self._api_key],
            delays=STILL,
            webhooks=[{"url": self.around.receiver.url, "secrets": self.webhook_secrets}],
        )

    async def effects(self, reference: str) -> Effects:
        entries = await self.around.simulator.truth(account=self._id, reference=reference)
        amounts: Counter[str] = Counter()
        for entry in entries:
            amounts[entry["effect"]] += entry["amount"]
        return Effects(objects=len({entry["object_id"] for entry in entries}), amounts=amounts)

    async def balance(self, currency: str) -> int:
        entries = await self.around.simulator.truth(account=self._id)
        signs = {"captured": 1, "funded": 1, "refund_reversed": 1, "refunded": -1, "paid_out": -1}
        ours = [entry for entry in entries if entry["currency"] == currency]
        return sum(signs.get(entry["effect"], 0) * entry["amount"] - entry["fee"] for entry in ours)

    async def fund(self, amount: int) -> None:
        await self._control(f"/accounts/{self._id}/fund", {"amount": amount, "currency": SCENERY.currency})

    async def make_happen(self, happening: Happening, provider_ref: str) -> None:
        await self._control(_HAPPENINGS[happening].format(provider_ref))

    async def events_about(self, provider_ref: str) -> Sequence[RawWebhook]:
        await self._control("/webhooks/settle")
        received = [
            (received.event["created_at"], received)
            for received in self.around.receiver.received
            if received.event["account"] == self._id and received.event["data"]["object"]["id"] == provider_ref
        ]
        return [RawWebhook(each.headers, each.body) for _, each in sorted(received, key=lambda pair: pair[0])]

    def signed(self, body: bytes, *, secrets: Sequence[str], at: datetime) -> RawWebhook:
        timestamp = str(int(at.timestamp()))
        content = timestamp.encode() + b"." + body
        marks = [f"v1={hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}" for secret in secrets]
        headers = {"content-type": "application/json", "mock-signature": ",".join([f"t={timestamp}", *marks])}
        return RawWebhook(headers, body)

    def event(self, *, of_another_account: bool = False) -> bytes:
        return json.dumps(
            {
                "id": "evt_1",
                "type": "payment.captured",
                "created_at": "2026-01-02T03:04:05Z",
                "account": "acct_of_another" if of_another_account else self._id,
                "data": {
                    "object": {
                        "object": "payment",
                        "id": "pay_1",
                        "reference": "order-1",
                        "amount": 1_000,
                        "currency": "USD",
                        "status": "captured",
                        "authorized": 1_000,
                        "captured": 1_000,
                    }
                },
            },
            separators=(",", ":"),
        ).encode()

    async def _control(self, path: str, body: Any = None) -> None:
        await self.around.simulator.control("POST", path, {} if body is None else body)


@dataclass(slots=True)
class MockHarness:
    """Implements `entrypoints.conformance.harness.Harness`; the wraps may break the adapter on purpose."""

    name: str = "mock"
    wrap: WrapGateway = field(default=lambda gateway: gateway)
    wrap_http: WrapHttp = field(default=lambda http: http)
    account_kind: type["MockAccountOnTrial"] = MockAccountOnTrial
    scenery: Scenery = SCENERY

    def missing_credentials(self) -> str | None:
        return None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with _around():
            yield

    @asynccontextmanager
    async def account(self) -> AsyncGenerator[MockAccountOnTrial]:
        async with _around() as around:
            http = HttpcoreProviderHttp(SystemClock(), tls=TLS)
            account = self.account_kind(around=around, name=uuid4().hex, http=self.wrap_http(http), wrap=self.wrap)
            await account.open()
            try:
                yield account
            finally:
                await http.aclose()


@dataclass(slots=True)
class _Running:
    around: Around | None = None


_running = _Running()


@asynccontextmanager
async def _around() -> AsyncGenerator[Around]:
    """One simulator and one receiver, however many harnesses need them."""
    if _running.around is not None:
        yield _running.around
        return
    with tempfile.TemporaryDirectory() as home:
        async with (
            SimulatorProcess(port=free_port(), log=Path(home) / "simulator.log", seed=7) as simulator,
            WebhookReceiver() as receiver,
        ):
            _running.around = Around(simulator, receiver)
            try:
                yield _running.around
            finally:
                _running.around = None


harness = MockHarness()
