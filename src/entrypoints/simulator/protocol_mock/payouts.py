"""Payouts, the balance and its lines over HTTP."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from entrypoints.simulator.engine.payouts import Payout
from entrypoints.simulator.engine.refusals import InvalidRequest
from entrypoints.simulator.protocol_mock.bodies import CreatePayout, Nothing
from entrypoints.simulator.protocol_mock.desk import desk_of, read_body, reference_of, respond
from entrypoints.simulator.protocol_mock.documents import account_document, movement_document, subject_document

DEFAULT_PAGE, LARGEST_PAGE = 100, 1000
_Request = Request[Any, Any, Any]


class PayoutController(Controller):
    """Money to bank accounts."""

    path = "/v1/payouts"

    @post("/")
    async def create(self, request: _Request) -> Response[bytes]:
        """Pay out of the balance."""
        desk, body = desk_of(request), await read_body(request, CreatePayout)
        payout_id = desk.provider.payouts.create(desk.account, body.to_request(), at=desk.now)
        desk.settle()
        return desk.show_payout(payout_id, 201)

    @get("/")
    async def find(self, request: _Request) -> Response[bytes]:
        """All payouts with a reference; none means that there are none."""
        desk = desk_of(request)
        found = desk.provider.books.with_reference(Payout, desk.account.id, reference_of(request))
        return respond({"data": [subject_document(each, desk.simulator.base_url) for each in found]})

    @get("/{payout_id:str}")
    async def read(self, request: _Request, payout_id: FromPath[str]) -> Response[bytes]:
        """One payout."""
        return desk_of(request).show_payout(payout_id)

    @post("/{payout_id:str}/cancel")
    async def cancel(self, request: _Request, payout_id: FromPath[str]) -> Response[bytes]:
        """Keep the money, as long as it is pending."""
        desk = desk_of(request)
        await read_body(request, Nothing)
        desk.provider.payouts.cancel(desk.provider.books.payout(payout_id, desk.account.id), at=desk.now)
        return desk.show_payout(payout_id)


class BalanceController(Controller):
    """What the merchant owns, and how it came to that."""

    path = "/v1"

    @get("/account")
    async def account(self, request: _Request) -> Response[bytes]:
        """The key's account: proof that the key is good."""
        desk = desk_of(request)
        balances = desk.provider.books.balances(desk.account.id, at=desk.now)
        return respond(account_document(desk.account.id, balances, desk.now))

    @get("/movements")
    async def movements(self, request: _Request) -> Response[bytes]:
        """
        Lines of the balance, oldest first, after a cursor.

        `next_cursor` is always there: it stays good, and gives what was added meanwhile.
        """
        desk = desk_of(request)
        after = _number(request, "cursor", default=0, largest=2**53)
        limit = _number(request, "limit", default=DEFAULT_PAGE, largest=LARGEST_PAGE)
        if limit == 0:
            raise InvalidRequest("limit_invalid", "limit must be positive.")
        lines = desk.provider.books.movements(desk.account.id, after=after, limit=limit + 1)
        page = lines[:limit]
        return respond(
            {
                "data": [movement_document(line) for line in page],
                "next_cursor": str(page[-1].number if page else after),
                "has_more": len(lines) > limit,
            }
        )


def _number(request: _Request, name: str, *, default: int, largest: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= largest):
        raise InvalidRequest(f"{name}_invalid", f"{name} must be a number up to {largest}.")
    return int(text)
