"""Accounts, the clock, faults and webhooks, as tests want them."""

import asyncio
import secrets
from dataclasses import replace
from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from entrypoints.simulator.control.access import read_control, simulator_of, told
from entrypoints.simulator.control.bodies import AccountBody, AdvanceBody, FaultBody, FundBody, MannerBody, SettleBody
from entrypoints.simulator.engine.accounts import (
    Delays,
    FeeRule,
    MerchantAccount,
    WebhookEndpoint,
    WebhookManner,
)
from entrypoints.simulator.engine.refusals import InvalidRequest, NotAllowed
from entrypoints.simulator.exchange.faults import Fault, FaultRule
from entrypoints.simulator.webhooks.deliveries import Delivery

_SETTLE_POLL_SECONDS = 0.01
_LARGEST_LIST = 1000
_Request = Request[Any, Any, Any]


class AccountControl(Controller):
    """Merchants."""

    path = "/accounts/{account_id:str}"

    @put("/")
    async def upsert(self, request: _Request, account_id: FromPath[str]) -> Response[bytes]:
        """Open the account, or change it; its objects stay."""
        simulator, body = simulator_of(request), await read_control(request, AccountBody)
        if not simulator.webhooks.speaks(body.protocol):
            raise InvalidRequest("unknown_protocol", "There is no such wire protocol.")
        async with simulator.turn():
            for api_key in body.api_keys:
                owner = simulator.books.account_with_key(api_key)
                if owner is not None and owner.id != account_id:
                    raise NotAllowed("api_key_taken", "Another account has one of these keys.")
            simulator.books.put_account(_account(account_id, body))
        return told(simulator.books.account(account_id))

    @get("/")
    async def read(self, request: _Request, account_id: FromPath[str]) -> Response[bytes]:
        """The account as it is."""
        return told(simulator_of(request).books.account(account_id))

    @put("/webhook_behaviour")
    async def behave(self, request: _Request, account_id: FromPath[str]) -> Response[bytes]:
        """Deliver its events in another manner from now on."""
        simulator, body = simulator_of(request), await read_control(request, MannerBody)
        async with simulator.turn():
            account = simulator.books.account(account_id)
            simulator.books.put_account(replace(account, manner=WebhookManner(**msgspec.structs.asdict(body))))
        return told(simulator.books.account(account_id))

    @post("/fund")
    async def fund(self, request: _Request, account_id: FromPath[str]) -> Response[bytes]:
        """Put money on its balance."""
        simulator, body = simulator_of(request), await read_control(request, FundBody)
        now = simulator.clock.now()
        async with simulator.turn():
            simulator.provider.fund(account_id, body.amount, body.currency, reference=body.reference, at=now)
        return told(simulator.books.balances(account_id, at=now), 201)


class ClockControl(Controller):
    """The provider's time."""

    path = "/clock"

    @get("/")
    async def read(self, request: _Request) -> Response[bytes]:
        """What the clock says."""
        return told({"now": simulator_of(request).clock.now()})

    @post("/advance")
    async def advance(self, request: _Request) -> Response[bytes]:
        """Set it forward; all that is due by then is done when this returns, but for webhooks."""
        simulator, body = simulator_of(request), await read_control(request, AdvanceBody)
        await simulator.advance(body.seconds)
        return told({"now": simulator.clock.now()})


class FaultControl(Controller):
    """Faults; the first rule that matches decides, and a restart forgets them."""

    path = "/faults"

    @post("/")
    async def add(self, request: _Request) -> Response[bytes]:
        """One more rule."""
        simulator, body = simulator_of(request), await read_control(request, FaultBody)
        rule = FaultRule(
            id=f"fault_{secrets.token_hex(8)}",
            fault=Fault(body.fault, body.seconds, body.fields),
            method=body.match.method,
            path=body.match.path,
            reference=body.match.reference,
            account_id=body.match.account,
            times=body.times,
            probability=body.probability,
            seed=simulator.seed if body.seed is None else body.seed,
        )
        simulator.faults.add(rule)
        return told(_rule(rule), 201)

    @get("/")
    async def list_all(self, request: _Request) -> Response[bytes]:
        """All rules, and how often each has struck."""
        return told({"data": [_rule(rule) for rule in simulator_of(request).faults.rules]})

    @delete("/", status_code=204)
    async def clear(self, request: _Request) -> None:
        """No more faults."""
        simulator_of(request).faults.clear()

    @delete("/{rule_id:str}", status_code=204)
    async def remove(self, request: _Request, rule_id: FromPath[str]) -> None:
        """One rule less."""
        simulator_of(request).faults.remove(rule_id)


class WebhookControl(Controller):
    """Deliveries."""

    path = "/webhooks"

    @get("/deliveries")
    async def deliveries(self, request: _Request) -> Response[bytes]:
        """The latest thousand, newest first; those of ``account``, if given."""
        found = simulator_of(request).webhooks.deliveries(request.query_params.get("account"), _LARGEST_LIST)
        return told({"data": [_without_body(each) for each in found]})

    @post("/settle")
    async def settle(self, request: _Request) -> Response[bytes]:
        """Wait until nothing is due or on its way; whether that came true in time."""
        simulator, body = simulator_of(request), await read_control(request, SettleBody)
        try:
            async with asyncio.timeout(body.timeout_seconds):
                while not simulator.webhooks.is_idle():  # noqa: ASYNC110 - several causes, none with an event
                    await asyncio.sleep(_SETTLE_POLL_SECONDS)
        except TimeoutError:
            return told({"idle": False})
        return told({"idle": True})

    @post("/events/{event_id:str}/send_again")
    async def send_again(self, request: _Request, event_id: FromPath[str]) -> Response[bytes]:
        """Deliver an event once more."""
        return told({"deliveries": simulator_of(request).webhooks.send_again(event_id)})


def _account(account_id: str, body: AccountBody) -> MerchantAccount:
    given = {name: value for name, value in msgspec.structs.asdict(body.delays).items() if value is not None}
    return MerchantAccount(
        id=account_id,
        api_keys=tuple(body.api_keys),
        protocol=body.protocol,
        disabled=body.disabled,
        currencies=tuple(body.currencies),
        webhooks=tuple(WebhookEndpoint(url=each.url, secrets=tuple(each.secrets)) for each in body.webhooks),
        manner=WebhookManner(**msgspec.structs.asdict(body.webhook_behaviour)),
        fees=FeeRule(**msgspec.structs.asdict(body.fees)),
        delays=Delays(**given),
        payouts_may_overdraw=body.payouts_may_overdraw,
    )


def _rule(rule: FaultRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "fault": rule.fault.kind,
        "seconds": rule.fault.seconds,
        "fields": rule.fault.fields,
        "match": {
            "method": rule.method,
            "path": rule.path,
            "reference": rule.reference,
            "account": rule.account_id,
        },
        "times": rule.times,
        "probability": rule.probability,
        "hits": rule.hits,
    }


def _without_body(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "account": delivery.account_id,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "outcome": delivery.outcome,
        "due_at": delivery.due_at,
    }
