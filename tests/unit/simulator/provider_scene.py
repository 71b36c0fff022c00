"""A provider with one merchant, and time that moves when the test says so."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from entrypoints.simulator.engine.accounts import Delays, FeeRule, MerchantAccount
from entrypoints.simulator.engine.books import Books, Changes
from entrypoints.simulator.engine.payments import CaptureMethod, Payment
from entrypoints.simulator.engine.payouts import Payout
from entrypoints.simulator.engine.provider import Provider
from entrypoints.simulator.engine.refunds import Refund
from entrypoints.simulator.engine.requests import PaymentRequest, PayoutRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = MerchantAccount(
    id="acct_shop", api_keys=("key_shop",), fees=FeeRule(basis_points=100, fixed=10, payout_fixed=5), delays=Delays()
)
_numbers: Iterator[int] = count(1)


def new_id(prefix: str) -> str:
    return f"{prefix}_{next(_numbers)}"


def empty_provider() -> Provider:
    provider = Provider(Books(new_id))
    provider.books.put_account(SHOP)
    return provider


@dataclass
class Scene:
    provider: Provider = field(default_factory=empty_provider)
    now: datetime = NOON
    seen: list[Changes] = field(default_factory=list)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.provider.run_due(self.now)

    def pay(self, method: str | None = "pm_card_ok", *, amount: int = 1000, manual: bool = False, **more: Any) -> str:
        request = PaymentRequest(
            reference=more.pop("reference", "order-1"),
            amount=amount,
            currency=more.pop("currency", "USD"),
            capture_method=CaptureMethod.MANUAL if manual else CaptureMethod.AUTOMATIC,
            method=method,
            return_url=more.pop("return_url", "http://shop.test/back"),
            **more,
        )
        return self.provider.payments.create(SHOP, request, at=self.now)

    def payment(self, payment_id: str) -> Payment:
        return self.provider.books.payment(payment_id)

    def capture(self, payment_id: str, amount: int | None = None, *, final: bool = True) -> Payment:
        self.provider.payments.capture(
            self.payment(payment_id), amount=amount, final=final, reference=None, at=self.now
        )
        return self.payment(payment_id)

    def refund(self, payment_id: str, amount: int | None = None) -> str:
        return self.provider.refunds.create(self.payment(payment_id), amount=amount, reference="refund-1", at=self.now)

    def the_refund(self, refund_id: str) -> Refund:
        return self.provider.books.refund(refund_id)

    def fund(self, amount: int) -> None:
        self.provider.fund(SHOP.id, amount, "USD", reference=None, at=self.now)

    def pay_out(self, amount: int, destination: str = "ba_ok") -> str:
        request = PayoutRequest(reference="payout-1", amount=amount, currency="USD", destination=destination)
        return self.provider.payouts.create(SHOP, request, at=self.now)

    def payout(self, payout_id: str) -> Payout:
        return self.provider.books.payout(payout_id)

    @property
    def balance(self) -> int:
        return self.provider.books.total(SHOP.id, "USD")

    def changes(self) -> Changes:
        return self.provider.books.take_changes()

    def effects(self) -> list[tuple[str, int]]:
        return [(entry.effect.value, entry.amount) for entry in self.changes().truth]
