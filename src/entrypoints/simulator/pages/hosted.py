"""
The hosted page: where payers type a card, and prove who they are.

It is the one place where a card number exists. The number is looked up among the test cards and forgotten; it is
neither kept nor logged.
"""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from entrypoints.simulator.engine.payments import Payment, PaymentStatus
from entrypoints.simulator.engine.refusals import InvalidRequest, NotFound
from entrypoints.simulator.pages.markup import escape, page, paragraph
from entrypoints.simulator.simulator import Simulator

_LARGEST_FORM = 8 * 1024
_PAID_STATUSES = frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_CAPTURED})


class HostedPageController(Controller):
    """Pages that payers are redirected to."""

    path = "/hosted"

    @get("/{token:str}")
    async def show(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        """The question that the payment waits for; once it is answered, the way back."""
        try:
            payment = _simulator(request).provider.payment_of_page(token)
        except NotFound:
            return page("No such page", paragraph("This link is not known here."), narrow=True, status=404)
        if payment.status is not PaymentStatus.REQUIRES_ACTION:
            return _way_back(payment)
        return _question(payment)

    @post("/{token:str}")
    async def answer(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        """
        Take ``action=approve``, ``action=refuse`` or ``action=pay`` with ``card_number``, and send the payer back.

        A form that comes again, or too late, changes nothing.
        """
        simulator = _simulator(request)
        form = await _form(request)
        async with simulator.turn():
            try:
                payment = simulator.provider.payment_of_page(token)
            except NotFound:
                return page("No such page", paragraph("This link is not known here."), narrow=True, status=404)
            if payment.status is PaymentStatus.REQUIRES_ACTION:
                try:
                    _act(simulator, payment, form)
                except InvalidRequest as refusal:
                    return _question(payment, refusal.message, status=422)
            after = simulator.books.payment(payment.id)
        return _question(after) if after.status is PaymentStatus.REQUIRES_ACTION else _way_back(after)


def _act(simulator: Simulator, payment: Payment, form: dict[str, str]) -> None:
    desk, now = simulator.provider.payments, simulator.clock.now()
    match form.get("action"):
        case "approve" if payment.method is not None:
            desk.approve(payment, at=now)
        case "refuse":
            desk.refuse(payment, at=now)
        case "pay" if payment.method is None:
            desk.pay_with_typed_card(payment, form.get("card_number", ""), at=now)
        case _:
            raise InvalidRequest("unknown_action", "Choose one of the buttons.")
    simulator.provider.run_due(now)


def _question(payment: Payment, warning: str | None = None, *, status: int = 200) -> Response[str]:
    amount = paragraph(f"{payment.amount} minor units of {payment.currency} for {payment.reference}")
    told = "" if warning is None else paragraph(warning, "warning")
    note = paragraph("This is a simulator: no money moves, and only test cards are taken.")
    if payment.method is None:
        title, fields = "Pay by card", _CARD_FIELDS
    else:
        title, fields = "Confirm your payment", _CHALLENGE_FIELDS
    form = f'<form method="post" autocomplete="off">{fields}</form>'
    return page(title, amount, told, form, note, narrow=True, status=status)


_CARD_FIELDS = (
    '<label>Card number<input name="card_number" inputmode="numeric" maxlength="32" required></label>'
    '<label>Expires<input name="expires" maxlength="7" placeholder="12/34"></label>'
    '<label>Security code<input name="cvc" inputmode="numeric" maxlength="4"></label>'
    '<button name="action" value="pay">Pay</button>'
    '<button name="action" value="refuse" formnovalidate>Give up</button>'
)
_CHALLENGE_FIELDS = (
    '<button name="action" value="approve">It is me: approve</button>'
    '<button name="action" value="refuse">Refuse</button>'
)


def _way_back(payment: Payment) -> Response[Any]:
    """To the merchant, with a hint that is no proof: merchants have to ask us."""
    hint = "succeeded" if payment.status in _PAID_STATUSES else str(payment.status)
    if payment.return_url is None:
        link = paragraph(f"Nothing is left to do here: the payment is {escape(payment.status)}.")
        return page("Done", link, narrow=True)
    return Response(b"", status_code=303, headers={"Location": _with_hint(payment.return_url, payment.id, hint)})


def _with_hint(return_url: str, payment_id: str, hint: str) -> str:
    parts = urlsplit(return_url)
    added = urlencode({"payment_id": payment_id, "status": hint})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


async def _form(request: Request[Any, Any, Any]) -> dict[str, str]:
    body = await request.body()
    if len(body) > _LARGEST_FORM:
        return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[-1] for name, values in fields.items()}


def _simulator(request: Request[Any, Any, Any]) -> Simulator:
    simulator: Simulator = request.app.state.simulator
    return simulator
