"""What happens at a provider without the merchant's asking, made to happen; and the truth."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from entrypoints.simulator.control.access import read_control, simulator_of, told
from entrypoints.simulator.control.bodies import DashboardRefundBody
from entrypoints.simulator.engine.occasions import Subject
from entrypoints.simulator.engine.provider import Provider
from entrypoints.simulator.engine.refunds import Origin
from entrypoints.simulator.engine.refusals import InvalidRequest, NotFound
from entrypoints.simulator.protocol_mock.documents import subject_document

DEFAULT_PAGE, LARGEST_PAGE = 1000, 10_000
_Request = Request[Any, Any, Any]
_Happening = Callable[[Provider, str, datetime], None]

_PAYMENTS: dict[str, _Happening] = {
    "expire": lambda provider, key, at: provider.payments.expire(provider.books.payment(key), at=at),
    "finish": lambda provider, key, at: provider.payments.finish(provider.books.payment(key), at=at),
    "fail": lambda provider, key, at: provider.payments.fail(provider.books.payment(key), at=at),
    "succeed_late": lambda provider, key, at: provider.payments.succeed_late(provider.books.payment(key), at=at),
    "approve": lambda provider, key, at: provider.payments.approve(provider.books.payment(key), at=at),
    "refuse": lambda provider, key, at: provider.payments.refuse(provider.books.payment(key), at=at),
    "cancel": lambda provider, key, at: provider.payments.cancel(provider.books.payment(key), at=at),
}
_REFUNDS: dict[str, _Happening] = {
    "succeed": lambda provider, key, at: provider.refunds.succeed(provider.books.refund(key), at=at),
    "fail": lambda provider, key, at: provider.refunds.fail(provider.books.refund(key), at=at),
}
_PAYOUTS: dict[str, _Happening] = {
    "send": lambda provider, key, at: provider.payouts.send(provider.books.payout(key), at=at),
    "pay": lambda provider, key, at: provider.payouts.pay(provider.books.payout(key), at=at),
    "fail": lambda provider, key, at: provider.payouts.fail(provider.books.payout(key), at=at),
    "return": lambda provider, key, at: provider.payouts.come_back(provider.books.payout(key), at=at),
    "cancel": lambda provider, key, at: provider.payouts.cancel(provider.books.payout(key), at=at),
}


class HappeningControl(Controller):
    """The object after what happened to it; 422 if that cannot happen to it."""

    @post("/payments/{key:str}/refund")
    async def refund_in_dashboard(self, request: _Request, key: FromPath[str]) -> Response[bytes]:
        """Somebody refunds on the provider's own pages."""
        simulator, body = simulator_of(request), await read_control(request, DashboardRefundBody)
        now = simulator.clock.now()
        async with simulator.turn():
            payment = simulator.books.payment(key)
            refund_id = simulator.provider.refunds.create(
                payment, amount=body.amount, reference=None, origin=Origin.DASHBOARD, at=now
            )
            simulator.provider.run_due(now)
        return self._shown(request, simulator.books.refund(refund_id), 201)

    @post("/payments/{key:str}/{what:str}")
    async def to_payment(self, request: _Request, key: FromPath[str], what: FromPath[str]) -> Response[bytes]:
        """Expire, finish, fail, succeed_late, approve, refuse, cancel."""
        await self._happen(request, _PAYMENTS, key, what)
        return self._shown(request, simulator_of(request).books.payment(key))

    @post("/refunds/{key:str}/{what:str}")
    async def to_refund(self, request: _Request, key: FromPath[str], what: FromPath[str]) -> Response[bytes]:
        """Succeed, fail."""
        await self._happen(request, _REFUNDS, key, what)
        return self._shown(request, simulator_of(request).books.refund(key))

    @post("/payouts/{key:str}/{what:str}")
    async def to_payout(self, request: _Request, key: FromPath[str], what: FromPath[str]) -> Response[bytes]:
        """Send, pay, fail, return, cancel."""
        await self._happen(request, _PAYOUTS, key, what)
        return self._shown(request, simulator_of(request).books.payout(key))

    async def _happen(self, request: _Request, happenings: dict[str, _Happening], key: str, what: str) -> None:
        if what not in happenings:
            raise NotFound("unknown_happening", f"One of {', '.join(happenings)}.")
        simulator = simulator_of(request)
        now = simulator.clock.now()
        async with simulator.turn():
            happenings[what](simulator.provider, key, now)
            simulator.provider.run_due(now)

    @staticmethod
    def _shown(request: _Request, subject: Subject, status: int = 200) -> Response[bytes]:
        return told(subject_document(subject, simulator_of(request).base_url), status)


class TruthControl(Controller):
    """The truth journal."""

    path = "/journal"

    @get("/")
    async def entries(self, request: _Request) -> Response[bytes]:
        """Entries in order; of ``account`` and ``reference``, if given, after ``after``, at most ``limit``."""
        numbered = simulator_of(request).file.truth(
            account_id=request.query_params.get("account"),
            reference=request.query_params.get("reference"),
            after=_number(request, "after", 0),
            limit=min(LARGEST_PAGE, _number(request, "limit", DEFAULT_PAGE)),
        )
        return told(
            {
                "data": [
                    {
                        "number": number,
                        "at": entry.at,
                        "account": entry.account_id,
                        "effect": entry.effect,
                        "object_id": entry.object_id,
                        "payment": entry.payment_id,
                        "reference": entry.reference,
                        "amount": entry.amount,
                        "fee": entry.fee,
                        "currency": entry.currency,
                    }
                    for number, entry in numbered
                ]
            }
        )

    @get("/totals")
    async def totals(self, request: _Request) -> Response[bytes]:
        """What the entries sum up to, by account, effect and currency."""
        totals = simulator_of(request).file.truth_totals(request.query_params.get("account"))
        return told({"data": totals})


def _number(request: _Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise InvalidRequest(f"{name}_invalid", f"{name} must be a number.")
    return int(text)
